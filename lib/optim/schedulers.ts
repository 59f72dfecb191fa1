import { ArgumentError } from "../errors.js";
import { checkChoice, checkFlag, checkNumber, checkOptions, describe } from "../options.js";
import { checkOptimizer, LRScheduler } from "./lr-scheduler.js";
import type { Optimizer } from "./optimizer.js";

/** A factor by epoch, for all groups or one for each. */
export type EpochFactor = (epoch: number) => number;

function readFactors(
  name: string,
  factors: EpochFactor | readonly EpochFactor[],
  groups: number,
): EpochFactor[] {
  const list = typeof factors === "function" ? new Array<EpochFactor>(groups).fill(factors) : factors;
  if (!Array.isArray(list) || list.length !== groups || !list.every((one) => typeof one === "function")) {
    throw new ArgumentError(
      `${name}: expected a function of the epoch, or a list of ${groups}, got ${describe(factors)}`,
    );
  }
  return list;
}

/**
 * η_t = η₀·f(t) (torch.optim.lr_scheduler.LambdaLR).
 * @example new optim.LambdaLR(optimizer, (epoch) => 0.95 ** epoch)
 * @throws ArgumentError
 */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly EpochFactor[];

  constructor(optimizer: Optimizer, lrLambda: EpochFactor | readonly EpochFactor[]) {
    super("LambdaLR", optimizer);
    this.#factors = readFactors("LambdaLR", lrLambda, this.baseLrs.length);
    this.apply();
  }

  protected rate(_: number, base: number, group: number): number {
    return base * (this.#factors[group] as EpochFactor)(this.lastEpoch);
  }
}

/**
 * η_t = η_{t−1}·f(t) (torch.optim.lr_scheduler.MultiplicativeLR).
 * @example new optim.MultiplicativeLR(optimizer, () => 0.95)
 * @throws ArgumentError
 */
export class MultiplicativeLR extends LRScheduler {
  readonly #factors: readonly EpochFactor[];

  constructor(optimizer: Optimizer, lrLambda: EpochFactor | readonly EpochFactor[]) {
    super("MultiplicativeLR", optimizer);
    this.#factors = readFactors("MultiplicativeLR", lrLambda, this.baseLrs.length);
  }

  protected rate(before: number, _: number, group: number): number {
    return before * (this.#factors[group] as EpochFactor)(this.lastEpoch);
  }
}

/**
 * η ← γ·η every `stepSize` epochs (torch.optim.lr_scheduler.StepLR).
 * @example new optim.StepLR(optimizer, { stepSize: 30, gamma: 0.1 })
 * @throws ArgumentError, OptionError
 */
export class StepLR extends LRScheduler {
  readonly stepSize: number;
  readonly gamma: number;

  /** @param options `stepSize`: epochs between two changes; `gamma`: γ, default 0.1. */
  constructor(optimizer: Optimizer, options: { readonly stepSize: number; readonly gamma?: number }) {
    super("StepLR", optimizer);
    checkOptions("StepLR", options, ["stepSize", "gamma"]);
    this.stepSize = checkNumber("StepLR", "stepSize", options?.stepSize, { min: 1, integer: true });
    this.gamma = checkNumber("StepLR", "gamma", options.gamma ?? 0.1, { min: 0 });
  }

  protected rate(before: number): number {
    return this.lastEpoch % this.stepSize === 0 ? before * this.gamma : before;
  }
}

/**
 * η ← γ·η at each milestone (torch.optim.lr_scheduler.MultiStepLR).
 * @example new optim.MultiStepLR(optimizer, { milestones: [30, 80], gamma: 0.1 })
 * @throws ArgumentError, OptionError
 */
export class MultiStepLR extends LRScheduler {
  readonly milestones: readonly number[];
  readonly gamma: number;

  /** @param options `milestones`: epochs, one that stands twice counts twice; `gamma`: γ, default 0.1. */
  constructor(
    optimizer: Optimizer,
    options: { readonly milestones: readonly number[]; readonly gamma?: number },
  ) {
    super("MultiStepLR", optimizer);
    checkOptions("MultiStepLR", options, ["milestones", "gamma"]);
    this.milestones = readMilestones("MultiStepLR", options?.milestones);
    this.gamma = checkNumber("MultiStepLR", "gamma", options.gamma ?? 0.1, { min: 0 });
  }

