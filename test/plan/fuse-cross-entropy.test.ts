import { describe, expect, test } from "vitest";
import { cost, IndexError, ops, optim, type Tensor, tensor } from "../../lib/index.js";
import { expectSame, f64, names, weight } from "./program.js";

const PASS = ["foldConstants", "fuseCrossEntropy"] as const;
const ALONE = ["fuseCrossEntropy"] as const;
const SCORES = [
  [1, -2, 0.5],
  [0, 3, 1],
];
const labels = tensor([2, 0], { dtype: "int32" });

/** The cost and its derivative for scores that require a gradient. */
const costAndSlope = (loss: (scores: Tensor) => Tensor) => () => {
  const scores = weight(SCORES);
  return (): Tensor[] => {
    scores.grad = null;
    const value = loss(scores);
    value.backward();
    const slope = scores.grad as unknown as Tensor;
    return [value, slope];
  };
};
const fused = (found: readonly string[]): boolean =>
  found.includes("cross_entropy_both") &&
  !found.includes("cross_entropy") &&
  !found.includes("cross_entropy_slope");

describe("fuseCrossEntropy", () => {
  test.each(["mean", "sum"] as const)(
    "computes cost and derivative in one pass over the scores, for a %s",
    (reduction) => {
      const make = costAndSlope((scores) => cost.crossEntropy(scores, labels, { reduction }));
      expect(fused(names(make(), PASS))).toBe(true);
      expectSame(make, PASS, [], { tolerance: 1e-14 });
    },
  );

  test("does not fuse if the row vector is not yet known at the cost", () => {
    const loss = (scores: Tensor) =>
      ops.sum(ops.square(cost.crossEntropy(scores, labels, { reduction: "none" })));
    const make = costAndSlope(loss);
    expect(fused(names(make(), PASS))).toBe(false);
    expectSame(make, PASS, []);
    // Without folding of constants, the row vector of a mean is not known either.
    const mean = costAndSlope((scores) => cost.crossEntropy(scores, labels));
    expect(fused(names(mean(), ALONE))).toBe(false);
    expectSame(mean, ALONE, []);
  });

  test("does not fuse with the cost for other labels", () => {
    const others = tensor([1, 1], { dtype: "int32" });
    const make = () => {
      const scores = weight(SCORES);
      return (): Tensor[] => {
        scores.grad = null;
        const other = cost.crossEntropy(ops.detach(scores), others);
        const value = cost.crossEntropy(scores, labels);
        value.backward();
        return [other, value, scores.grad as unknown as Tensor];
      };
    };
    const found = names(make(), PASS).filter((name) => name.startsWith("cross"));
    expect(found).toEqual(["cross_entropy", "cross_entropy_both"]);
    expectSame(make, PASS, [], { tolerance: 1e-14 });
  });

  test("fuses with the cost after an update of the scores, not with the one before", () => {
    const make = () => {
      const scores = weight(SCORES);
      const opt = new optim.SGD([scores], { lr: 1 });
      return (): Tensor[] => {
        const before = cost.crossEntropy(ops.detach(scores), labels);
        scores.grad = f64(SCORES);
        opt.step();
        scores.grad = null;
        const after = cost.crossEntropy(scores, labels);
        after.backward();
        const slope = scores.grad as unknown as Tensor;
        return [before, after, slope];
      };
    };
    expectSame(make, PASS, [], { tolerance: 1e-14 });
  });

  test("names the label that is out of range", () => {
    const wrong = tensor([2, 7], { dtype: "int32" });
    const make = costAndSlope((scores) => cost.crossEntropy(scores, wrong));
    expect(() => expectSame(make, PASS, [])).toThrow(IndexError);
  });
});
