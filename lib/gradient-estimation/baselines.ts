import { backward } from "../autodiff/backward.js";
import { noGrad } from "../context/grad-mode.js";
import { assign, copyNow, increment, write } from "../eager/apply.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { checkInput } from "../ops/define.js";
import { detach } from "../ops/detach.js";
import { div } from "../ops/div.js";
import { equal } from "../ops/equal.js";
import { mean } from "../ops/mean.js";
import { mul } from "../ops/mul.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import type { Optimizer } from "../optim/optimizer.js";
import { checkFunction, checkNumber, checkOptions, describe } from "../options.js";
import { format } from "../tensor/shape.js";
import { checkTensor, isTensor, Tensor } from "../tensor/tensor.js";

/**
 * What is subtracted from a cost before it multiplies the score: it does not change the mean of the estimate, and
 * lowers its variance if it is near the cost. It must not depend on the draws that it is subtracted for.
 */
export interface Baseline {
  /** The baseline of costs, of a shape that broadcasts to theirs. `context` is what the draws depend on. */
  predict(costs: Tensor, context?: Tensor): Tensor;
  /** Learns from costs. Called after the estimate was made. */
  update(costs: Tensor, context?: Tensor): void;
}

/**
 * The mean of the other costs: b_i = 1/(S − 1) Σ_{j ≠ i} c_j, over the first axis (Kool, van Hoof and Welling, 2019,
 * "Buy 4 REINFORCE samples, get a baseline for free!"). It needs no state, and the estimate stays unbiased.
 * Shapes: costs [S, ...] → b, the same.
 * @example leaveOneOut(tensor([1, 2, 6]))   // [4, 3.5, 1.5]
 * @throws ArgumentError for less than two draws; DTypeError
 */
export function leaveOneOut(costs: Tensor): Tensor {
  checkInput("leaveOneOut", costs, "float");
  const count = costs.shape[0] ?? 0;
  if (count < 2) {
    throw new ArgumentError(
      `leaveOneOut: expected the costs of at least two draws, [S, ...], got ${format(costs.shape)}`,
    );
  }
  return div(sub(sum(costs, { dim: 0, keepdim: true }), costs), count - 1);
}

export interface RunningMeanOptions {
  /** β in [0, 1): how much of the old mean stays. Default: none, the plain mean of all costs. */
  readonly decay?: number;
}

/** What `RunningMean.loadStateDict` takes. */
export interface RunningMeanStateDict {
  readonly mean: number;
  readonly updates: number;
}

/**
 * A baseline for all draws: the mean of earlier costs, 0 at first.
 *
 *     b ← b + (c̄ − b)/(n + 1)      c̄: mean of the costs; n: updates so far
 *     b ← β·b + (1 − β)·c̄          with decay β, after the first update
 *
 * It may be used in a compiled step.
 * @example
 * const baseline = new RunningMean({ decay: 0.9 });
 * baseline.update(tensor([1, 3]));
 * baseline.predict(tensor([5])).item()   // 2
 * @throws ArgumentError, OptionError
 */
export class RunningMean implements Baseline {
  readonly #decay: number | null;
  readonly #mean = new Tensor(Float64Array.of(0), [], "float64");
  readonly #updates = new Tensor(Float64Array.of(0), [], "float64");

  constructor(options: RunningMeanOptions = {}) {
    checkOptions("RunningMean", options, ["decay"]);
    this.#decay =
      options.decay === undefined
        ? null
        : checkNumber("RunningMean", "decay", options.decay, { min: 0, below: 1 });
  }