  protected rate(before: number): number {
    return before * this.gamma ** this.milestones.filter((epoch) => epoch === this.lastEpoch).length;
  }
}

function readMilestones(name: string, milestones: unknown): number[] {
  if (!Array.isArray(milestones)) {
    throw new ArgumentError(
      `${name}: expected milestones to be a list of epochs, got ${describe(milestones)}`,
    );
  }
  return milestones.map((epoch, i) =>
    checkNumber(name, `milestones[${i}]`, epoch, { min: 0, integer: true }),
  );
}

/**
 * η = factor·η₀ for the first epochs, and then η₀ (torch.optim.lr_scheduler.ConstantLR).
 * @example new optim.ConstantLR(optimizer, { factor: 0.5, totalIters: 4 })
 * @throws ArgumentError, OptionError
 */
export class ConstantLR extends LRScheduler {
  readonly factor: number;
  readonly totalIters: number;

  /** @param options `factor`: in [0, 1], default 1/3; `totalIters`: for how many epochs, default 5. */
  constructor(
    optimizer: Optimizer,
    options: { readonly factor?: number; readonly totalIters?: number } = {},
  ) {
    super("ConstantLR", optimizer);
    checkOptions("ConstantLR", options, ["factor", "totalIters"]);
    this.factor = checkNumber("ConstantLR", "factor", options.factor ?? 1 / 3, { above: 0, max: 1 });
    this.totalIters = checkNumber("ConstantLR", "totalIters", options.totalIters ?? 5, {
      min: 0,
      integer: true,
    });
    this.apply();
  }

  protected rate(before: number): number {
    if (this.lastEpoch === 0) return before * this.factor;
    return this.lastEpoch === this.totalIters ? before / this.factor : before;
  }
}

/**
 * The factor of η₀ goes along a line from `startFactor` to `endFactor` (torch.optim.lr_scheduler.LinearLR): a
 * warm-up.
 * @example new optim.LinearLR(optimizer, { startFactor: 0.1, totalIters: 10 })
 * @throws ArgumentError, OptionError
 */
export class LinearLR extends LRScheduler {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;

  /** @param options `startFactor`: default 1/3; `endFactor`: default 1; `totalIters`: epochs, default 5. */
  constructor(
    optimizer: Optimizer,
    options: {
      readonly startFactor?: number;
      readonly endFactor?: number;
      readonly totalIters?: number;
    } = {},
  ) {
    super("LinearLR", optimizer);
    checkOptions("LinearLR", options, ["startFactor", "endFactor", "totalIters"]);
    this.startFactor = checkNumber("LinearLR", "startFactor", options.startFactor ?? 1 / 3, {
      above: 0,
      max: 1,
    });
    this.endFactor = checkNumber("LinearLR", "endFactor", options.endFactor ?? 1, { min: 0, max: 1 });
    this.totalIters = checkNumber("LinearLR", "totalIters", options.totalIters ?? 5, {
      min: 1,
      integer: true,
    });
    this.apply();
  }

  protected rate(before: number): number {
    const { lastEpoch: t, totalIters: T, startFactor, endFactor } = this;
    if (t === 0) return before * startFactor;
    if (t > T) return before;
    return before * (1 + (endFactor - startFactor) / (T * startFactor + (t - 1) * (endFactor - startFactor)));
  }
}

/**
 * η ← γ·η each epoch (torch.optim.lr_scheduler.ExponentialLR).
 * @example new optim.ExponentialLR(optimizer, { gamma: 0.95 })
 * @throws ArgumentError, OptionError
 */
export class ExponentialLR extends LRScheduler {
  readonly gamma: number;

  constructor(optimizer: Optimizer, options: { readonly gamma: number }) {
    super("ExponentialLR", optimizer);
    checkOptions("ExponentialLR", options, ["gamma"]);
    this.gamma = checkNumber("ExponentialLR", "gamma", options?.gamma, { min: 0 });
  }

