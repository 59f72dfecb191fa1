import { clamp } from "../ops/clamp.js";
import { equal } from "../ops/equal.js";
import { gather } from "../ops/gather.js";
import { log } from "../ops/log.js";
import { logSoftmax } from "../ops/log-softmax.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { reshape } from "../ops/reshape.js";
import { softplus } from "../ops/softplus.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { where as choose } from "../ops/where.js";
import type { Tensor } from "../tensor/tensor.js";
import { meanOf } from "./accuracy.js";
import { type Metric, makeMetric } from "./metric.js";
import {
  CLASS_OPTIONS,
  type ClassOptions,
  type ClassSettings,
  faultsOf,
  probabilitiesOf,
  type Rows,
  readClassOptions,
  readRows,
  refuse,
  unnormalizedOf,
} from "./rows.js";

/** The smallest step above 1. */
const EPSILON = Number.EPSILON;

/** −ln p of the target of each row: [N]. */
function lossesOf(rows: Rows, settings: ClassSettings): Tensor {
  const { y, kind, target } = rows;
  const { outputs } = settings;
  const isOne = equal(target, 1);
  if (kind === "binary" || kind === "labels") {
    if (outputs === "logits") return softplus(choose(isOne, neg(y), y));
    const p = clamp(probabilitiesOf(rows, settings), { min: EPSILON, max: 1 - EPSILON });
    return neg(log(choose(isOne, p, sub(1, p))));
  }
  const isClass = ownClass(rows);
  const own = (x: Tensor): Tensor => reshape(gather(x, 1, isClass), [isClass.size]);
  if (outputs === "logits") return neg(own(logSoftmax(y, { dim: 1 })));
  if (outputs === "logProbabilities") return neg(own(y));
  return neg(log(clamp(own(y), { min: EPSILON, max: 1 - EPSILON })));
}

/** The class of each row as an index [N, 1], kept within the classes: `refuse` tells of others. */
export function ownClass({ y, target }: Rows): Tensor {
  const last = (y.shape[1] as number) - 1;
  return to(reshape(clamp(target, { min: 0, max: last }), [target.size, 1]), "int32");
}

/**
 * The cross-entropy of the targets and the probabilities, −Σ w·ln p_ȳ / Σ w (scikit-learn's log_loss). Probabilities
 * are kept within [ε, 1 − ε], ε = 2⁻⁵²; of `outputs: "logits"` the logarithm is computed directly.
 * Shapes: y [B] or [B, 1] probabilities of class 1, or [B, C, ...] of each class; target [B, ...] labels, or as y.
 * @example metrics.logLoss([0.1, 0.9, 0.8], [0, 1, 0]);   // 0.6067
 * @throws DataError for scores that are no probabilities, and for labels that are no class; ShapeError
 */
export const logLoss: Metric<number, Omit<ClassOptions, "threshold">> = makeMetric<
  number,
  Omit<ClassOptions, "threshold">
>("logLoss", CLASS_OPTIONS, (options) => {
  const settings = readClassOptions("logLoss", options);
  return {
    update: (y, target, weight) => {
      const rows = readRows("logLoss", y, target, weight, settings);
      return {
        loss: sum(mul(lossesOf(rows, settings), rows.weight)),
        weight: sum(rows.weight),
        unnormalized: unnormalizedOf(rows, settings),
        ...faultsOf(rows, settings, true),
      };
    },
    compute: (state) => {
      refuse("logLoss", state);
      return meanOf("logLoss", state["loss"], state["weight"]);
    },
  };
});
