import { write } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { equal } from "../ops/equal.js";
import { maximum } from "../ops/maximum.js";
import { mul } from "../ops/mul.js";
import { pow } from "../ops/pow.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import { checkNumber } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { adjusted, counted, type GradientSettings, readGradientSettings } from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface ASGDOptions extends OptimizerOptions, Partial<GradientSettings> {
  /** Learning rate η₀ ≥ 0. Default: 0.01. */
  readonly lr?: number;
  /** λ' ≥ 0, of the decay. Default: 1e-4. */
  readonly lambd?: number;
  /** The power by which the learning rate falls. Default: 0.75. */
  readonly alpha?: number;
  /** The step from which on weights are averaged. Default: 1e6. */
  readonly t0?: number;
}

type Settings = Required<Omit<ASGDOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly eta: Tensor;
  readonly mu: Tensor;
  readonly ax: Tensor;
}

const read = (options: ASGDOptions): Settings => ({
  ...readGradientSettings("ASGD", options),
  lambd: checkNumber("ASGD", "lambd", options.lambd ?? 1e-4),
  alpha: checkNumber("ASGD", "alpha", options.alpha ?? 0.75),
  t0: checkNumber("ASGD", "t0", options.t0 ?? 1e6),
});

/**
 * Averaged stochastic gradient descent (Polyak and Juditsky, 1992; torch.optim.ASGD):
 *
 *     w ← (1 − λ'·η)·w − η·g
 *     a ← a + μ·(w − a), the average of the weights, in the state as `ax`
 *     η ← η₀/(1 + λ'·η₀·t)^α, μ ← 1/max(1, t − t₀)      t: the number of steps
 *
 * @example const opt = new optim.ASGD(model.parameters(), { t0: 1000 });
 * @throws ArgumentError, OptionError, DTypeError
 */
export class ASGD extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<ASGDOptions>, options: ASGDOptions = {}) {
    super("ASGD", parameters, options, { lr: 0.01, read });
  }

  protected initialState(parameter: Tensor, _: Settings, lr: Tensor): State {
    const eta = scalarState(lr.storage.forReading()[0] as number);
    return { step: scalarState(0), eta, mu: scalarState(1), ax: zerosLike(parameter) };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, eta, mu, ax }: State,
    settings: Settings,
  ): void {
    const { lambd, alpha, t0 } = settings;
    const t = counted(step);
    const of = (x: Tensor): Tensor => to(x, parameter.dtype);
    const g = adjusted(parameter, gradient, settings);
    const kept = mul(parameter, of(sub(1, mul(eta, lambd))));
    const moved = sub(kept, mul(g, of(eta)));
    const average = where(equal(mu, 1), moved, add(ax, mul(sub(moved, ax), of(mu))));
    const nextEta = div(lr, pow(add(mul(mul(t, lr), lambd), 1), alpha));
    const nextMu = div(1, maximum(sub(t, t0), 1));
    write("ASGD", parameter, moved);
    write("ASGD", ax, average);
    write("ASGD", eta, nextEta);
    write("ASGD", mu, nextMu);
  }
}

registerOptimizer(ASGD, {
  cases: () => [
    {},
    { lr: 0.05, lambd: 0.01, alpha: 0.5, t0: 10, weightDecay: 0.1 },
    { lr: 0.05, maximize: true },
  ],
  resumed: { lr: 0.05, lambd: 0.01, alpha: 0.5, t0: 3 },
});
