import { write } from "../eager/apply.js";
import { abs } from "../ops/abs.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { maximum } from "../ops/maximum.js";
import { mul } from "../ops/mul.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { checkNumber } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { readBetas } from "./adam.js";
import {
  adjusted,
  biasCorrection,
  counted,
  type GradientSettings,
  movingAverage,
  readGradientSettings,
} from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface AdamaxOptions extends OptimizerOptions, Partial<GradientSettings> {
  /** Learning rate η ≥ 0. Default: 0.002. */
  readonly lr?: number;
  /** β₁ and β₂ in [0, 1). Default: [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε ≥ 0. Default: 1e-8. */
  readonly eps?: number;
}

type Settings = Required<Omit<AdamaxOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly expAvg: Tensor;
  readonly expInf: Tensor;
}

const read = (options: AdamaxOptions): Settings => ({
  ...readGradientSettings("Adamax", options),
  betas: readBetas("Adamax", options.betas),
  eps: checkNumber("Adamax", "eps", options.eps ?? 1e-8, { min: 0 }),
});

/**
 * Adam with the largest recent gradient instead of the root mean square (Kingma and Ba, 2015;
 * torch.optim.Adamax):
 *
 *     g ← ∂L/∂w + λ·w
 *     m ← β₁·m + (1 − β₁)·g
 *     u ← max(β₂·u, |g| + ε)
 *     w ← w − η / (1 − β₁ᵗ) · m / u      t: the number of steps
 *
 * @example const opt = new optim.Adamax(model.parameters());
 * @throws ArgumentError, OptionError, DTypeError
 */
export class Adamax extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<AdamaxOptions>, options: AdamaxOptions = {}) {
    super("Adamax", parameters, options, {
      lr: 0.002,
      read,
    });
  }

  protected initialState(parameter: Tensor): State {
    return { step: scalarState(0), expAvg: zerosLike(parameter), expInf: zerosLike(parameter) };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, expAvg, expInf }: State,
    settings: Settings,
    beta1: number | Tensor,
  ): void {
    const [, beta2] = settings.betas;
    const rate = div(lr, biasCorrection(beta1, counted(step)));
    const g = adjusted(parameter, gradient, settings);
    const m = movingAverage(expAvg, g, beta1);
    const u = maximum(mul(expInf, beta2), add(abs(g), settings.eps));
    const moved = sub(parameter, mul(div(m, u), to(rate, parameter.dtype)));
    write("Adamax", expAvg, m);
    write("Adamax", expInf, u);
    write("Adamax", parameter, moved);
  }
}

registerOptimizer(Adamax, {
  cases: () => [{}, { lr: 0.05, betas: [0.8, 0.95], eps: 0.01, weightDecay: 0.1 }, { maximize: true }],
  resumed: { lr: 0.02, eps: 0.01 },
  cycled: {},
});
