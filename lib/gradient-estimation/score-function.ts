import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { checkDTypes } from "../ops/define.js";
import { detach } from "../ops/detach.js";
import { mul } from "../ops/mul.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { checkOptions } from "../options.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

export interface ScoreFunctionOptions {
  /** b, subtracted from the costs; of a shape that broadcasts to theirs. Default: none. */
  readonly baseline?: Tensor;
}

/**
 * The score-function estimator, also called REINFORCE (Williams, 1992): costs whose values are the given ones and whose
 * gradient is
 *
 *     ∂c/∂θ + (c − b)·∂log p(x; θ)/∂θ
 *
 * The mean over draws x ~ p(x; θ) is an unbiased estimate of ∂E[c]/∂θ, for any baseline b that does not depend on the
 * draw that it is subtracted for. The costs need no derivative.
 * Shapes: logProb [S, ...batch]; costs [S, ...batch], or its first axes alone, such as [S] for one cost a draw: the
 * log-densities that share a cost are summed. The result has the shape of the costs.
 * @example
 * const logits = zeros([3], { requiresGrad: true });
 * const p = new Categorical({ logits });
 * const x = p.sample([100]);
 * scoreFunction(ops.to(ops.equal(x, 2), "float32"), p.logProb(x)).mean().backward();
 * logits.grad;
 * @throws ShapeError, DTypeError, ArgumentError, OptionError
 */
export function scoreFunction(costs: Tensor, logProb: Tensor, options: ScoreFunctionOptions = {}): Tensor {
  const name = "scoreFunction";
  checkOptions(name, options, ["baseline"]);
  checkTensor(name, "costs", costs);
  checkTensor(name, "logProb", logProb);
  checkDTypes(name, ["logProb"], [logProb], "float");
  const logProbOfCosts = beside(name, costs, logProb);
  const c = to(costs, logProb.dtype);
  const { baseline } = options;
  const advantage =
    baseline === undefined
      ? c
      : sub(c, to(checkBroadcasts(name, checkTensor(name, "baseline", baseline), c), c.dtype));
  // The difference is 0 and leaves the value as it is; its derivative is that of log p.
  const score = sub(logProbOfCosts, detach(logProbOfCosts));
  return add(c, mul(detach(advantage), score));
}

/** The log-density that goes with each cost: summed over the axes that the costs do not have. */
function beside(name: string, costs: Tensor, logProb: Tensor): Tensor {
  const { rank } = costs;
  if (sameShape(costs.shape, logProb.shape.slice(0, rank))) {
    return rank === logProb.rank
      ? logProb
      : sum(logProb, { dim: logProb.shape.map((_, i) => i).slice(rank) });
  }
  throw new ShapeError(
    `${name}: expected costs of the shape ${format(logProb.shape)} of logProb, or of its first axes, got ${format(costs.shape)}`,
  );
}

function checkBroadcasts(name: string, baseline: Tensor, costs: Tensor): Tensor {
  const fits =
    baseline.rank <= costs.rank &&
    baseline.shape.every((size, i) => {
      const own = costs.shape[costs.rank - baseline.rank + i];
      return size === 1 || size === own;
    });
  if (fits) return baseline;
  throw new ShapeError(
    `${name}: expected a baseline that broadcasts to the costs ${format(costs.shape)}, got ${format(baseline.shape)}`,
  );
}
