import { write } from "../eager/apply.js";
import { mul } from "../ops/mul.js";
import { sign } from "../ops/sign.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { readBetas } from "./adam.js";
import {
  adjusted,
  counted,
  type GradientSettings,
  movingAverage,
  readGradientSettings,
} from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface LionOptions extends OptimizerOptions, Partial<GradientSettings> {
  /** Learning rate η ≥ 0. Default: 1e-4. */
  readonly lr?: number;
  /** β₁ and β₂ in [0, 1). Default: [0.9, 0.99]. */
  readonly betas?: readonly [number, number];
}

type Settings = Required<Omit<LionOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly expAvg: Tensor;
}

const read = (options: LionOptions): Settings => ({
  ...readGradientSettings("Lion", options),
  betas: readBetas("Lion", options.betas, [0.9, 0.99]),
});

/** The algorithm counts no steps, and others' state dicts of it have none. */
const complete = (state: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  step: 0,
  ...state,
});

/**
 * Lion: the sign of a momentum (Chen et al., 2023, algorithm 2; the weight decay λ is decoupled):
 *
 *     u = sign(β₁·m + (1 − β₁)·g)
 *     w ← w − η·(u + λ·w)
 *     m ← β₂·m + (1 − β₂)·g
 *
 * @example const opt = new optim.Lion(model.parameters(), { lr: 1e-4, weightDecay: 0.1 });
 * @throws ArgumentError, OptionError, DTypeError
 */
export class Lion extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<LionOptions>, options: LionOptions = {}) {
    super("Lion", parameters, options, { lr: 1e-4, read, complete });
  }

  protected initialState(parameter: Tensor): State {
    return { step: scalarState(0), expAvg: zerosLike(parameter) };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, expAvg }: State,
    settings: Settings,
    beta1: number | Tensor,
  ): void {
    counted(step);
    const [, beta2] = settings.betas;
    const g = adjusted(parameter, gradient, { ...settings, weightDecay: 0 });
    const of = (x: Tensor): Tensor => to(x, parameter.dtype);
    const start = mul(parameter, of(sub(1, mul(lr, settings.weightDecay))));
    const moved = sub(start, mul(sign(movingAverage(expAvg, g, beta1)), of(lr)));
    const m = movingAverage(expAvg, g, beta2);
    write("Lion", expAvg, m);
    write("Lion", parameter, moved);
  }
}

registerOptimizer(Lion, {
  torch: "references.Lion",
  cases: () => [
    { lr: 0.01 },
    { lr: 0.02, betas: [0.8, 0.95], weightDecay: 0.2 },
    { lr: 0.01, maximize: true },
  ],
  resumed: { lr: 0.02, weightDecay: 0.2 },
  cycled: { lr: 0.01 },
});
