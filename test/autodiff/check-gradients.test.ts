// What `checkGradients` reports: the entry with a wrong derivative, and points without a derivative.
import { describe, expect, test } from "vitest";
import {
  checkGradients,
  cost,
  defineFunction,
  Generator,
  GraphError,
  nn,
  ops,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const f64 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "float64" });

describe("an entry with a wrong derivative", () => {
  // Correct except for one entry of the second input.
  const wrongAt = defineFunction("wrongAt", {
    forward: (a, b) => ops.mul(a, b),
    jvp: ({ inputs: [a, b], tangents: [da, db] }) => {
      const mask = f64([
        [1, 1, 1],
        [1, 1, 3],
      ]);
      return ops.add(ops.mul(da as Tensor, b as Tensor), ops.mul(mask, ops.mul(a as Tensor, db as Tensor)));
    },
  });
  const inputs = [
    f64([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    f64([
      [6, 5, 4],
      [3, 2, 1],
    ]),
  ];

  test("is named, with its error", () => {
    expect(() => checkGradients(wrongAt, inputs)).toThrow(
      /^checkGradients: input 1, entry \[1, 2\]: the jvp gives 18 for entry \[1, 2\] of the output, differences give 5\.99\d+|6(\.0\d+)?, off by 12/,
    );
  });

  test("is named for a vjp too", () => {
    const wrong = ops.defineOp<"x">("wrong", {
      inputs: ["x"],
      kernel: "square",
      shape: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
      params: ({ x }) => [1, x.size, 1],
      vjp: { x: ({ dy, x }) => ops.mul(ops.mul(dy, x), f64([2, 2, 2.5])) },
      jvp: { x: ({ dx, x }) => ops.mul(dx, ops.mul(x, 2)) },
    });
    expect(() => checkGradients((x) => wrong([x], {}), [f64([1, 2, 3])])).toThrow(
      /^checkGradients: input 0, entry \[2\]: the vjp gives .*, the jvp .*, off by /,
    );
  });
});

describe("a kink or a jump is refused, with its entry", () => {
  const at =
    (x: Tensor, f: (x: Tensor) => Tensor, order: 1 | 2 = 1) =>
    () =>
      checkGradients(f, [x], { order });

  test.each([
    ["relu", ops.relu, f64([1, 0, -1]), "[1]"],
    ["abs", ops.abs, f64([0]), "[0]"],
    [
      "a tie in amax",
      (x: Tensor) => ops.amax(x, { dim: 1 }),
      f64([
        [1, 2],
        [3, 3],
      ]),
      "[1, 0]",
    ],
    ["clamp", (x: Tensor) => ops.clamp(x, { min: -1, max: 2 }), f64([0, 2]), "[1]"],
    ["floor", ops.floor, f64([0.5, 1.5, 2]), "[2]"],
    ["a ReLU inside a model", (x: Tensor) => new nn.ReLU().forward(ops.sub(x, 1)), f64([1]), "[0]"],
  ] as const)("%s", (_, f, x, place) => {
    expect(at(x, f as (x: Tensor) => Tensor)).toThrow(GraphError);
    expect(at(x, f as (x: Tensor) => Tensor)).toThrow(
      `checkGradients: input 0, entry ${place} is at a kink: entry `,
    );
    expect(at(x, f as (x: Tensor) => Tensor)).toThrow("move the input away from there");
  });

  test("also if only the gradient has one", () => {
    const bend = (x: Tensor): Tensor => ops.mul(0.1, ops.square(ops.relu(x)));
    expect(at(f64([0]), bend)).not.toThrow();
    expect(at(f64([0]), bend, 2)).toThrow(
      "checkGradients: gradient with respect to input 0: input 0, entry [0] is at a kink",
    );
  });
});

describe("a steep or large function has no kink", () => {
  test.each([
    ["a root near 0", ops.sqrt, f64([1e-3, 4])],
    ["e^x", ops.exp, f64([12, -3])],
    ["a narrow bell", (x: Tensor) => ops.exp(ops.mul(-1e4, ops.square(x))), f64([0, 0.01])],
    ["a large value", (x: Tensor) => ops.add(ops.mul(x, 3), 1e7), f64([2, 0])],
    ["a ReLU away from 0", ops.relu, f64([1e-3, -1e-3])],
  ] as const)("%s", (_, f, x) => {
    checkGradients(f as (x: Tensor) => Tensor, [x], { rtol: 1e-4, atol: 1e-3 });
  });
});

test("costs and modules can be checked with all their inputs and parameters", () => {
  const random = new Generator(4);
  const normal = (shape: number[]): Tensor => random.normal(shape, { dtype: "float64" });
  const model = new nn.Linear(3, 2, { dtype: "float64" });
  const labels = tensor([0, 1, 1, 0], { dtype: "int32" });
  const loss = (x: Tensor, weight: Tensor, y: Tensor): Tensor =>
    model.withParameters({ weight }, () => cost.crossEntropy(model.forward(x), y));
  checkGradients(loss, [normal([4, 3]), normal([2, 3]), labels], { order: 2 });
});