  protected rate(before: number): number {
    return before * this.gamma;
  }
}

/**
 * η_t = η₀·(1 − t/T)^power for the first T epochs, and then 0 (torch.optim.lr_scheduler.PolynomialLR).
 * @example new optim.PolynomialLR(optimizer, { totalIters: 100, power: 2 })
 * @throws ArgumentError, OptionError
 */
export class PolynomialLR extends LRScheduler {
  readonly totalIters: number;
  readonly power: number;

  /** @param options `totalIters`: T, default 5; `power`: default 1. */
  constructor(optimizer: Optimizer, options: { readonly totalIters?: number; readonly power?: number } = {}) {
    super("PolynomialLR", optimizer);
    checkOptions("PolynomialLR", options, ["totalIters", "power"]);
    this.totalIters = checkNumber("PolynomialLR", "totalIters", options.totalIters ?? 5, {
      min: 1,
      integer: true,
    });
    this.power = checkNumber("PolynomialLR", "power", options.power ?? 1, { min: 0 });
  }

  protected rate(before: number): number {
    const { lastEpoch: t, totalIters: T, power } = this;
    if (t > T) return before;
    return before * ((1 - t / T) / (1 - (t - 1) / T)) ** power;
  }
}

/**
 * η goes from η₀ to `etaMin` along half a cosine in T epochs, and back in the next
 * (Loshchilov and Hutter, 2017, without restarts; torch.optim.lr_scheduler.CosineAnnealingLR):
 *
 *     η_t = η_min + (η_{t−1} − η_min)·(1 + cos(π·t/T)) / (1 + cos(π·(t − 1)/T))
 *
 * @example new optim.CosineAnnealingLR(optimizer, { tMax: 100 })
 * @throws ArgumentError, OptionError
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly tMax: number;
  readonly etaMin: number;

  /** @param options `tMax`: T; `etaMin`: default 0. */
  constructor(optimizer: Optimizer, options: { readonly tMax: number; readonly etaMin?: number }) {
    super("CosineAnnealingLR", optimizer);
    checkOptions("CosineAnnealingLR", options, ["tMax", "etaMin"]);
    this.tMax = checkNumber("CosineAnnealingLR", "tMax", options?.tMax, { min: 1, integer: true });
    this.etaMin = checkNumber("CosineAnnealingLR", "etaMin", options.etaMin ?? 0, { min: 0 });
  }

  protected rate(before: number, base: number): number {
    const { lastEpoch: t, tMax: T, etaMin } = this;
    if ((t - 1 - T) % (2 * T) === 0) return before + ((base - etaMin) * (1 - Math.cos(Math.PI / T))) / 2;
    const share = (1 + Math.cos((Math.PI * t) / T)) / (1 + Math.cos((Math.PI * (t - 1)) / T));
    return Math.max(share * (before - etaMin) + etaMin, 0);
  }
}

/**
 * η goes from η₀ to `etaMin` along half a cosine in T_i epochs and begins anew, T_{i+1} = tMult·T_i
 * (Loshchilov and Hutter, 2017; torch.optim.lr_scheduler.CosineAnnealingWarmRestarts).
 * @example new optim.CosineAnnealingWarmRestarts(optimizer, { t0: 10, tMult: 2 })
 * @throws ArgumentError, OptionError
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly t0: number;
  readonly tMult: number;
  readonly etaMin: number;

  /** @param options `t0`: T_0; `tMult`: default 1; `etaMin`: default 0. */
  constructor(
    optimizer: Optimizer,
    options: { readonly t0: number; readonly tMult?: number; readonly etaMin?: number },
  ) {
    super("CosineAnnealingWarmRestarts", optimizer);
    checkOptions("CosineAnnealingWarmRestarts", options, ["t0", "tMult", "etaMin"]);
    const name = "CosineAnnealingWarmRestarts";
    this.t0 = checkNumber(name, "t0", options?.t0, { min: 1, integer: true });
    this.tMult = checkNumber(name, "tMult", options.tMult ?? 1, { min: 1, integer: true });
    this.etaMin = checkNumber(name, "etaMin", options.etaMin ?? 0, { min: 0 });
  }

  protected rate(_: number, base: number): number {
    let [at, length] = [this.lastEpoch, this.t0];
    if (this.tMult === 1) at %= length;
    else while (at >= length) [at, length] = [at - length, length * this.tMult];
    return this.etaMin + ((base - this.etaMin) * (1 + Math.cos((Math.PI * at) / length))) / 2;
  }
}

