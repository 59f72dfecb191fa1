import { DataError, ShapeError } from "../errors.js";
import { abs } from "../ops/abs.js";
import { argmax } from "../ops/argmax.js";
import { clamp } from "../ops/clamp.js";
import { equal } from "../ops/equal.js";
import { exp } from "../ops/exp.js";
import { expand } from "../ops/expand.js";
import { floor } from "../ops/floor.js";
import { greater } from "../ops/greater.js";
import { greaterEqual } from "../ops/greater-equal.js";
import { isNaN } from "../ops/is-nan.js";
import { lessEqual } from "../ops/less-equal.js";
import { logicalAnd } from "../ops/logical-and.js";
import { logicalNot } from "../ops/logical-not.js";
import { logicalOr } from "../ops/logical-or.js";
import { mul } from "../ops/mul.js";
import { permute } from "../ops/permute.js";
import { reshape } from "../ops/reshape.js";
import { sigmoid } from "../ops/sigmoid.js";
import { softmax } from "../ops/softmax.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { where as choose } from "../ops/where.js";
import { checkFlag, checkNumber } from "../options.js";
import { zeros } from "../tensor/create.js";
import { isFloat } from "../tensor/dtype.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type MetricDefinition, type Outputs, readOutputs } from "./metric.js";
import { checkCounts } from "./values.js";

/** How a metric reads classes from outputs and targets. */
export interface ClassOptions {
  /**
   * What the outputs are. Default: `"probabilities"`; in `evaluate` and `fit` what the cost takes, such as `"logits"`
   * for `cost.crossEntropy`.
   */
  readonly outputs?: Outputs;
  /** The probability above which a binary output means class 1. Default: 0.5. */
  readonly threshold?: number;
  /** Samples with this label do not count. Default: none. */
  readonly ignoreIndex?: number;
  /**
   * Whether each number of a sample says yes or no by itself and counts as a sample of two classes. Otherwise a sample
   * has one class. Default: false; in `evaluate` and `fit` true for `cost.bce` and `cost.bceWithLogits`.
   */
  readonly multilabel?: boolean;
}

export const CLASS_OPTIONS = ["outputs", "ignoreIndex", "multilabel"] as const;

/** Checked options. */
export interface ClassSettings {
  readonly outputs: Outputs;
  readonly threshold: number;
  readonly ignoreIndex: number | undefined;
  readonly multilabel: boolean;
}

/** @throws ArgumentError */
export function readClassOptions(name: string, options: ClassOptions): ClassSettings {
  const { outputs, threshold = 0.5, ignoreIndex, multilabel = false } = options;
  checkNumber(name, "threshold", threshold, { min: 0, max: 1 });
  if (ignoreIndex !== undefined) checkNumber(name, "ignoreIndex", ignoreIndex, { integer: true });
  checkFlag(name, "multilabel", multilabel);
  return { outputs: readOutputs(name, outputs), threshold, ignoreIndex, multilabel };
}

/**
 * What the outputs say: a label each; one number each, for class 1 of two; or a number for each class. Targets are
 * labels, or for `oneHot` numbers for each class, of which the largest says the label.
 */
type Kind = "labels" | "binary" | "classes" | "oneHot";

function kindOf(name: string, y: Tensor, target: Tensor, { outputs, multilabel }: ClassSettings): Kind {
  const isSame = sameShape(y.shape, target.shape);
  const classes = y.rank < 2 ? 1 : (y.shape[1] as number);
  const isOneLess = y.rank >= 2 && sameShape([y.shape[0] as number, ...y.shape.slice(2)], target.shape);
  const areLabels = !isFloat(y.dtype) && outputs === "probabilities";
  if (areLabels && isSame) return "labels";
  if (multilabel && isSame && y.rank > 0) return "binary";
  if (classes > 1 && isSame) return "oneHot";
  if (classes > 1 && isOneLess) return "classes";
  if (classes === 1 && y.rank > 0 && (isSame || isOneLess)) return "binary";
  throw new ShapeError(
    `${name}: expected y [B, C] and target [B], or both [B], got ${format(y.shape)} and ${format(target.shape)}`,
  );
}

