import type { Optimizer } from "../optimizer.js";
import { type EpochFactor, readFactors } from "./epoch-factor.js";
import { checkOptimizer, LRScheduler } from "./lr-scheduler.js";
import { registerSchedule } from "./registry.js";

/**
 * η_t = η_{t−1}·f(t) (torch.optim.lr_scheduler.MultiplicativeLR).
 * @example new optim.MultiplicativeLR(optimizer, () => 0.95)
 * @throws ArgumentError
 */
export class MultiplicativeLR extends LRScheduler {
  readonly #factors: readonly EpochFactor[];

  constructor(optimizer: Optimizer, lrLambda: EpochFactor | readonly EpochFactor[]) {
    const factors = readFactors("MultiplicativeLR", lrLambda, checkOptimizer("MultiplicativeLR", optimizer));
    super("MultiplicativeLR", optimizer);
    this.#factors = factors;
    this.apply();
  }

  /**
   * As in PyTorch it goes on from the other schedule's rates, by f(0).
   * @internal
   */
  override restart(): void {
    this.lastEpoch = 0;
    this.apply(this.getLastLr().map((before, group) => before * (this.#factors[group] as EpochFactor)(0)));
  }

  protected rate(before: number, _: number, group: number): number {
    return this.lastEpoch === 0 ? before : before * (this.#factors[group] as EpochFactor)(this.lastEpoch);
  }
}

registerSchedule(MultiplicativeLR, {
  cases: () => [
    {
      note: "1 - epoch / 100",
      make: (optimizer) => new MultiplicativeLR(optimizer, (epoch) => 1 - epoch / 100),
      torch: "lambda o: S.MultiplicativeLR(o, lambda epoch: 1 - epoch / 100)",
    },
  ],
  runs: () => [
    {
      note: "1 - epoch / 20",
      make: (optimizer) => new MultiplicativeLR(optimizer, (epoch) => 1 - epoch / 20),
      torch: "lambda o: S.MultiplicativeLR(o, lambda epoch: 1 - epoch / 20)",
    },
  ],
});
