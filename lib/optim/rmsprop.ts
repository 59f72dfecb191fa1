import { write } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { mul } from "../ops/mul.js";
import { sqrt } from "../ops/sqrt.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { checkFlag, checkNumber } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  adjusted,
  counted,
  type GradientSettings,
  movingAverage,
  movingAverageOfSquares,
  readGradientSettings,
  scalarIn,
} from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface RMSpropOptions extends OptimizerOptions, Partial<GradientSettings> {
  /** Learning rate η ≥ 0. Default: 0.01. */
  readonly lr?: number;
  /** α in [0, 1]. Default: 0.99. */
  readonly alpha?: number;
  /** ε ≥ 0. Default: 1e-8. */
  readonly eps?: number;
  /** μ ≥ 0. Default: 0. */
  readonly momentum?: number;
  /** Divide by the root of the variance instead of the mean square. Default: false. */
  readonly centered?: boolean;
}

type Settings = Required<Omit<RMSpropOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly squareAvg: Tensor;
  readonly gradAvg: Tensor | null;
  readonly momentumBuffer: Tensor | null;
}

const read = (options: RMSpropOptions): Settings => ({
  ...readGradientSettings("RMSprop", options),
  alpha: checkNumber("RMSprop", "alpha", options.alpha ?? 0.99, { min: 0, max: 1 }),
  eps: checkNumber("RMSprop", "eps", options.eps ?? 1e-8, { min: 0 }),
  momentum: checkNumber("RMSprop", "momentum", options.momentum ?? 0, { min: 0 }),
  centered: checkFlag("RMSprop", "centered", options.centered ?? false),
});

/**
 * RMSprop (Hinton, 2012; torch.optim.RMSprop):
 *
 *     g ← ∂L/∂w + λ·w
 *     v ← α·v + (1 − α)·g²          centred: and ḡ ← α·ḡ + (1 − α)·g, v − ḡ² below
 *     b ← μ·b + g / (√v + ε)
 *     w ← w − η·b
 *
 * @example const opt = new optim.RMSprop(model.parameters(), { lr: 0.01, momentum: 0.9 });
 * @throws ArgumentError, OptionError, DTypeError
 */
export class RMSprop extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<RMSpropOptions>, options: RMSpropOptions = {}) {
    super("RMSprop", parameters, options, { lr: 0.01, read });
  }

  protected initialState(parameter: Tensor, { centered, momentum }: Settings): State {
    return {
      step: scalarState(0),
      squareAvg: zerosLike(parameter),
      gradAvg: centered ? zerosLike(parameter) : null,
      momentumBuffer: momentum > 0 ? zerosLike(parameter) : null,
    };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, squareAvg, gradAvg, momentumBuffer }: State,
    settings: Settings,
    momentum: number | Tensor,
  ): void {
    counted(step);
    const { alpha, eps } = settings;
    const g = adjusted(parameter, gradient, settings);
    const v = movingAverageOfSquares(squareAvg, g, alpha);
    const mean = gradAvg === null ? null : movingAverage(gradAvg, g, alpha);
    const variance = mean === null ? v : sub(v, square(mean));
    const scaled = div(g, add(sqrt(variance), eps));
    const move =
      momentumBuffer === null
        ? scaled
        : add(mul(momentumBuffer, scalarIn(parameter.dtype, momentum)), scaled);
    const moved = sub(parameter, mul(move, to(lr, parameter.dtype)));
    write("RMSprop", squareAvg, v);
    if (gradAvg !== null && mean !== null) write("RMSprop", gradAvg, mean);
    if (momentumBuffer !== null) write("RMSprop", momentumBuffer, move);
    write("RMSprop", parameter, moved);
  }
}

registerOptimizer(RMSprop, {
  cases: () => [
    {},
    { lr: 0.02, alpha: 0.9, eps: 0.01, weightDecay: 0.1, momentum: 0.5, centered: true },
    { lr: 0.02, momentum: 0.9, maximize: true },
    { lr: 0.02, centered: true },
  ],
  resumed: { lr: 0.02, alpha: 0.9, momentum: 0.5, centered: true },
  cycled: { momentum: 0.5 },
});