/** What both cycles take for the momentum. */
interface MomentumOptions {
  readonly cycleMomentum?: boolean;
  readonly baseMomentum?: number;
  readonly maxMomentum?: number;
}

interface MomentumRange {
  readonly least: number;
  readonly most: number;
}

const MOMENTUM_OPTIONS = ["cycleMomentum", "baseMomentum", "maxMomentum"] as const;

/** Between which values the momentum goes; null where it stays. */
function readMomentum(
  name: string,
  optimizer: Optimizer,
  options: MomentumOptions,
  standard: MomentumRange,
): MomentumRange | null {
  const { cycleMomentum = true, baseMomentum = standard.least, maxMomentum = standard.most } = options;
  if (!checkFlag(name, "cycleMomentum", cycleMomentum)) return null;
  if (optimizer.groups.some(({ momentum }) => momentum === null || momentum === 0)) {
    throw new ArgumentError(
      `${name}: the optimizer has no momentum to cycle; give it one, or say cycleMomentum: false`,
    );
  }
  const least = checkNumber(name, "baseMomentum", baseMomentum, { min: 0, below: 1 });
  return { least, most: checkNumber(name, "maxMomentum", maxMomentum, { min: least, below: 1 }) };
}

export interface CyclicLROptions {
  /** The least rate. */
  readonly baseLr: number;
  /** The largest rate. */
  readonly maxLr: number;
  /** Steps on the way up. Default: 2000. */
  readonly stepSizeUp?: number;
  /** Steps on the way down. Default: as up. */
  readonly stepSizeDown?: number;
  /** All cycles alike, each half as high as the one before, or the height times γᵗ. Default: triangular. */
  readonly mode?: "triangular" | "triangular2" | "exp_range";
  /** γ of `exp_range`. Default: 1. */
  readonly gamma?: number;
  /** The momentum, or β₁, goes down while the rate goes up, and back. Default: true. */
  readonly cycleMomentum?: boolean;
  /** The least momentum. Default: 0.8. */
  readonly baseMomentum?: number;
  /** The largest momentum, with the least rate. Default: 0.9. */
  readonly maxMomentum?: number;
}

/**
 * η goes up and down between two rates, and the momentum down and up (Smith, 2017;
 * torch.optim.lr_scheduler.CyclicLR). `step()` is called behind each mini-batch.
 * @example new optim.CyclicLR(optimizer, { baseLr: 0.001, maxLr: 0.1, stepSizeUp: 500 })
 * @throws ArgumentError, also where the optimizer has no momentum to cycle; OptionError
 */
export class CyclicLR extends LRScheduler {
  readonly #options: Required<Omit<CyclicLROptions, keyof MomentumOptions>>;
  readonly #momentum: MomentumRange | null;

