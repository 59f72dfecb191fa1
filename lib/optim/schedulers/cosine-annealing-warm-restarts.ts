import type { Optimizer } from "../optimizer.js";
import { LRScheduler } from "./lr-scheduler.js";
import { number } from "./options.js";
import { registerSchedule } from "./registry.js";

const WHOLE = { min: 1, integer: true };

const RESTARTS = {
  name: "CosineAnnealingWarmRestarts",
  options: {
    t0: number(WHOLE, undefined, "T_0"),
    tMult: number(WHOLE, 1, "T_mult"),
    etaMin: number({ min: 0 }, 0),
  },
};

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

registerSchedule(CosineAnnealingWarmRestarts, {
  cases: () => [{ t0: 7 }, { t0: 5, tMult: 2, etaMin: 0.01 }],
  runs: () => [{ t0: 3, tMult: 2, etaMin: 0.001 }],
});
