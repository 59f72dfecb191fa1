import { ShapeError } from "../errors.js";
import type { Draws } from "../ops/cases.js";
import { checkClassIndices, checkLabels } from "../ops/cross-entropy.js";
import { div } from "../ops/div.js";
import { equal } from "../ops/equal.js";
import { gather } from "../ops/gather.js";
import { indexSelect } from "../ops/index-select.js";
import { logicalNot } from "../ops/logical-not.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { permute } from "../ops/permute.js";
import { reshape } from "../ops/reshape.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import { checkNumber } from "../options.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkFloats, type Reduction, reduced } from "./reduce.js";
import type { CostCase } from "./registry.js";

export interface ClassOptions extends CostOptions {
  /** A weight for each class, [C], of y's dtype. Default: 1 for all. */
  readonly weight?: Tensor;
  /**
   * Samples with this label cost nothing and do not count in the mean; a NaN or ∞ among their scores makes their
   * gradient NaN all the same, as in PyTorch. Default: none.
   */
  readonly ignoreIndex?: number;
}

/** Scores of classes as rows: y [B, C, ...] or [C] → [rows, C]; the axes of what is one for each row. */
export function rowsOfClasses(name: string, y: Tensor): { rows: Tensor; shape: readonly number[] } {
  if (y.rank === 0) throw new ShapeError(`${name}: expected y [B, C, ...] or [C], got ${format(y.shape)}`);
  if (y.rank === 1) return { rows: reshape(y, [1, y.size]), shape: [] };
  const [samples, classes, ...more] = y.shape as [number, number, ...number[]];
  if (more.length === 0) return { rows: y, shape: [samples] };
  const last = permute(y, [0, ...more.map((_, i) => i + 2), 1]);
  const shape = [samples, ...more];
  const count = shape.reduce((product, size) => product * size, 1);
  return { rows: reshape(last, [count, classes]), shape };
}

export function checkWeight(name: string, y: Tensor, weight: Tensor | undefined, classes: number): void {
  if (weight === undefined) return;
  checkFloats(name, y, { weight });
  if (weight.rank === 1 && weight.size === classes) return;
  throw new ShapeError(`${name}: expected weight to be [${classes}], got ${format(weight.shape)}`);
}

/** Labels of rows, with those that are ignored replaced by 0. */
export class Labels {
  readonly index: Tensor;
  /** Which are ignored; null: none. */
  readonly #ignored: Tensor | null;
  readonly #weight: Tensor | undefined;

  constructor(
    name: string,
    target: Tensor,
    shape: readonly number[],
    classes: number,
    options: ClassOptions,
  ) {
    checkClassIndices(name, target);
    if (!sameShape(target.shape, shape)) {
      throw new ShapeError(`${name}: expected target to be ${format(shape)}, got ${format(target.shape)}`);
    }
    const list = reshape(target, [target.size]);
    const { ignoreIndex } = options;
    if (ignoreIndex === undefined) {
      checkLabels(name, list, classes);
      this.#ignored = null;
      this.index = list;
    } else {
      checkNumber(name, "ignoreIndex", ignoreIndex, { integer: true });
      this.#ignored = equal(list, ignoreIndex);
      this.index = where(this.#ignored, 0, list);
      checkLabels(name, this.index, classes);
    }
    this.#weight = options.weight;
  }

  /** What each row counts: its class's weight, and 0 where it is ignored. */
  shares(dtype: Tensor["dtype"]): Tensor | null {
    const weights = this.#weight === undefined ? null : indexSelect(this.#weight, 0, this.index);
    if (this.#ignored === null) return weights;
    return weights === null ? to(logicalNot(this.#ignored), dtype) : where(this.#ignored, 0, weights);
  }

  /** 0 where a row is ignored. */
  kept(costs: Tensor): Tensor {
    return this.#ignored === null ? costs : where(this.#ignored, 0, costs);
  }

  /** −logp[label] of each row, times what it counts. */
  costs(logp: Tensor): Tensor {
    const own = neg(reshape(gather(logp, 1, reshape(this.index, [this.index.size, 1])), [this.index.size]));
    const shares = this.shares(logp.dtype);
    return this.kept(shares === null ? own : mul(own, shares));
  }
}

/** As `reduced`, with a mean that is weighted by what each counts. */
export function reducedByShares(
  name: string,
  costs: Tensor,
  shares: Tensor | null,
  shape: readonly number[],
  reduction: Reduction,
): Tensor {
  if (reduction === "mean" && shares !== null) return div(sum(costs), sum(shares));
  return reduced(name, reshape(costs, shape), reduction);
}

/** Cases of costs of classes, y [4, 3] and others. */
export function classCases({ integers, values }: Draws): readonly CostCase[] {
  const labels = values([2, 0, 1, 2], "int32");
  const tensors = { weight: values([0.5, 2, 1.25]) };
  return [
    { note: "2-D", inputs: { y: [4, 3], target: labels } },
    { note: "weights", inputs: { y: [4, 3], target: labels }, tensors },
    {
      note: "ignored",
      inputs: { y: [4, 3], target: values([2, -100, 1, -100], "int32") },
      options: { ignoreIndex: -100 },
    },
    {
      note: "ignored, weights",
      inputs: { y: [4, 3], target: values([1, 2, 1, 0], "int32") },
      options: { ignoreIndex: 1 },
      tensors,
    },
    { note: "4-D", inputs: { y: [2, 3, 2, 2], target: integers([2, 2, 2], 3) }, tensors },
    { note: "single sample", inputs: { y: [3], target: values(1, "int32") }, tensors },
  ];
}
