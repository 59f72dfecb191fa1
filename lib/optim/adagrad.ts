import { write } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { mul } from "../ops/mul.js";
import { sqrt } from "../ops/sqrt.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { checkNumber } from "../options.js";
import { full } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { adjusted, counted, type GradientSettings, readGradientSettings } from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface AdagradOptions extends OptimizerOptions, Partial<GradientSettings> {
  /** Learning rate η ≥ 0. Default: 0.01. */
  readonly lr?: number;
  /** How the learning rate falls: η / (1 + (t − 1)·lrDecay). Default: 0. */
  readonly lrDecay?: number;
  /** What the sum of squares begins with, ≥ 0. Default: 0. */
  readonly initialAccumulatorValue?: number;
  /** ε ≥ 0. Default: 1e-10. */
  readonly eps?: number;
}

type Settings = Required<Omit<AdagradOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly sum: Tensor;
}

const read = (options: AdagradOptions): Settings => ({
  ...readGradientSettings("Adagrad", options),
  lrDecay: checkNumber("Adagrad", "lrDecay", options.lrDecay ?? 0, { min: 0 }),
  initialAccumulatorValue: checkNumber(
    "Adagrad",
    "initialAccumulatorValue",
    options.initialAccumulatorValue ?? 0,
    { min: 0 },
  ),
  eps: checkNumber("Adagrad", "eps", options.eps ?? 1e-10, { min: 0 }),
});

/**
 * Adagrad (Duchi et al., 2011; torch.optim.Adagrad):
 *
 *     g ← ∂L/∂w + λ·w
 *     s ← s + g²
 *     w ← w − η / (1 + (t − 1)·lrDecay) · g / (√s + ε)      t: the number of steps
 *
 * @example const opt = new optim.Adagrad(model.parameters(), { lr: 0.01 });
 * @throws ArgumentError, OptionError, DTypeError
 */
export class Adagrad extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<AdagradOptions>, options: AdagradOptions = {}) {
    super("Adagrad", parameters, options, { lr: 0.01, read });
  }

  protected initialState({ shape, dtype }: Tensor, { initialAccumulatorValue }: Settings): State {
    return { step: scalarState(0), sum: full(shape, initialAccumulatorValue, { dtype }) };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, sum }: State,
    settings: Settings,
  ): void {
    const { dtype } = parameter;
    const before = sub(counted(step), 1);
    const rate = div(lr, add(mul(before, settings.lrDecay), 1));
    const g = adjusted(parameter, gradient, settings);
    const squares = add(sum, square(g));
    const moved = sub(parameter, mul(div(g, add(sqrt(squares), settings.eps)), to(rate, dtype)));
    write("Adagrad", sum, squares);
    write("Adagrad", parameter, moved);
  }
}

registerOptimizer(Adagrad, {
  cases: () => [
    {},
    { lr: 0.2, lrDecay: 0.1, weightDecay: 0.1, initialAccumulatorValue: 0.5, eps: 0.01 },
    { lr: 0.1, maximize: true },
  ],
  resumed: { lr: 0.1, lrDecay: 0.1, initialAccumulatorValue: 0.5 },
});
