import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { draw } from "../../lib/draw/index.js";
import {
  ArgumentError,
  cost,
  nn,
  OptionError,
  ops,
  ShapeError,
  type Tensor,
  TraceError,
  zeros,
} from "../../lib/index.js";
import { bad, testErrors } from "../errors/expect-error.js";

const linear = new nn.Linear(3, 2);
const x = zeros([1, 3]);

class Reads extends nn.Module {
  forward(v: Tensor): Tensor {
    return (v.data[0] as number) > 0 ? v : ops.neg(v);
  }
}

class Nothing extends nn.Module<Tensor[], unknown> {
  forward(): unknown {
    return "text";
  }
}

testErrors([
  [() => draw({} as nn.Module, x), ArgumentError, /expected model to be a module, got an object/],
  [() => draw(linear), ArgumentError, /expected input to be/],
  [() => draw(linear, []), ArgumentError, /expected input to be a tensor, got an array of 0/],
  [() => draw(linear, x, bad({ style: "blok" })), ArgumentError, /expected style to be one of .*"block"/],
  [() => draw(linear, x, bad({ direktion: "up" })), OptionError, /did you mean "direction"/],
  [() => draw(linear, x, { perturbation: x }), OptionError, /unknown option "perturbation"/],
  [() => draw(linear, x, bad({ direction: "north" })), ArgumentError, /expected direction to be one of/],
  [() => draw(linear, x, bad({ theme: "blue" })), ArgumentError, /expected theme to be one of/],
  [() => draw(linear, x, bad({ title: 7 })), ArgumentError, /expected title to be a text, got 7/],
  [() => draw(linear, x, { id: '"><' }), ArgumentError, /expected id to be a letter/],
  [() => draw(linear, x, bad({ states: 1 })), ArgumentError, /expected states to be true or false/],
  [() => draw(linear, x, { open: ["m7"] }), ArgumentError, /open: there is no module "m7"/],
  [() => draw(linear, x, { open: -1 }), ArgumentError, /expected open to be a whole number ≥ 0, got -1/],
  [() => draw(linear, x, bad({ open: "m0" })), ArgumentError, /expected open to be true, false, a depth/],
  [() => draw(linear, zeros([1, 4])), ShapeError, /\[1, 4\]/],
  [() => draw(new Reads(), x), TraceError, /./],
  [() => draw(new Nothing(), x), ArgumentError, /expected forward to give a tensor.*got "text"/],
  [
    () => draw(linear, x, { style: "backward", target: x }),
    ArgumentError,
    /expected target only with a cost/,
  ],
  [
    () => draw(linear, x, { style: "backward", cost: (y) => y }),
    ShapeError,
    /expected the cost to give a scalar, got \[1, 2\]/,
  ],
  [
    () => draw(linear, x, { style: "backward", perturbation: zeros([1, 2]) }),
    ShapeError,
    /expected perturbation to have the input's shape \[1, 3\], got \[1, 2\]/,
  ],
  [
    () => draw(linear, x, { style: "backward", perturbation: [x, x] }),
    ArgumentError,
    /a tensor for each of 1 inputs, got an array of 2/,
  ],
  [() => draw.loss(linear, bad(cost.mse), bad({})), ArgumentError, /expected data to be \{ x, y \}/],
  [
    () => draw.loss(linear, cost.mse, { x, y: zeros([1, 2]) }, bad({ over: "all" })),
    ArgumentError,
    /expected over to be one of/,
  ],
  [() => draw.game(bad([])), ArgumentError, /expected at least one player/],
  [
    () => draw.game([{ parameters: linear, cost: () => ops.sum(x) }], bad({ batch: [1] })),
    ArgumentError,
    /expected batch\[0\] to be a tensor, got 1/,
  ],
]);

test("a picture is written to a file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-draw-"));
  try {
    const picture = draw(linear, x);
    await picture.toFile(join(folder, "a.svg"));
    expect(readFileSync(join(folder, "a.svg"), "utf8")).toBe(String(picture));
    await expect(picture.toFile("")).rejects.toThrow("expected the path of a file");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
