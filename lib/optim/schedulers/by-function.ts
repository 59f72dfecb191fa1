import { ArgumentError } from "../../errors.js";
import { describe } from "../../options.js";
import type { Optimizer } from "../optimizer.js";
import { checkOptimizer, LRScheduler } from "./lr-scheduler.js";
import { registerSchedule } from "./registry.js";

/** A factor by epoch, for all groups or one for each. */
export type EpochFactor = (epoch: number) => number;

function readFactors(
  name: string,
  factors: EpochFactor | readonly EpochFactor[],
  { groups: { length: groups } }: Optimizer,
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
    const factors = readFactors("LambdaLR", lrLambda, checkOptimizer("LambdaLR", optimizer));
    super("LambdaLR", optimizer);
    this.#factors = factors;
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
