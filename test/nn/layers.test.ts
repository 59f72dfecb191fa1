// Every module gives PyTorch's outputs and gradients, and keeps the same state; op by op and compiled.
import { describe, expect, test } from "vitest";
import { compile, nn, ops, type Tensor } from "../../lib/index.js";
import { expectClose, fromOracle } from "../oracle/compare.js";
import { type LayerRow, type OracleTensor, readLayers } from "../oracle/read.js";

function build(row: LayerRow): nn.Module {
  const make = (nn as unknown as Record<string, new (...args: readonly unknown[]) => nn.Module>)[row.module];
  if (make === undefined) throw new Error(`no module ${row.module}`);
  const module = new make(...row.arguments).train(row.training);
  const entries = Object.entries(row.state).map(([name, value]) => [name, fromOracle(value)]);
  module.loadStateDict(Object.fromEntries(entries));
  return module;
}

/** What calls its function: the offsets of an EmbeddingBag come before its weights, and may be missing. */
const callOf =
  (module: nn.Module, { inputs }: LayerRow) =>
  (...tensors: Tensor[]): Tensor => {
    if (!(module instanceof nn.EmbeddingBag) || "offsets" in inputs) return module.forward(...tensors);
    return module.forward(tensors[0] as Tensor, null, tensors[1]);
  };

function expectState(module: nn.Module, state: LayerRow["state"]): void {
  const own = module.stateDict();
  expect(Object.keys(own).sort()).toEqual(Object.keys(state).sort());
  for (const [name, value] of Object.entries(state)) expectClose(own[name], value, undefined, name);
}

const rows = readLayers().map((row) => [`${row.module}: ${row.note}`, row] as const);

describe("modules give PyTorch's outputs and gradients", () => {
  test.each(rows)("%s", (_, row) => {
    const module = build(row);
    let leaves: Tensor[] = [];
    let y: Tensor | null = null;
    row.ys.forEach((expected, call) => {
      leaves = Object.values(row.inputs).map((value) => {
        const data = value.data.map((v) => (value.dtype === "float64" ? v * 2 ** call : v));
        return fromOracle({ ...value, data }, "float64", value.dtype === "float64");
      });
      y = callOf(module, row)(...leaves);
      expectClose(y, expected, undefined, `call ${call}`);
    });
    if (Object.keys(row.gradients).length > 0) {
      (y as unknown as Tensor).backward({ gradient: fromOracle(row.dy) });
    }
    const parameters = new Map<string, Tensor>(module.namedParameters());
    Object.keys(row.inputs).forEach((name, i) => {
      parameters.set(name, leaves[i] as Tensor);
    });
    for (const [name, expected] of Object.entries(row.gradients)) {
      expectClose(parameters.get(name)?.grad, expected, undefined, `gradient of ${name}`);
    }
    expectState(module, row.stateAfter);
  });
});

describe("modules do the same compiled, and write their state", () => {
  test.each(rows)("%s", (_, row) => {
    const module = build(row);
    const step = compile(callOf(module, row));
    row.ys.forEach((expected, call) => {
      const inputs = Object.values(row.inputs).map((value) => {
        const x = fromOracle(value);
        return value.dtype === "float64" ? ops.mul(x, 2 ** call) : x;
      });
      expectClose(step(...inputs), expected as OracleTensor, undefined, `call ${call}`);
    });
    expectState(module, row.stateAfter);
  });
});

test.each([
  ["HardShrink", nn.HardShrink, nn.Hardshrink],
  ["HardSigmoid", nn.HardSigmoid, nn.Hardsigmoid],
  ["HardSwish", nn.HardSwish, nn.Hardswish],
  ["HardTanh", nn.HardTanh, nn.Hardtanh],
  ["SoftPlus", nn.SoftPlus, nn.Softplus],
  ["SoftShrink", nn.SoftShrink, nn.Softshrink],
  ["SoftSign", nn.SoftSign, nn.Softsign],
  ["TanhShrink", nn.TanhShrink, nn.Tanhshrink],
])("%s is another name of the class that PyTorch spells otherwise", (_, old, own) => {
  expect(old).toBe(own);
});
