// Which figure of an epoch's report is watched, and whether less or more of it is better.

import { ArgumentError } from "../errors.js";
import { checkChoice } from "../options.js";
import type { EpochReport } from "./fit.js";

export interface MonitorOptions {
  /**
   * A figure of the epochs' reports: `"loss"`, of several targets also `"kind.loss"`, a metric's name, or one of these
   * after `"validation."`. Default: `"validation.loss"` with a validation set, otherwise `"loss"`.
   */
  readonly monitor?: string;
  /** Whether less or more is better. Default: `"min"` for a loss; for metrics it has to be said. */
  readonly mode?: "min" | "max";
}

/** A checked monitor. */
export type Monitor = Required<MonitorOptions>;

/** What the reports of a training have. */
export interface Reported {
  /** The names of the figures of a report, `"loss"` first. */
  readonly figures: readonly string[];
  /** Those of them that are losses. */
  readonly losses: readonly string[];
  readonly hasValidation: boolean;
}

/** The name of the figure. @throws ArgumentError */
export function readMonitored(where: string, monitor: string | undefined, reported: Reported): string {
  const { figures, hasValidation } = reported;
  const known = [...figures, ...(hasValidation ? figures.map((name) => `validation.${name}`) : [])];
  const chosen = monitor ?? (hasValidation ? "validation.loss" : "loss");
  if (figures.includes(chosen) && chosen.startsWith("validation.")) {
    throw new ArgumentError(
      `${where}: monitor: ${chosen} would be of a target and of the validation set; give the target another name`,
    );
  }
  return checkChoice(where, "monitor", chosen, known);
}

/** @throws ArgumentError */
export function readMonitor(where: string, options: MonitorOptions, reported: Reported): Monitor {
  const monitor = readMonitored(where, options.monitor, reported);
  const isLoss = reported.losses.some((name) => monitor === name || monitor === `validation.${name}`);
  const mode = options.mode ?? (isLoss ? "min" : undefined);
  return { monitor, mode: checkChoice(where, `mode (for ${monitor})`, mode, ["min", "max"]) };
}

/** The figure of a report that a monitor names; NaN if the report has none of that name. */
export function figureOf({ loss, metrics, validation }: EpochReport, monitor: string): number {
  const [, ofValidation] = /^validation\.(.*)$/s.exec(monitor) ?? [];
  const own: Readonly<Record<string, number>> = { ...metrics, loss };
  return (ofValidation === undefined ? own[monitor] : validation?.[ofValidation]) ?? Number.NaN;
}

/** A figure that is worse than any other. */
export const worst = ({ mode }: Monitor): number =>
  mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;

/** Whether a figure is better than another by more than `by`. NaN is never better. */
export const isBetter = ({ mode }: Monitor, value: number, than: number, by = 0): boolean =>
  mode === "min" ? value < than - by : value > than + by;