/** Each element or pixel of a sample is a row. All float64. */
export interface Rows {
  /** Scores [N, C], or [N] for two classes; labels [N] where the outputs are labels. */
  readonly y: Tensor;
  readonly kind: Kind;
  /** Labels [N]; 0 where they are ignored. */
  readonly target: Tensor;
  /** [N]; 0 where they are ignored. */
  readonly weight: Tensor;
  /** [N], 1 or 0; null: all are kept. */
  readonly kept: Tensor | null;
  /** How many targets are no class, of those that are not ignored. */
  readonly badTargets: Tensor;
}

const float64 = (x: Tensor): Tensor => to(x, "float64");
const flat = (x: Tensor): Tensor => reshape(x, [x.size]);

/** [B, C, ...] → [B·…, C] */
function rowsOfClasses(x: Tensor): Tensor {
  const [, classes] = x.shape as [number, number];
  const last = x.rank === 2 ? x : permute(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
  return reshape(last, [x.size / classes, classes]);
}

/** A sample's weight for each of its rows: [B] → [rows]. */
export function spread(weight: Tensor, rows: number): Tensor {
  const [samples] = weight.shape as [number];
  if (rows === samples) return weight;
  return flat(expand(reshape(weight, [samples, 1]), [samples, rows / samples]));
}

/** Reads outputs and targets as rows. @throws ShapeError */
export function readRows(
  name: string,
  y: Tensor,
  target: Tensor,
  weight: Tensor,
  settings: ClassSettings,
): Rows {
  const { ignoreIndex } = settings;
  const kind = kindOf(name, y, target, settings);
  const ofClasses = kind === "classes" || kind === "oneHot";
  const rows = ofClasses ? rowsOfClasses(float64(y)) : flat(float64(y));
  const given = flat(float64(kind === "oneHot" ? argmax(target, { dim: 1 }) : target));
  const all = spread(weight, given.size);
  const isClass = validity(given, kind === "binary" ? 2 : ofClasses ? (rows.shape[1] as number) : null);
  if (ignoreIndex === undefined || kind === "oneHot") {
    const badTargets = sum(float64(logicalNot(isClass)));
    return { y: rows, kind, target: given, weight: all, kept: null, badTargets };
  }
  const isIgnored = equal(given, ignoreIndex);
  return {
    y: rows,
    kind,
    target: choose(isIgnored, 0, given),
    weight: choose(isIgnored, 0, all),
    kept: float64(logicalNot(isIgnored)),
    badTargets: sum(float64(logicalNot(logicalOr(isClass, isIgnored)))),
  };
}

/** Which are whole numbers, and below that number of classes. */
function validity(labels: Tensor, classes: number | null): Tensor {
  const isWhole = equal(labels, floor(labels));
  if (classes === null) return isWhole;
  return logicalAnd(isWhole, logicalAnd(greaterEqual(labels, 0), lessEqual(labels, classes - 1)));
}

/** How many scores are no probabilities. */
function badScoresOf({ y, kind }: Rows, { outputs }: ClassSettings): Tensor {
  if (outputs !== "probabilities" || kind === "labels") return sum(float64(isNaN(y)));
  return sum(float64(logicalNot(logicalAnd(greaterEqual(y, 0), lessEqual(y, 1)))));
}

/** The labels that the outputs say: [N]. */
export function predictedOf({ y, kind }: Rows, { outputs, threshold }: ClassSettings): Tensor {
  if (kind === "labels") return y;
  if (kind !== "binary") return float64(argmax(y, { dim: 1 }));
  const limits = {
    probabilities: threshold,
    logits: Math.log(threshold / (1 - threshold)),
    logProbabilities: Math.log(threshold),
  };
  return float64(greater(y, limits[outputs]));
}

/** Probabilities of the classes, [N, C], or of class 1, [N]. */
export function probabilitiesOf({ y, kind }: Rows, { outputs }: ClassSettings): Tensor {
  if (outputs === "probabilities") return y;
  if (outputs === "logProbabilities") return exp(y);
  return kind === "binary" ? sigmoid(y) : softmax(y, { dim: 1 });
}

/** The class of each row as an index [N, 1], kept within the classes: `refuse` tells of others. */
export function ownClass({ y, target }: Rows): Tensor {
  const last = (y.shape[1] as number) - 1;
  return to(reshape(clamp(target, { min: 0, max: last }), [target.size, 1]), "int32");
}

/** In how many rows the probabilities do not add up to 1. Those that are ignored count too. */
export function unnormalizedOf({ y }: Rows, { outputs }: ClassSettings): Tensor {
  if (outputs !== "probabilities" || y.rank === 1) return scalarZero();
  return sum(float64(greater(abs(sub(sum(y, { dim: 1 }), 1)), 1e-5)));
}

const scalarZero = (): Tensor => zeros([], { dtype: "float64" });

/** The counts by which `refuse` finds out that values do not fit. They are part of the sums. */
export function faultsOf(rows: Rows, settings: ClassSettings, needsProbabilities: boolean) {
  const isRange = needsProbabilities || rows.kind === "binary";
  return {
    ...(needsProbabilities ? { unnormalized: unnormalizedOf(rows, settings) } : {}),
    badTargets: rows.badTargets,
    ...(isRange ? { badScores: badScoresOf(rows, settings) } : {}),
  };
}

/** @throws DataError for targets that are no classes, or scores that are no probabilities */
export function refuse(name: string, state: Readonly<Record<string, Tensor>>): void {
  const { badTargets, badScores, unnormalized } = state;
  const targets = badTargets?.item() ?? 0;
  if (targets > 0) {
    throw new DataError(
      `${name}: expected each target to be a class, 0 … C − 1, but ${targets} are not; ignoreIndex leaves a label out`,
    );
  }
  const scores = badScores?.item() ?? 0;
  if (scores > 0) {
    throw new DataError(
      `${name}: expected y to be probabilities, but ${scores} are outside [0, 1]; for unnormalised scores say outputs: "logits", and labels are int32`,
    );
  }
  const rows = unnormalized?.item() ?? 0;
  if (rows > 0) {
    throw new DataError(
      `${name}: expected the probabilities of each sample to add up to 1, but in ${rows} samples they do not; for unnormalised scores say outputs: "logits"`,
    );
  }
}

/** A metric that is a mean over the rows, Σ w·x / Σ w. `figureOf` gives x [N]. */
export function rowMean(
  name: string,
  settings: ClassSettings,
  needsProbabilities: boolean,
  figureOf: (rows: Rows) => Tensor,
): MetricDefinition {
  return {
    update: (...batch) => {
      const rows = readRows(name, ...batch, settings);
      return {
        total: sum(mul(figureOf(rows), rows.weight)),
        weight: sum(rows.weight),
        ...faultsOf(rows, settings, needsProbabilities),
      };
    },
    compute: (state) => {
      refuse(name, state);
      const [total, weight] = [state["total"], state["weight"]] as [Tensor, Tensor];
      return total.item() / checkCounts(name, weight.item());
    },
  };
}

/** Rows of the state's columns without those that are ignored. Shapes: columns [N, ...]. */
export function keptRows<K extends string>(
  state: Readonly<Record<string, Tensor>>,
  names: readonly K[],
): Record<K, Float64Array> {
  const kept = state["kept"]?.data;
  const columns = names.map((name): [string, Float64Array] => {
    const tensor = state[name] as Tensor;
    const values = tensor.data as Float64Array;
    if (kept === undefined) return [name, values];
    const width = tensor.size / kept.length;
    return [name, values.filter((_, i) => kept[Math.floor(i / width)] === 1)];
  });
  return Object.fromEntries(columns) as Record<K, Float64Array>;
}