  /** b, a scalar. @throws DTypeError */
  predict(costs: Tensor): Tensor {
    checkInput("RunningMean.predict", costs, "float");
    return to(copyNow(this.#mean), costs.dtype);
  }

  /** Takes the mean of the costs in. @throws DTypeError, BusyError; ArgumentError for no costs */
  update(costs: Tensor): void {
    checkInput("RunningMean.update", costs, "float");
    if (costs.size === 0) throw new ArgumentError("RunningMean.update: expected at least one cost, got none");
    noGrad(() => {
      const share =
        this.#decay === null
          ? div(1, add(this.#updates, 1))
          : where(equal(this.#updates, 0), new Tensor(Float64Array.of(1), [], "float64"), 1 - this.#decay);
      const moved = add(this.#mean, mul(sub(mean(to(detach(costs), "float64")), this.#mean), share));
      write("RunningMean.update", this.#mean, moved);
      increment(this.#updates);
    });
  }

  /** Its state, as numbers. */
  stateDict(): RunningMeanStateDict {
    return { mean: this.#mean.item(), updates: this.#updates.item() };
  }

  /** Goes on where another one was. @throws ArgumentError, BusyError */
  loadStateDict(state: RunningMeanStateDict): void {
    const name = "RunningMean.loadStateDict";
    const moved = checkNumber(name, "mean", state?.mean);
    const updates = checkNumber(name, "updates", state.updates, { min: 0, integer: true });
    assign(this.#mean, new Tensor(Float64Array.of(moved), [], "float64"));
    assign(this.#updates, new Tensor(Float64Array.of(updates), [], "float64"));
  }
}

/**
 * A baseline that learns by gradient descent on the squared distance from the costs:
 *
 *     minimise 1/N Σ (c − b(context))²
 *
 * `predictor` gives b: a number that is learnt, or a network's value for what the draws depend on. Its result
 * broadcasts to the costs. It may be used in a compiled step.
 * @example
 * const b = zeros([], { requiresGrad: true });
 * const baseline = new LearntBaseline(() => b, new optim.SGD([b], { lr: 0.25 }));
 * baseline.update(tensor([1, 3]));
 * baseline.predict(tensor([5])).item()   // 1
 * @throws ArgumentError
 */
export class LearntBaseline implements Baseline {
  readonly #predictor: (context: Tensor | undefined) => Tensor;
  readonly #optimizer: Pick<Optimizer, "zeroGrad" | "step">;

  constructor(
    predictor: (context: Tensor | undefined) => Tensor,
    optimizer: Pick<Optimizer, "zeroGrad" | "step">,
  ) {
    checkFunction("LearntBaseline", "the predictor", predictor);
    if (typeof optimizer?.zeroGrad !== "function" || typeof optimizer.step !== "function") {
      throw new ArgumentError(
        `LearntBaseline: expected an optimizer of the predictor's parameters, got ${describe(optimizer)}`,
      );
    }
    this.#predictor = predictor;
    this.#optimizer = optimizer;
  }

  /** b(context), without its graph. @throws what the predictor throws; ArgumentError */
  predict(_costs: Tensor, context?: Tensor): Tensor {
    return noGrad(() => detach(this.#predict(context)));
  }

  /** One step of the optimizer. @throws what the predictor and the optimizer throw; ShapeError, DTypeError */
  update(costs: Tensor, context?: Tensor): void {
    checkInput("LearntBaseline.update", costs, "float");
    const predicted = this.#predict(context);
    const difference = sub(to(detach(costs), predicted.dtype), predicted);
    if (difference.rank !== costs.rank || difference.size !== costs.size) {
      throw new ShapeError(
        `LearntBaseline.update: expected the predictor's result to broadcast to the costs ${format(costs.shape)}, got ${format(predicted.shape)}`,
      );
    }
    this.#optimizer.zeroGrad();
    backward(mean(square(difference)));
    this.#optimizer.step();
  }

  #predict(context: Tensor | undefined): Tensor {
    const predicted = this.#predictor(context);
    if (isTensor(predicted)) return checkTensor("LearntBaseline", "the predictor's result", predicted);
    throw new ArgumentError(
      `LearntBaseline: expected the predictor to give a tensor, got ${describe(predicted)}`,
    );
  }
}
