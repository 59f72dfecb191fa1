import { checkNumber, checkOptions } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";

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