  constructor(optimizer: Optimizer, options: CyclicLROptions) {
    super("CyclicLR", optimizer);
    const known = ["baseLr", "maxLr", "stepSizeUp", "stepSizeDown", "mode", "gamma", ...MOMENTUM_OPTIONS];
    checkOptions("CyclicLR", options, known);
    const baseLr = checkNumber("CyclicLR", "baseLr", options?.baseLr, { min: 0 });
    const up = checkNumber("CyclicLR", "stepSizeUp", options.stepSizeUp ?? 2000, { above: 0 });
    const modes = ["triangular", "triangular2", "exp_range"] as const;
    this.#options = {
      baseLr,
      maxLr: checkNumber("CyclicLR", "maxLr", options.maxLr, { min: baseLr }),
      stepSizeUp: up,
      stepSizeDown: checkNumber("CyclicLR", "stepSizeDown", options.stepSizeDown ?? up, { above: 0 }),
      mode: checkChoice("CyclicLR", "mode", options.mode ?? "triangular", modes),
      gamma: checkNumber("CyclicLR", "gamma", options.gamma ?? 1, { min: 0 }),
    };
    this.#momentum = readMomentum("CyclicLR", optimizer, options, { least: 0.8, most: 0.9 });
    this.apply();
  }

  override apply(): void {
    super.apply();
    if (this.#momentum === null) return;
    const { least, most } = this.#momentum;
    for (const group of this.optimizer.groups) group.momentum = most - (most - least) * this.#height();
  }

  protected rate(): number {
    const { baseLr, maxLr } = this.#options;
    return baseLr + (maxLr - baseLr) * this.#height();
  }

  /** How high it is in its cycle, in [0, 1]. */
  #height(): number {
    const { stepSizeUp, stepSizeDown, mode, gamma } = this.#options;
    const t = this.lastEpoch;
    const length = stepSizeUp + stepSizeDown;
    const cycle = Math.floor(1 + t / length);
    const at = 1 + t / length - cycle;
    const turn = stepSizeUp / length;
    const scale = mode === "triangular" ? 1 : mode === "triangular2" ? 1 / 2 ** (cycle - 1) : gamma ** t;
    return scale * (at <= turn ? at / turn : (at - 1) / (turn - 1));
  }
}

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

/**
 * Several schedules one after the other: the i-th until the i-th milestone
 * (torch.optim.lr_scheduler.SequentialLR).
 * @example
 * const warmUp = (one: optim.Optimizer) => new optim.LinearLR(one, { totalIters: 5 });
 * const decay = (one: optim.Optimizer) => new optim.ExponentialLR(one, { gamma: 0.9 });
 * new optim.SequentialLR(optimizer, [warmUp, decay], { milestones: [5] });
 * @throws ArgumentError, OptionError
 */
export class SequentialLR extends LRScheduler {
  readonly #schedules: readonly ((optimizer: Optimizer) => LRScheduler)[];
  readonly milestones: readonly number[];
  #current: LRScheduler;

  /**
   * @param schedules Each makes its schedule when its time comes, and so finds the base rates.
   * @param options `milestones`: the epochs at which the next takes over, one fewer than there are schedules.
   */
  constructor(
    optimizer: Optimizer,
    schedules: readonly ((optimizer: Optimizer) => LRScheduler)[],
    options: { readonly milestones: readonly number[] },
  ) {
    super("SequentialLR", optimizer);
    checkOptions("SequentialLR", options, ["milestones"]);
    this.milestones = readMilestones("SequentialLR", options?.milestones);
    if (!Array.isArray(schedules) || schedules.length !== this.milestones.length + 1) {
      throw new ArgumentError(
        `SequentialLR: expected ${this.milestones.length + 1} schedules for ${this.milestones.length} milestones, got ${describe(schedules)}`,
      );
    }
    this.#schedules = schedules;
    this.#current = this.#start(0);
  }

  #start(i: number): LRScheduler {
    this.optimizer.groups.forEach((group, g) => {
      group.lr = this.baseLrs[g] as number;
    });
    return (this.#schedules[i] as (optimizer: Optimizer) => LRScheduler)(this.optimizer);
  }

  override step(): void {
    this.lastEpoch++;
    const next = this.milestones.lastIndexOf(this.lastEpoch);
    if (next >= 0) this.#current = this.#start(next + 1);
    else this.#current.step();
  }

  protected rate(before: number): number {
    return before;
  }
}

/**
 * Several schedules at once, each of which changes what the one before left
 * (torch.optim.lr_scheduler.ChainedScheduler).
 * @example new optim.ChainedScheduler([new optim.ConstantLR(opt), new optim.ExponentialLR(opt, { gamma: 0.9 })])
 * @throws ArgumentError
 */
export class ChainedScheduler extends LRScheduler {
  readonly #schedules: readonly LRScheduler[];

  constructor(schedules: readonly LRScheduler[]) {
    if (
      !Array.isArray(schedules) ||
      !schedules.every((one) => one instanceof LRScheduler) ||
      schedules.length < 1
    ) {
      throw new ArgumentError(
        `ChainedScheduler: expected a list of at least one scheduler, got ${describe(schedules)}`,
      );
    }
    const { optimizer } = schedules[0] as LRScheduler;
    if (schedules.some((one) => one.optimizer !== optimizer)) {
      throw new ArgumentError("ChainedScheduler: expected schedulers of one optimizer");
    }
    super("ChainedScheduler", optimizer);
    this.#schedules = schedules;
  }

