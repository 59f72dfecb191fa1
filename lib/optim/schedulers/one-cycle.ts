import { ArgumentError } from "../../errors.js";
import { checkChoice, checkFlag, checkNumber, checkOptions } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { MOMENTUM_OPTIONS, type MomentumRange, readMomentum } from "./momentum.js";

export interface OneCycleLROptions {
  /** The largest rate. */
  readonly maxLr: number;
  /** Steps of the whole cycle. */
  readonly totalSteps: number;
  /** The share of them on the way up. Default: 0.3. */
  readonly pctStart?: number;
  /** Along a cosine or a line. Default: cos. */
  readonly annealStrategy?: "cos" | "linear";
  /** η begins with maxLr/divFactor. Default: 25. */
  readonly divFactor?: number;
  /** η ends with its beginning/finalDivFactor. Default: 1e4. */
  readonly finalDivFactor?: number;
  /** Down to the beginning on the same way, and then to the end. Default: false. */
  readonly threePhase?: boolean;
  /** The momentum, or β₁, goes down while the rate goes up, and back. Default: true. */
  readonly cycleMomentum?: boolean;
  /** The least momentum, with the largest rate. Default: 0.85. */
  readonly baseMomentum?: number;
  /** The largest momentum. Default: 0.95. */
  readonly maxMomentum?: number;
}

/** From one rate to another, up to a step; and where the momentum stands at its ends, 1 for its least. */
interface Phase {
  readonly end: number;
  readonly from: number;
  readonly to: number;
  readonly depth: readonly [from: number, to: number];
}

/**
 * η goes up to `maxLr` and then down to nearly nothing, once, and the momentum down and up (Smith and Topin, 2019;
 * torch.optim.lr_scheduler.OneCycleLR). `step()` is called behind each mini-batch.
 * @example new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: epochs * batches })
 * @throws ArgumentError, also behind the last step and where the optimizer has no momentum to cycle; OptionError
 */
export class OneCycleLR extends LRScheduler {
  readonly #phases: readonly Phase[];
  readonly #isLinear: boolean;
  readonly #momentum: MomentumRange | null;
  readonly totalSteps: number;

  constructor(optimizer: Optimizer, options: OneCycleLROptions) {
    super("OneCycleLR", optimizer);
    const known = [
      "maxLr",
      "totalSteps",
      "pctStart",
      "annealStrategy",
      "divFactor",
      "finalDivFactor",
      "threePhase",
      ...MOMENTUM_OPTIONS,
    ];
    checkOptions("OneCycleLR", options, known);
    const max = checkNumber("OneCycleLR", "maxLr", options?.maxLr, { min: 0 });
    this.totalSteps = checkNumber("OneCycleLR", "totalSteps", options.totalSteps, { min: 1, integer: true });
    const share = checkNumber("OneCycleLR", "pctStart", options.pctStart ?? 0.3, { min: 0, max: 1 });
    const strategy = checkChoice("OneCycleLR", "annealStrategy", options.annealStrategy ?? "cos", [
      "cos",
      "linear",
    ]);
    this.#isLinear = strategy === "linear";
    const start = max / checkNumber("OneCycleLR", "divFactor", options.divFactor ?? 25, { above: 0 });
    const least =
      start / checkNumber("OneCycleLR", "finalDivFactor", options.finalDivFactor ?? 1e4, { above: 0 });
    const up = share * this.totalSteps - 1;
    const last = this.totalSteps - 1;
    this.#phases = checkFlag("OneCycleLR", "threePhase", options.threePhase ?? false)
      ? [
          { end: up, from: start, to: max, depth: [0, 1] },
          { end: 2 * share * this.totalSteps - 2, from: max, to: start, depth: [1, 0] },
          { end: last, from: start, to: least, depth: [0, 0] },
        ]
      : [
          { end: up, from: start, to: max, depth: [0, 1] },
          { end: last, from: max, to: least, depth: [1, 0] },
        ];
    this.#momentum = readMomentum("OneCycleLR", optimizer, options, { least: 0.85, most: 0.95 });
    this.apply();
  }

  override apply(): void {
    super.apply();
    if (this.#momentum === null) return;
    const { least, most } = this.#momentum;
    const at = (depth: number): number => most - depth * (most - least);
    const { phase, share } = this.#now();
    const momentum = this.#between(at(phase.depth[0]), at(phase.depth[1]), share);
    for (const group of this.optimizer.groups) group.momentum = momentum;
  }

  override step(): void {
    if (this.lastEpoch + 1 > this.totalSteps) {
      throw new ArgumentError(`OneCycleLR: expected at most ${this.totalSteps} steps`);
    }
    super.step();
  }

  protected rate(): number {
    const { phase, share } = this.#now();
    return this.#between(phase.from, phase.to, share);
  }

  /** The phase, and how much of it is over. */
  #now(): { phase: Phase; share: number } {
    const t = this.lastEpoch;
    const found = this.#phases.findIndex(({ end }) => t <= end);
    const i = found < 0 ? this.#phases.length - 1 : found;
    const phase = this.#phases[i] as Phase;
    const begin = this.#phases[i - 1]?.end ?? 0;
    return { phase, share: phase.end === begin ? 1 : (t - begin) / (phase.end - begin) };
  }

  #between(from: number, to: number, share: number): number {
    if (this.#isLinear) return from + (to - from) * share;
    return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
  }
}
