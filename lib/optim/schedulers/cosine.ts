import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { number } from "./options.js";
import { registerSchedule } from "./registry.js";

const WHOLE = { min: 1, integer: true };

const ANNEALING = {
  name: "CosineAnnealingLR",
  options: { tMax: number(WHOLE, undefined, "T_max"), etaMin: number({ min: 0 }, 0) },
};

const RESTARTS = {
  name: "CosineAnnealingWarmRestarts",
  options: {
    t0: number(WHOLE, undefined, "T_0"),
    tMult: number(WHOLE, 1, "T_mult"),
    etaMin: number({ min: 0 }, 0),
  },
};

/**
 * η goes from η₀ to `etaMin` along half a cosine in T epochs, and back in the next
 * (Loshchilov and Hutter, 2017, without restarts; torch.optim.lr_scheduler.CosineAnnealingLR):
 *
 *     η_t = η_min + (η_{t−1} − η_min)·(1 + cos(π·t/T)) / (1 + cos(π·(t − 1)/T))
 *
 * @example new optim.CosineAnnealingLR(optimizer, { tMax: 100 })
 * @throws ArgumentError, OptionError
 */
export class CosineAnnealingLR extends LRScheduler<typeof ANNEALING.options> {
  /** @param options `tMax`: T; `etaMin`: default 0. */
  constructor(optimizer: Optimizer, options: { readonly tMax: number; readonly etaMin?: number }) {
    super(ANNEALING, optimizer, options);
    this.apply();
  }

  get tMax(): number {
    return this.settings.tMax;
  }

  get etaMin(): number {
    return this.settings.etaMin;
  }

  protected rate(before: number, base: number): number {
    const { tMax: T, etaMin } = this.settings;
    const t = this.lastEpoch;
    if (t === 0) return before;
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
export class CosineAnnealingWarmRestarts extends LRScheduler<typeof RESTARTS.options> {
  /** @param options `t0`: T_0; `tMult`: default 1; `etaMin`: default 0. */
  constructor(
    optimizer: Optimizer,
    options: { readonly t0: number; readonly tMult?: number; readonly etaMin?: number },
  ) {
    super(RESTARTS, optimizer, options);
    this.apply();
  }

  get t0(): number {
    return this.settings.t0;
  }

  get tMult(): number {
    return this.settings.tMult;
  }

  get etaMin(): number {
    return this.settings.etaMin;
  }

  protected rate(_: number, base: number): number {
    const { t0, tMult, etaMin } = this.settings;
    let [at, length] = [this.lastEpoch, t0];
    if (tMult === 1) at %= length;
    else while (at >= length) [at, length] = [at - length, length * tMult];
    return etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * at) / length))) / 2;
  }
}

registerSchedule(CosineAnnealingLR, {
  cases: () => [{ tMax: 10 }, { tMax: 13, etaMin: 0.02 }],
  runs: () => [{ tMax: 7, etaMin: 0.001 }],
});

registerSchedule(CosineAnnealingWarmRestarts, {
  cases: () => [{ t0: 7 }, { t0: 5, tMult: 2, etaMin: 0.01 }],
  runs: () => [{ t0: 3, tMult: 2, etaMin: 0.001 }],
});