  override step(): void {
    this.lastEpoch++;
    for (const one of this.#schedules) one.step();
  }

  protected rate(before: number): number {
    return before;
  }
}

export interface ReduceLROnPlateauOptions {
  /** Whether the figure is to fall or to rise. Default: min. */
  readonly mode?: "min" | "max";
  /** η ← factor·η. Default: 0.1. */
  readonly factor?: number;
  /** For how many epochs without progress it waits. Default: 10. */
  readonly patience?: number;
  /** The least progress. Default: 1e-4. */
  readonly threshold?: number;
  /** Progress as a share of the best figure, or as a difference. Default: rel. */
  readonly thresholdMode?: "rel" | "abs";
  /** Epochs behind a change that do not count. Default: 0. */
  readonly cooldown?: number;
  /** The least rate. Default: 0. */
  readonly minLr?: number;
  /** Changes that are less than this are not made. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * η ← factor·η when a figure, such as the validation loss, has not become better for some epochs
 * (torch.optim.lr_scheduler.ReduceLROnPlateau).
 * @example
 * const scheduler = new optim.ReduceLROnPlateau(optimizer, { patience: 3 });
 * scheduler.step((await evaluate(model, { data, cost: cost.crossEntropy })).loss);
 * @throws ArgumentError, OptionError
 */
export class ReduceLROnPlateau {
  readonly optimizer: Optimizer;
  /** The best figure so far. */
  best: number;
  #bad = 0;
  #cooling = 0;
  readonly #options: Required<ReduceLROnPlateauOptions>;

  constructor(optimizer: Optimizer, options: ReduceLROnPlateauOptions = {}) {
    const name = "ReduceLROnPlateau";
    const known = ["mode", "factor", "patience", "threshold", "thresholdMode", "cooldown", "minLr", "eps"];
    checkOptions(name, options, known);
    this.optimizer = checkOptimizer(name, optimizer);
    const whole = { min: 0, integer: true };
    this.#options = {
      mode: checkChoice(name, "mode", options.mode ?? "min", ["min", "max"]),
      factor: checkNumber(name, "factor", options.factor ?? 0.1, { min: 0, below: 1 }),
      patience: checkNumber(name, "patience", options.patience ?? 10, whole),
      threshold: checkNumber(name, "threshold", options.threshold ?? 1e-4),
      thresholdMode: checkChoice(name, "thresholdMode", options.thresholdMode ?? "rel", ["rel", "abs"]),
      cooldown: checkNumber(name, "cooldown", options.cooldown ?? 0, whole),
      minLr: checkNumber(name, "minLr", options.minLr ?? 0, { min: 0 }),
      eps: checkNumber(name, "eps", options.eps ?? 1e-8, { min: 0 }),
    };
    this.best = this.#options.mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** The rates now, by group. */
  getLastLr(): number[] {
    return this.optimizer.groups.map(({ lr }) => lr);
  }

  /** Takes in the figure of another epoch. */
  step(figure: number): void {
    if (typeof figure !== "number") {
      throw new ArgumentError(`ReduceLROnPlateau: expected a number, got ${describe(figure)}`);
    }
    const { patience, cooldown, factor, minLr, eps } = this.#options;
    if (this.#isBetter(figure)) {
      this.best = figure;
      this.#bad = 0;
    } else {
      this.#bad++;
    }
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#bad = 0;
    }
    if (this.#bad <= patience) return;
    for (const group of this.optimizer.groups) {
      const next = Math.max(group.lr * factor, minLr);
      if (group.lr - next > eps) group.lr = next;
    }
    this.#cooling = cooldown;
    this.#bad = 0;
  }

  #isBetter(figure: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    if (!Number.isFinite(this.best)) return !Number.isNaN(figure);
    const by = thresholdMode === "abs" ? threshold : threshold * this.best;
    return mode === "min" ? figure < this.best - by : figure > this.best + by;
  }
}
