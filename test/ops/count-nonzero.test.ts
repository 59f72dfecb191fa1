import { afterEach, describe, expect, test } from "vitest";
import { backendInfo, type DType, ops, ShapeError, setThreads, type Tensor, zeros } from "../../lib/index.js";
import { executeAny } from "../../lib/native/binding.js";
import { instructionId } from "../../lib/native/instructions.js";
import { testErrors } from "../errors/expect-error.js";

const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

/** Of n elements every third is 0. */
const filled = (shape: readonly number[], dtype: DType): Tensor => {
  const x = zeros(shape, { dtype });
  x.data.forEach((_, i) => {
    x.data[i] = i % 3;
  });
  return x;
};

/** The counts by a loop: x is [outer, axis, inner]. */
const counts = (x: Tensor): number[] => {
  const [outer, axis, inner] = x.shape as [number, number, number];
  const y = new Array<number>(outer * inner).fill(0);
  x.data.forEach((value, i) => {
    const at = Math.floor(i / (axis * inner)) * inner + (i % inner);
    if (value !== 0) y[at] = (y[at] as number) + 1;
  });
  return y;
};

describe.each(DTYPES)("of %s", (dtype) => {
  test("counts runs and columns of any length", () => {
    for (const axis of [1, 2, 7, 16, 31, 32, 33, 64, 65, 127, 129, 300]) {
      for (const inner of [1, 2, 5, 17, 70]) {
        const x = filled([2, axis, inner], dtype);
        expect([...ops.countNonzero(x, { dim: 1 }).data], `${axis} of ${inner}`).toEqual(counts(x));
      }
    }
  });

  describe("counts a long axis", () => {
    const { threads } = backendInfo();
    afterEach(() => setThreads(threads));
    test.each([1, 3])("with %d threads", (team) => {
      setThreads(team);
      const n = 200_001;
      expect(ops.countNonzero(filled([n], dtype)).item()).toBe((n / 3) * 2);
      expect(ops.countNonzero(filled([n, 2], dtype), { dim: 0 }).toArray()).toEqual([
        (n / 3) * 2,
        (n / 3) * 2,
      ]);
    });
  });
});

test("over no axes each element is counted by itself", () => {
  const x = filled([2, 2], "float32");
  expect(ops.countNonzero(x, { dim: [] }).toArray()).toEqual([
    [0, 1],
    [1, 0],
  ]);
});

describe("where a count could pass int32", () => {
  // Nobody reads or writes it, so that it takes no memory.
  const long = zeros([2, 1, 2 ** 30], { dtype: "bool" });
  const message =
    "countNonzero: expected at most 2147483647 elements to a count, which is int32, got 2147483648";
  testErrors([
    [() => ops.countNonzero(long), ShapeError, message],
    [() => ops.countNonzero(long, { dim: [0, 2] }), ShapeError, message],
  ]);

  test("refuses no result without elements", () => {
    expect(ops.countNonzero(zeros([2 ** 31, 0]), { dim: 0 }).shape).toEqual([0]);
  });

  test.each(["count_nonzero", "argmax"])("the native %s refuses it before it reads", (name) => {
    const operands = [new Float32Array(1), new Int32Array(1)];
    expect(() => executeAny(instructionId(name), [1, 2 ** 31, 1], operands)).toThrow(
      `${name}: a position or a count would pass int32`,
    );
  });
});
