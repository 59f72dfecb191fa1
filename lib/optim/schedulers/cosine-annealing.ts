import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { number } from "./options.js";
import { registerSchedule } from "./registry.js";

const ANNEALING = {
  name: "CosineAnnealingLR",
  options: { tMax: number({ min: 1, integer: true }, undefined, "T_max"), etaMin: number({ min: 0 }, 0) },
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

registerSchedule(CosineAnnealingLR, {
  cases: () => [{ tMax: 10 }, { tMax: 13, etaMin: 0.02 }],
  runs: () => [{ tMax: 7, etaMin: 0.001 }],
});
