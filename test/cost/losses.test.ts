// The losses of torch.nn: values, gradients and second derivatives, op by op and compiled.
import { describe, expect, test } from "vitest";
import { compile, cost, jvp, ops, type Tensor, vjp } from "../../lib/index.js";
import { expectClose, fromOracle, TOLERANCE } from "../oracle/compare.js";
import { type LossRow, type OracleTensor, readLosses } from "../oracle/read.js";

type AnyCost = (...args: unknown[]) => Tensor;
const rows = readLosses().map(
  (row) => [`${row.cost}: ${row.note}, ${JSON.stringify(row.options)}`, row] as const,
);

function lossOf(row: LossRow, inputs: readonly Tensor[], dtype: "float32" | "float64" = "float64"): Tensor {
  const tensors = Object.entries(row.tensors).map(([name, value]) => [name, fromOracle(value, dtype)]);
  const options: Record<string, unknown> = { ...row.options, ...Object.fromEntries(tensors) };
  if (row.note === "cosine") {
    options["distance"] = (a: Tensor, b: Tensor) => ops.sub(1, ops.cosineSimilarity(a, b));
  }
  if (row.cost === "ctc") {
    // PyTorch's gradient with respect to the logarithms is right only behind a softmax.
    const [y, ...others] = inputs as [Tensor, Tensor, Tensor, Tensor];
    return cost.ctc(ops.logSoftmax(y, { dim: 2 }), ...others, options);
  }
  return (cost as unknown as Record<string, AnyCost>)[row.cost]?.(...inputs, options) as Tensor;
}

const inputsOf = (row: LossRow, dtype: "float32" | "float64" = "float64"): Tensor[] =>
  Object.values(row.inputs).map((value) => fromOracle(value, dtype));

test.each(rows)("value: %s", (_, row) => {
  expectClose(lossOf(row, inputsOf(row)), row.loss);
  expectClose(lossOf(row, inputsOf(row, "float32"), "float32"), row.loss, TOLERANCE.float32);
  const compiled = compile((...inputs: Tensor[]) => lossOf(row, inputs));
  expectClose(compiled(...inputsOf(row)) as Tensor, row.loss, TOLERANCE.float64, "compiled");
});

test.each(rows)("derivatives: %s", (_, row) => {
  const names = Object.keys(row.inputs);
  const moving = names.filter((name) => name in row.gradients);
  const all = inputsOf(row);
  const f = (...at: Tensor[]): Tensor =>
    lossOf(
      row,
      all.map((fixed, i) => {
        const position = moving.indexOf(names[i] as string);
        return position < 0 ? fixed : (at[position] as Tensor);
      }),
    );
  const primals = all.filter((_, i) => moving.includes(names[i] as string));
  const dloss = fromOracle(row.dloss);
  vjp(f, ...primals)[1](dloss).forEach((gradient, i) => {
    const name = moving[i] as string;
    expectClose(gradient, row.gradients[name] as OracleTensor, TOLERANCE.float64, `gradient of ${name}`);
  });
  const tangents = moving.map((name) => fromOracle(row.tangents[name] as OracleTensor));
  const { jvp: forward, hvp } = row;
  if (forward !== undefined) expectClose(jvp(f, primals, tangents)[1], forward, TOLERANCE.float64, "jvp");
  if (hvp === undefined) return;
  const along = (...at: Tensor[]): Tensor =>
    vjp(f, ...at)[1](dloss)
      .map((gradient, i) => ops.sum(ops.mul(gradient, tangents[i] as Tensor)))
      .reduce((a, b) => ops.add(a, b));
  const [total, second] = vjp(along, ...primals);
  second(fromOracle({ shape: total.shape, dtype: "float64", data: [1] })).forEach((product, i) => {
    const name = moving[i] as string;
    expectClose(product, hvp[name] as OracleTensor, TOLERANCE.float64, `second derivative of ${name}`);
  });
});

describe("the oracle", () => {
  test("covers every cost", () => {
    const covered = new Set(rows.map(([, row]) => row.cost));
    const own = ["defineCost", "squaredError"];
    expect(Object.keys(cost).filter((name) => !covered.has(name) && !own.includes(name))).toEqual([]);
  });
});
