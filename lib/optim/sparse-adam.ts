import { write } from "../eager/apply.js";
import { add } from "../ops/add.js";
import { any } from "../ops/any.js";
import { div } from "../ops/div.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { notEqual } from "../ops/not-equal.js";
import { sqrt } from "../ops/sqrt.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { where } from "../ops/where.js";
import { checkFlag, checkNumber } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { readBetas } from "./adam.js";
import { biasCorrection, counted, movingAverage, movingAverageOfSquares } from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface SparseAdamOptions extends OptimizerOptions {
  /** Learning rate η ≥ 0. Default: 0.001. */
  readonly lr?: number;
  /** β₁ and β₂ in [0, 1). Default: [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε ≥ 0. Default: 1e-8. */
  readonly eps?: number;
  /** Climb instead of descending. Default: false. */
  readonly maximize?: boolean;
}

type Settings = Required<Omit<SparseAdamOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly expAvg: Tensor;
  readonly expAvgSq: Tensor;
}

const read = (options: SparseAdamOptions): Settings => ({
  betas: readBetas("SparseAdam", options.betas),
  eps: checkNumber("SparseAdam", "eps", options.eps ?? 1e-8, { min: 0 }),
  maximize: checkFlag("SparseAdam", "maximize", options.maximize ?? false),
});

/**
 * Adam that leaves rows alone whose gradient is 0, with their moments, for tables such as `nn.Embedding`
 * (torch.optim.SparseAdam, which goes by which rows were looked up). In the other rows
 *
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     w ← w − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε)      t: the number of steps
 *
 * @example const opt = new optim.SparseAdam(embedding.parameters());
 * @throws ArgumentError, OptionError, DTypeError
 */
export class SparseAdam extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<SparseAdamOptions>, options: SparseAdamOptions = {}) {
    super("SparseAdam", parameters, options, { lr: 0.001, read });
  }

  protected initialState(parameter: Tensor): State {
    return { step: scalarState(0), expAvg: zerosLike(parameter), expAvgSq: zerosLike(parameter) };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, expAvg, expAvgSq }: State,
    { betas, eps, maximize }: Settings,
    beta1: number | Tensor,
  ): void {
    const [, beta2] = betas;
    const t = counted(step);
    const g = maximize ? neg(gradient) : gradient;
    const dim = g.shape.slice(1).map((_, i) => i + 1);
    const isThere = notEqual(g, 0);
    const moves = dim.length === 0 ? isThere : any(isThere, { dim, keepdim: true });
    const m = where(moves, movingAverage(expAvg, g, beta1), expAvg);
    const v = where(moves, movingAverageOfSquares(expAvgSq, g, beta2), expAvgSq);
    const rate = to(div(mul(lr, sqrt(biasCorrection(beta2, t))), biasCorrection(beta1, t)), parameter.dtype);
    const moved = where(moves, sub(parameter, mul(div(m, add(sqrt(v), eps)), rate)), parameter);
    write("SparseAdam", expAvg, m);
    write("SparseAdam", expAvgSq, v);
    write("SparseAdam", parameter, moved);
  }
}

registerOptimizer(SparseAdam, {
  cases: () => [{}, { lr: 0.05, betas: [0.8, 0.95], eps: 0.01 }, { maximize: true }],
  resumed: { lr: 0.02 },
  cycled: {},
  asks: { sparse: true },
});
