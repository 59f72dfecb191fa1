import { write } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { mul } from "../ops/mul.js";
import { sqrt } from "../ops/sqrt.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { checkNumber } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  adjusted,
  counted,
  type GradientSettings,
  movingAverageOfSquares,
  readGradientSettings,
} from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface AdadeltaOptions extends OptimizerOptions, Partial<GradientSettings> {
  /** Learning rate η ≥ 0. Default: 1. */
  readonly lr?: number;
  /** ρ in [0, 1]. Default: 0.9. */
  readonly rho?: number;
  /** ε ≥ 0. Default: 1e-6. */
  readonly eps?: number;
}

type Settings = Required<Omit<AdadeltaOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly squareAvg: Tensor;
  readonly accDelta: Tensor;
}

const read = (options: AdadeltaOptions): Settings => ({
  ...readGradientSettings("Adadelta", options),
  rho: checkNumber("Adadelta", "rho", options.rho ?? 0.9, { min: 0, max: 1 }),
  eps: checkNumber("Adadelta", "eps", options.eps ?? 1e-6, { min: 0 }),
});

/**
 * Adadelta (Zeiler, 2012; torch.optim.Adadelta):
 *
 *     g ← ∂L/∂w + λ·w
 *     v ← ρ·v + (1 − ρ)·g²
 *     d ← √(u + ε) / √(v + ε) · g
 *     u ← ρ·u + (1 − ρ)·d²
 *     w ← w − η·d
 *
 * @example const opt = new optim.Adadelta(model.parameters());
 * @throws ArgumentError, OptionError, DTypeError
 */
export class Adadelta extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<AdadeltaOptions>, options: AdadeltaOptions = {}) {
    super("Adadelta", parameters, options, { lr: 1, read });
  }

  protected initialState(parameter: Tensor): State {
    return { step: scalarState(0), squareAvg: zerosLike(parameter), accDelta: zerosLike(parameter) };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, squareAvg, accDelta }: State,
    settings: Settings,
  ): void {
    counted(step);
    const { rho, eps } = settings;
    const g = adjusted(parameter, gradient, settings);
    const v = movingAverageOfSquares(squareAvg, g, rho);
    const d = mul(div(sqrt(add(accDelta, eps)), sqrt(add(v, eps))), g);
    const u = movingAverageOfSquares(accDelta, d, rho);
    const moved = sub(parameter, mul(d, to(lr, parameter.dtype)));
    write("Adadelta", squareAvg, v);
    write("Adadelta", accDelta, u);
    write("Adadelta", parameter, moved);
  }
}

registerOptimizer(Adadelta, {
  cases: () => [{}, { lr: 0.2, rho: 0.8, eps: 0.001, weightDecay: 0.1 }, { maximize: true }],
  resumed: { lr: 0.5, rho: 0.8, eps: 0.001, maximize: true },
});
