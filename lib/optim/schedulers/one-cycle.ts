import { ArgumentError } from "../../errors.js";
import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { checkMomenta, momentumOptions } from "./momentum.js";
import { choice, flag, number, type SettingsOf } from "./options.js";
import { registerSchedule } from "./registry.js";

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

const OPTIONS = {
  maxLr: number({ min: 0 }),
  totalSteps: number({ min: 1, integer: true }),
  pctStart: number({ min: 0, max: 1 }, 0.3),
  annealStrategy: choice("cos", ["cos", "linear"]),
  divFactor: number({ above: 0 }, 25),
  finalDivFactor: number({ above: 0 }, 1e4),
  threePhase: flag(false),
  ...momentumOptions(0.85, 0.95),
};

type Settings = SettingsOf<typeof OPTIONS>;

const ONE_CYCLE = {
  name: "OneCycleLR",
  options: OPTIONS,
  check(settings: Settings, optimizer: Optimizer): void {
    checkMomenta("OneCycleLR", settings, optimizer);
  },
};

/**
 * η goes up to `maxLr` and then down to nearly nothing, once, and the momentum down and up (Smith and Topin, 2019;
 * torch.optim.lr_scheduler.OneCycleLR). `step()` is called after each mini-batch.
 * @example new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: epochs * batches })
 * @throws ArgumentError, also after the last step and where the optimizer has no momentum to cycle; OptionError
 */
export class OneCycleLR extends LRScheduler<typeof OPTIONS> {
  constructor(optimizer: Optimizer, options: OneCycleLROptions) {
    super(ONE_CYCLE, optimizer, options);
    this.apply();
    // As in PyTorch, other schedules start from where this one does.
    for (const group of optimizer.groups) group.initialLr = ratesOf(this.settings).start;
  }

  get totalSteps(): number {
    return this.settings.totalSteps;
  }

  /** @internal */
  override follow(): void {
    const { cycleMomentum, baseMomentum, maxMomentum } = this.settings;
    if (!cycleMomentum) return;
    const at = (depth: number): number => maxMomentum - depth * (maxMomentum - baseMomentum);
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
    const phases = phasesOf(this.settings);
    const found = phases.findIndex(({ end }) => t <= end);
    const i = found < 0 ? phases.length - 1 : found;
    const phase = phases[i] as Phase;
    const begin = phases[i - 1]?.end ?? 0;
    return { phase, share: phase.end === begin ? 1 : (t - begin) / (phase.end - begin) };
  }

  #between(from: number, to: number, share: number): number {
    if (this.settings.annealStrategy === "linear") return from + (to - from) * share;
    return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
  }
}

/** The rates at the beginning and at the end. */
function ratesOf({ maxLr, divFactor, finalDivFactor }: Settings): { start: number; least: number } {
  const start = maxLr / divFactor;
  return { start, least: start / finalDivFactor };
}

function phasesOf(settings: Settings): readonly Phase[] {
  const { maxLr: max, totalSteps, pctStart, threePhase } = settings;
  const { start, least } = ratesOf(settings);
  const up: Phase = { end: pctStart * totalSteps - 1, from: start, to: max, depth: [0, 1] };
  const last = totalSteps - 1;
  if (!threePhase) return [up, { end: last, from: max, to: least, depth: [1, 0] }];
  return [
    up,
    { end: 2 * pctStart * totalSteps - 2, from: max, to: start, depth: [1, 0] },
    { end: last, from: start, to: least, depth: [0, 0] },
  ];
}

registerSchedule(OneCycleLR, {
  cases: () => [
    { maxLr: 0.3, totalSteps: 40, baseMomentum: 0.6, maxMomentum: 0.9 },
    { maxLr: 0.3, totalSteps: 40 },
    { maxLr: 0.3, totalSteps: 40, pctStart: 0.4, annealStrategy: "linear", divFactor: 10, threePhase: true },
    { maxLr: 0.3, totalSteps: 40, finalDivFactor: 100, cycleMomentum: false },
  ],
  runs: () => [{ maxLr: 0.05, totalSteps: 12, pctStart: 0.4, baseMomentum: 0.5, maxMomentum: 0.8 }],
});
