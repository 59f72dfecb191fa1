import { write } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { greater } from "../ops/greater.js";
import { maximum } from "../ops/maximum.js";
import { mul } from "../ops/mul.js";
import { pow } from "../ops/pow.js";
import { sqrt } from "../ops/sqrt.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import { checkFlag, checkNumber } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { readBetas } from "./adam.js";
import {
  adjusted,
  biasCorrection,
  counted,
  type GradientSettings,
  movingAverage,
  movingAverageOfSquares,
  readGradientSettings,
} from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface RAdamOptions extends OptimizerOptions, Partial<GradientSettings> {
  /** Learning rate η ≥ 0. Default: 0.001. */
  readonly lr?: number;
  /** β₁ and β₂ in [0, 1). Default: [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε ≥ 0. Default: 1e-8. */
  readonly eps?: number;
  /** Take η·λ·w from w instead of adding λ·w to the gradient. Default: false. */
  readonly decoupledWeightDecay?: boolean;
}

type Settings = Required<Omit<RAdamOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly expAvg: Tensor;
  readonly expAvgSq: Tensor;
}

const read = (options: RAdamOptions): Settings => ({
  ...readGradientSettings("RAdam", options),
  betas: readBetas("RAdam", options.betas),
  eps: checkNumber("RAdam", "eps", options.eps ?? 1e-8, { min: 0 }),
  decoupledWeightDecay: checkFlag("RAdam", "decoupledWeightDecay", options.decoupledWeightDecay ?? false),
});

/**
 * Adam whose first steps, while little is known of v, do without it (Liu et al., 2020; torch.optim.RAdam):
 *
 *     ρ_∞ = 2/(1 − β₂) − 1, ρ_t = ρ_∞ − 2·t·β₂ᵗ/(1 − β₂ᵗ)      t: the number of steps
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     w ← w − η·m/(1 − β₁ᵗ)·r·√(1 − β₂ᵗ)/(√v + ε),
 *         r = √((ρ_t − 4)(ρ_t − 2)·ρ_∞ / ((ρ_∞ − 4)(ρ_∞ − 2)·ρ_t)); w ← w − η·m/(1 − β₁ᵗ) for ρ_t ≤ 5
 *
 * @example const opt = new optim.RAdam(model.parameters());
 * @throws ArgumentError, OptionError, DTypeError
 */
export class RAdam extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<RAdamOptions>, options: RAdamOptions = {}) {
    super("RAdam", parameters, options, { lr: 0.001, read });
  }

  protected initialState(parameter: Tensor): State {
    return { step: scalarState(0), expAvg: zerosLike(parameter), expAvgSq: zerosLike(parameter) };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, expAvg, expAvgSq }: State,
    settings: Settings,
    beta1: number | Tensor,
  ): void {
    const { betas, eps, weightDecay, decoupledWeightDecay } = settings;
    const [, beta2] = betas;
    const t = counted(step);
    const of = (x: Tensor): Tensor => to(x, parameter.dtype);
    const decays = decoupledWeightDecay ? 0 : weightDecay;
    const g = adjusted(parameter, gradient, { ...settings, weightDecay: decays });
    const start = decoupledWeightDecay ? mul(parameter, of(sub(1, mul(lr, weightDecay)))) : parameter;
    const m = movingAverage(expAvg, g, beta1);
    const v = movingAverageOfSquares(expAvgSq, g, beta2);
    const all = 2 / (1 - beta2) - 1;
    const correction = biasCorrection(beta2, t);
    const rho = sub(all, div(mul(mul(t, 2), pow(beta2, t)), correction));
    const isKnown = greater(rho, 5);
    const known = maximum(rho, 5);
    const share = mul(mul(sub(known, 4), sub(known, 2)), all / ((all - 4) * (all - 2)));
    const rectified = sqrt(mul(div(share, known), correction));
    // With v: r·√(1 − β₂ᵗ)/(√v + ε); without: 1.
    const factor = where(isKnown, div(of(rectified), add(sqrt(v), eps)), 1);
    const rate = of(div(lr, biasCorrection(beta1, t)));
    const moved = sub(start, mul(mul(m, rate), factor));
    write("RAdam", expAvg, m);
    write("RAdam", expAvgSq, v);
    write("RAdam", parameter, moved);
  }
}

registerOptimizer(RAdam, {
  cases: () => [
    {},
    { lr: 0.05, betas: [0.8, 0.95], eps: 0.01, weightDecay: 0.1 },
    { lr: 0.05, weightDecay: 0.1, decoupledWeightDecay: true, maximize: true },
  ],
  resumed: { lr: 0.02, betas: [0.8, 0.7] },
  cycled: {},
});
