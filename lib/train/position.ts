import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { isRecord } from "../keeping/run-state.js";
import { isPlainObject } from "../options.js";
import { sizeOf } from "../tensor/shape.js";
import { isTensor } from "../tensor/tensor.js";
import type { BestWeights } from "./early-stopping.js";
import type { Feed } from "./feed.js";
import type { EpochReport } from "./fit.js";
import type { ForksState } from "./forks.js";
import type { FiguresState } from "./metrics.js";

/** Where a training is between two steps, as a checkpoint has it. */
export interface Position {
  /** In this training, from 1. */
  readonly epoch: number;
  /** Of all epochs that the optimizer has gone through with this data, from 0. */
  readonly pass: number;
  /** Mini-batches of this epoch that are done. */
  readonly batch: number;
  /** Mini-batches of all epochs that are done. */
  readonly step: number;
  /** Whether the epoch is over, with its validation and `onEpoch`. */
  readonly isOver: boolean;
  /** Null of a stream. */
  readonly samples: number | null;
  /** Samples in a step. */
  readonly batchSize: number;
  readonly order: Feed["order"];
  /** Of the orders. */
  readonly seed: number;
  /** The seed by which samples were kept for validation; null if none were. */
  readonly splitSeed: number | null;
  /** The names of the figures in `means`. */
  readonly figures: readonly string[];
  readonly means: FiguresState;
  /** Time of this epoch's steps so far. */
  readonly seconds: number;
  readonly forks: ForksState;
  readonly validationForks: ForksState | null;
  readonly history: readonly EpochReport[];
  /** Mini-batches of a step, and whether the last one is left out. */
  readonly accumulate: number;
  readonly dropLast: boolean;
  /** With `restoreBest`. */
  readonly best: BestWeights | null;
}

/** What of a training has to be as it was when the checkpoint was written. */
export type Circumstances = Pick<
  Position,
  "samples" | "batchSize" | "order" | "splitSeed" | "figures" | "accumulate" | "dropLast"
> & {
  /** Undefined if none was given. */
  readonly seed: number | undefined;
  /** Of the epoch; Infinity while they are not known. */
  readonly batches: number;
};

/** What does not fit a training that is to go on, in words. In the middle of an epoch more has to be the same. */
export function differencesOf(position: Position, now: Circumstances): string[] {
  const found: string[] = [];
  const compare = (what: string, own: unknown, saved: unknown): void => {
    if (String(own) !== String(saved)) found.push(`${what} ${own}; the checkpoint has ${saved}`);
  };
  if (now.seed !== undefined) compare("seed", now.seed, position.seed);
  compare("the seed of validationSplit", now.splitSeed ?? "none", position.splitSeed ?? "none");
  if (position.isOver) return found;
  const where = "in the middle of an epoch:";
  compare(`${where} order`, now.order, position.order);
  compare(`${where} samples`, now.samples, position.samples);
  const step = now.accumulate === 1 ? "batchSize" : "samples in a step";
  compare(`${where} ${step}`, now.batchSize, position.batchSize);
  compare(`${where} accumulate`, now.accumulate, position.accumulate);
  compare(`${where} dropLast`, now.dropLast, position.dropLast);
  if (position.batch > now.batches) {
    found.push(`${where} ${now.batches} steps; the checkpoint has done ${position.batch}`);
  }
  compare(`${where} figures`, now.figures.join(", "), position.figures.join(", "));
  return found;
}

/**
 * A position from a file.
 * @throws ArgumentError if the checkpoint is not one of `fit`
 */
export function readPosition(where: string, value: unknown): Position {
  if (isPosition(value)) return value;
  throw new ArgumentError(
    `${where}: the checkpoint does not say where fit was; one by saveCheckpoint is read with loadCheckpoint`,
  );
}

function isPosition(value: unknown): value is Position {
  if (!isPlainObject(value)) return false;
  const count = (name: string): boolean => Number.isSafeInteger(value[name]) && (value[name] as number) >= 0;
  const { order, figures, means, seconds, forks, validationForks, history, isOver, dropLast, best } = value;
  const { samples, splitSeed } = value;
  const isForks = (one: unknown): boolean =>
    isRecord(one) &&
    Array.isArray(one["origin"]) &&
    Array.isArray(one["forks"]) &&
    one["forks"].every((each) => isRecord(each) && Array.isArray(each["state"]));
  return (
    ["epoch", "pass", "batch", "step", "batchSize", "seed", "accumulate"].every(count) &&
    (value["epoch"] as number) > 0 &&
    (splitSeed === null || count("splitSeed")) &&
    (samples === null
      ? order === "stream"
      : count("samples") &&
        // A sampler may give more samples than the set has.
        (order === "sampler" ||
          (value["batch"] as number) <= Math.ceil((samples as number) / (value["batchSize"] as number)))) &&
    [isOver, dropLast].every((flag) => typeof flag === "boolean") &&
    typeof seconds === "number" &&
    typeof order === "string" &&
    Array.isArray(figures) &&
    isRecord(means) &&
    types.isFloat64Array(means["sums"]) &&
    means["sums"].length === figures.length &&
    typeof means["samples"] === "number" &&
    Array.isArray(means["states"]) &&
    means["states"].every(isState) &&
    isForks(forks) &&
    (validationForks === null || isForks(validationForks)) &&
    Array.isArray(history) &&
    history.every(isReport) &&
    (best === null || isBest(best))
  );
}

const isState = (value: unknown): boolean => isRecord(value) && Object.values(value).every(isContents);

/** Whether the values have the shape. */
function isContents(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { kind, shape, values } = value;
  return (
    (kind === "sum" || kind === "rows") &&
    Array.isArray(shape) &&
    (kind === "sum" || shape.length > 0) &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0) &&
    types.isFloat64Array(values) &&
    values.length === sizeOf(shape as number[])
  );
}

const isReport = (value: unknown): boolean =>
  isRecord(value) &&
  ["epoch", "loss", "seconds", "samplesPerSecond"].every((name) => typeof value[name] === "number") &&
  isFigures(value["metrics"]) &&
  (value["validation"] === null || isFigures(value["validation"])) &&
  (value["changes"] === undefined ||
    (Array.isArray(value["changes"]) && value["changes"].every((change) => isFigures(change))));

const isBest = (value: unknown): boolean =>
  isRecord(value) &&
  typeof value["epoch"] === "number" &&
  isRecord(value["tensors"]) &&
  Object.values(value["tensors"]).every(isTensor);

const isFigures = (value: unknown): boolean =>
  isRecord(value) && Object.values(value).every((figure) => typeof figure === "number");
