import { write } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { mul } from "../ops/mul.js";
import { pow } from "../ops/pow.js";
import { sqrt } from "../ops/sqrt.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
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

export interface NAdamOptions extends OptimizerOptions, Partial<GradientSettings> {
  /** Learning rate η ≥ 0. Default: 0.002. */
  readonly lr?: number;
  /** β₁ and β₂ in [0, 1). Default: [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε ≥ 0. Default: 1e-8. */
  readonly eps?: number;
  /** ψ ≥ 0, how the momentum grows. Default: 0.004. */
  readonly momentumDecay?: number;
  /** Take η·λ·w from w instead of adding λ·w to the gradient. Default: false. */
  readonly decoupledWeightDecay?: boolean;
}

type Settings = Required<Omit<NAdamOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly muProduct: Tensor;
  readonly expAvg: Tensor;
  readonly expAvgSq: Tensor;
}

const read = (options: NAdamOptions): Settings => ({
  ...readGradientSettings("NAdam", options),
  betas: readBetas("NAdam", options.betas),
  eps: checkNumber("NAdam", "eps", options.eps ?? 1e-8, { min: 0 }),
  momentumDecay: checkNumber("NAdam", "momentumDecay", options.momentumDecay ?? 0.004, { min: 0 }),
  decoupledWeightDecay: checkFlag("NAdam", "decoupledWeightDecay", options.decoupledWeightDecay ?? false),
});

/**
 * Adam with Nesterov's momentum (Dozat, 2016; torch.optim.NAdam):
 *
 *     μ_t = β₁·(1 − 0.96^(t·ψ)/2), M_t = μ_1·…·μ_t      t: the number of steps
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     w ← w − η·((1 − μ_t)/(1 − M_t)·g + μ_{t+1}/(1 − M_{t+1})·m) / (√(v/(1 − β₂ᵗ)) + ε)
 *
 * @example const opt = new optim.NAdam(model.parameters());
 * @throws ArgumentError, OptionError, DTypeError
 */
export class NAdam extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<NAdamOptions>, options: NAdamOptions = {}) {
    super("NAdam", parameters, options, { lr: 0.002, read });
  }

  protected initialState(parameter: Tensor): State {
    return {
      step: scalarState(0),
      muProduct: scalarState(1),
      expAvg: zerosLike(parameter),
      expAvgSq: zerosLike(parameter),
    };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, muProduct, expAvg, expAvgSq }: State,
    settings: Settings,
    beta1: number | Tensor,
  ): void {
    const { betas, eps, momentumDecay, weightDecay, decoupledWeightDecay } = settings;
    const [, beta2] = betas;
    const t = counted(step);
    const muOf = (at: Tensor): Tensor => mul(sub(1, mul(pow(0.96, mul(at, momentumDecay)), 0.5)), beta1);
    const [mu, next] = [muOf(t), muOf(add(t, 1))];
    const product = mul(muProduct, mu);
    const of = (x: Tensor): Tensor => to(x, parameter.dtype);
    const decays = decoupledWeightDecay ? 0 : weightDecay;
    const g = adjusted(parameter, gradient, { ...settings, weightDecay: decays });
    const start = decoupledWeightDecay ? mul(parameter, of(sub(1, mul(lr, weightDecay)))) : parameter;
    const m = movingAverage(expAvg, g, beta1);
    const v = movingAverageOfSquares(expAvgSq, g, beta2);
    const root = add(sqrt(div(v, of(biasCorrection(beta2, t)))), eps);
    const ofGradient = of(div(mul(lr, sub(1, mu)), sub(1, product)));
    const ofMomentum = of(div(mul(lr, next), sub(1, mul(product, next))));
    const moved = sub(start, div(add(mul(g, ofGradient), mul(m, ofMomentum)), root));
    write("NAdam", muProduct, product);
    write("NAdam", expAvg, m);
    write("NAdam", expAvgSq, v);
    write("NAdam", parameter, moved);
  }
}

registerOptimizer(NAdam, {
  cases: () => [
    {},
    { lr: 0.01, betas: [0.8, 0.95], eps: 0.01, weightDecay: 0.1, momentumDecay: 0.02 },
    { lr: 0.05, weightDecay: 0.1, decoupledWeightDecay: true, maximize: true },
  ],
  resumed: { lr: 0.02, momentumDecay: 0.02, decoupledWeightDecay: true, weightDecay: 0.1 },
  cycled: {},
});
