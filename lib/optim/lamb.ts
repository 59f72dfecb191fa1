import { write } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { greater } from "../ops/greater.js";
import { logicalAnd } from "../ops/logical-and.js";
import { mul } from "../ops/mul.js";
import { norm } from "../ops/norm.js";
import { sqrt } from "../ops/sqrt.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
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
  movingAverageOfSquares,
  readGradientSettings,
} from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface LAMBOptions extends OptimizerOptions, Partial<GradientSettings> {
  /** Learning rate η ≥ 0. Default: 0.001. */
  readonly lr?: number;
  /** β₁ and β₂ in [0, 1). Default: [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε ≥ 0. Default: 1e-6. */
  readonly eps?: number;
  /** λ ≥ 0, added to each direction as λ·w. Default: 0.01. */
  readonly weightDecay?: number;
}

type Settings = Required<Omit<LAMBOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly expAvg: Tensor;
  readonly expAvgSq: Tensor;
}

const read = (options: LAMBOptions): Settings => ({
  ...readGradientSettings("LAMB", options, 0.01),
  betas: readBetas("LAMB", options.betas),
  eps: checkNumber("LAMB", "eps", options.eps ?? 1e-6, { min: 0 }),
});

/**
 * AdamW whose step in each parameter is as long as η times the parameter itself, so that large batches and learning
 * rates go well (You et al., 2020, algorithm 2, with φ the identity; not in PyTorch):
 *
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     r = m̂/(√v̂ + ε) + λ·w      m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ), t: the number of steps
 *     w ← w − η·‖w‖/‖r‖·r        the ratio is 1 where ‖w‖ or ‖r‖ is 0
 *
 * The norms are over all numbers of a parameter.
 * @example const opt = new optim.LAMB(model.parameters(), { lr: 0.01 });
 * @throws ArgumentError, OptionError, DTypeError
 */
export class LAMB extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<LAMBOptions>, options: LAMBOptions = {}) {
    super("LAMB", parameters, options, { lr: 0.001, read });
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
    const { betas, eps, weightDecay } = settings;
    const [, beta2] = betas;
    const t = counted(step);
    const of = (x: Tensor): Tensor => to(x, parameter.dtype);
    const g = adjusted(parameter, gradient, { ...settings, weightDecay: 0 });
    const m = movingAverage(expAvg, g, beta1);
    const v = movingAverageOfSquares(expAvgSq, g, beta2);
    const root = add(sqrt(div(v, of(biasCorrection(beta2, t)))), eps);
    const r = add(div(div(m, of(biasCorrection(beta1, t))), root), mul(parameter, weightDecay));
    const [ofWeights, ofStep] = [norm(parameter), norm(r)];
    const isKnown = logicalAnd(greater(ofWeights, 0), greater(ofStep, 0));
    const ratio = where(isKnown, div(ofWeights, ofStep), 1);
    const moved = sub(parameter, mul(r, mul(of(lr), ratio)));
    write("LAMB", expAvg, m);
    write("LAMB", expAvgSq, v);
    write("LAMB", parameter, moved);
  }
}

registerOptimizer(LAMB, {
  torch: "references.LAMB",
  cases: () => [
    {},
    { lr: 0.05, betas: [0.8, 0.95], eps: 0.01, weightDecay: 0.1 },
    { lr: 0.02, weightDecay: 0, maximize: true },
  ],
  resumed: { lr: 0.05, weightDecay: 0.1 },
  cycled: {},
});
