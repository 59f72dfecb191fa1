// What the oracle does not say of `ctc`: that it counts all ways, and what it refuses.
import { expect, test } from "vitest";
import {
  compile,
  cost,
  DTypeError,
  Generator,
  IndexError,
  ops,
  ShapeError,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const int32 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });
const [T, C] = [5, 3];
const logProbs = ops.logSoftmax(new Generator(3).normal([T, 1, C], { dtype: "float64" }), { dim: 2 });

/** −ln of the sum over all sequences of classes that read as the target. */
function counted(target: readonly number[], blank: number): number {
  let total = 0;
  for (let code = 0; code < C ** T; code++) {
    const path = Array.from({ length: T }, (_, t) => Math.floor(code / C ** t) % C);
    const read = path.filter((label, t) => label !== path[t - 1]).filter((label) => label !== blank);
    if (read.join() !== target.join()) continue;
    total += Math.exp(path.reduce((sum, label, t) => sum + (logProbs.data[t * C + label] as number), 0));
  }
  return -Math.log(total);
}

test.each<[number[], number]>([
  [[1, 2], 0],
  [[1, 1], 0],
  [[2, 1, 2], 0],
  [[1, 1, 1], 0],
  [[0, 1], 2],
  [[], 0],
])("counts all ways to read %j with blank %i", (target, blank) => {
  const padded = int32([
    [...target, 1, 1, 1].slice(0, 3).map((label) => (label === blank ? 1 - blank : label)),
  ]);
  const found = cost.ctc(logProbs, padded, int32([T]), int32([target.length]), { blank, reduction: "sum" });
  expect(found.item()).toBeCloseTo(counted(target, blank), 10);
});

test("is infinite where the target does not fit, with a gradient of 0", () => {
  const y = logProbs.detach();
  y.requiresGrad = true;
  const loss = cost.ctc(y, int32([[1, 1, 1]]), int32([4]), int32([3]), { reduction: "none" });
  expect(loss.toArray()).toEqual([Number.POSITIVE_INFINITY]);
  ops.sum(loss).backward();
  expect(new Set(y.grad?.data)).toEqual(new Set([0]));
});

test.each<[string, () => unknown, Error]>([
  [
    "a label that is no class",
    () => cost.ctc(logProbs, int32([[3]]), int32([5]), int32([1])),
    new IndexError("ctc: label 3 at position 0 is outside [0, 3)"),
  ],
  [
    "a length beyond the input",
    () => cost.ctc(logProbs, int32([[1]]), int32([6]), int32([1])),
    new IndexError("ctc: input length 6 at position 0 is outside [0, 6)"),
  ],
  [
    "a length beyond the target, compiled",
    () => compile((lengths: Tensor) => cost.ctc(logProbs, int32([[1]]), int32([5]), lengths))(int32([2])),
    new IndexError("indexSelect: index 2 at position 0 is outside [0, 2)"),
  ],
  [
    "other shapes",
    () => cost.ctc(logProbs, int32([1]), int32([5]), int32([1])),
    new ShapeError(
      "ctc: expected logProbs [T, B, C], target [B, S] and lengths [B] and [B], got [5, 1, 3], [1], [1], [1]",
    ),
  ],
  [
    "lengths of floats",
    () => cost.ctc(logProbs, int32([[1]]), tensor([5]), int32([1])),
    new DTypeError("ctc: expected inputLengths to be int32, got float32"),
  ],
])("refuses %s", (_, call, error) => {
  expect(call).toThrow(error);
});
