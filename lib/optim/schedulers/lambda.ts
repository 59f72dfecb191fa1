import type { Optimizer } from "../optimizer.js";
import { type EpochFactor, readFactors } from "./epoch-factor.js";
import { checkOptimizer, LRScheduler } from "./lr-scheduler.js";
import { registerSchedule } from "./registry.js";

/**
 * η_t = η₀·f(t) (torch.optim.lr_scheduler.LambdaLR).
 * @example new optim.LambdaLR(optimizer, (epoch) => 0.95 ** epoch)
 * @throws ArgumentError
 */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly EpochFactor[];

  constructor(optimizer: Optimizer, lrLambda: EpochFactor | readonly EpochFactor[]) {
    const factors = readFactors("LambdaLR", lrLambda, checkOptimizer("LambdaLR", optimizer));
    super("LambdaLR", optimizer);
    this.#factors = factors;
    this.apply();
  }

  protected rate(_: number, base: number, group: number): number {
    return base * (this.#factors[group] as EpochFactor)(this.lastEpoch);
  }
}

registerSchedule(LambdaLR, {
  cases: () => [
    {
      note: "0.95 ** epoch",
      make: (optimizer) => new LambdaLR(optimizer, (epoch) => 0.95 ** epoch),
      torch: "lambda o: S.LambdaLR(o, lambda epoch: 0.95**epoch)",
    },
  ],
  runs: () => [
    {
      note: "0.9 ** epoch of the first group, 1 / (1 + epoch) of the second",
      make: (optimizer) => {
        const factors = [(epoch: number) => 0.9 ** epoch, (epoch: number) => 1 / (1 + epoch)];
        return new LambdaLR(optimizer, factors.slice(0, optimizer.groups.length));
      },
      torch:
        "lambda o: S.LambdaLR(o, [lambda epoch: 0.9**epoch, lambda epoch: 1 / (1 + epoch)][: len(o.param_groups)])",
    },
  ],
});
