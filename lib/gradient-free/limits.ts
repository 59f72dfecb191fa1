// Where strategies end: the limits that every one has, and the reasons.

import { checkNumber } from "../options.js";

/**
 * Why a strategy has ended.
 * - `target`: a value is at most the option `target`.
 * - `maxEvaluations`, `maxGenerations`: that option is reached.
 * - `tolfun`: the values of the last generations differ by less than the tolerance; `tolfunhist`: the best of them do;
 *   `tolfunrel`: those of a generation differ by less than this part of the improvement.
 * - `tolx`: the steps in all coordinates are less than the tolerance; `tolxstagnation`: the mean has hardly moved for
 *   long.
 * - `tolflatfitness`: most values of two generations in a row are equal.
 * - `stagnation`: the values have not improved for long.
 * - `tolfacupx`: a standard deviation has grown a thousandfold, so that the first one was far too small.
 * - `tolupsigma`, `conditioncov`, `noeffectaxis`, `noeffectcoord`: CMA-ES cannot go on in floating point.
 * - `restarts`: all restarts are done.
 * - `notFinite`: the function gave NaN or an infinity again and again.
 */
export type StopReason = (typeof STOP_REASONS)[number];

export const STOP_REASONS = [
  "target",
  "maxEvaluations",
  "maxGenerations",
  "tolfun",
  "tolfunrel",
  "tolfunhist",
  "tolx",
  "tolxstagnation",
  "tolflatfitness",
  "stagnation",
  "tolfacupx",
  "tolupsigma",
  "conditioncov",
  "noeffectaxis",
  "noeffectcoord",
  "restarts",
  "notFinite",
] as const;

/** Options of every strategy. */
export interface StrategyOptions {
  /** Seed of the random numbers. Default: 0. */
  readonly seed?: number;
  /** It ends after this many values. No more points than that are asked for. Default: the method's own. */
  readonly maxEvaluations?: number;
  /** It ends after this many generations. Default: the method's own. */
  readonly maxGenerations?: number;
  /** It ends once a value is this or less. Default: none. */
  readonly target?: number;
}

/** The names of the options of every strategy. */
export const STRATEGY_OPTIONS = ["seed", "maxEvaluations", "maxGenerations", "target"] as const;

/** Where every method ends. */
export interface Limits {
  readonly maxEvaluations: number;
  readonly maxGenerations: number;
  /** −∞ if there is none. */
  readonly target: number;
}

/** Reads the limits among the options. @throws ArgumentError */
export function readLimits(where: string, options: StrategyOptions, byDefault: Partial<Limits> = {}): Limits {
  const atMost = (name: "maxEvaluations" | "maxGenerations"): number => {
    const given = options[name];
    if (given === undefined || given === Number.POSITIVE_INFINITY) {
      return given ?? byDefault[name] ?? Number.POSITIVE_INFINITY;
    }
    return checkNumber(where, name, given, { min: 1, integer: true });
  };
  return {
    maxEvaluations: atMost("maxEvaluations"),
    maxGenerations: atMost("maxGenerations"),
    target:
      options.target === undefined ? Number.NEGATIVE_INFINITY : checkNumber(where, "target", options.target),
  };
}
