import { increment, update } from "../eager/apply.js";
import { ArgumentError } from "../errors.js";
import { instructionId } from "../native/instructions.js";
import { checkFlag, checkNumber } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { type ParameterList, scalarState } from "./group.js";
import { keepsNoGradient, Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface SGDOptions extends OptimizerOptions {
  /** Learning rate η ≥ 0. Default: 0.001. */
  readonly lr?: number;
  /** μ ≥ 0. Default: 0, plain descent. */
  readonly momentum?: number;
  /** τ, what of each new gradient is held back from the velocity. Default: 0. */
  readonly dampening?: number;
  /** λ ≥ 0, added to the gradient as λ·w. Default: 0. */
  readonly weightDecay?: number;
  /** Nesterov's momentum; needs momentum > 0 and dampening 0. Default: false. */
  readonly nesterov?: boolean;
  /** Climb instead of descending. Default: false. */
  readonly maximize?: boolean;
}

type Settings = Required<Omit<SGDOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly momentumBuffer: Tensor | null;
}

const INSTRUCTION = instructionId("sgd");

function read(options: SGDOptions): Settings {
  const momentum = checkNumber("SGD", "momentum", options.momentum ?? 0, { min: 0 });
  const dampening = checkNumber("SGD", "dampening", options.dampening ?? 0);
  const weightDecay = checkNumber("SGD", "weightDecay", options.weightDecay ?? 0, { min: 0 });
  const nesterov = checkFlag("SGD", "nesterov", options.nesterov ?? false);
  const maximize = checkFlag("SGD", "maximize", options.maximize ?? false);
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new ArgumentError(
      `SGD: Nesterov's momentum needs momentum > 0 and dampening 0, got ${momentum} and ${dampening}`,
    );
  }
  return { momentum, dampening, weightDecay, nesterov, maximize };
}

/** PyTorch counts no steps: where there is a velocity there was one. */
const complete = (state: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  step: state["momentum_buffer"] == null ? 0 : 1,
  ...state,
});

/**
 * Gradient descent, with momentum if wanted (torch.optim.SGD):
 *
 *     g ← ∂L/∂w + λ·w
 *     v ← μ·v + (1 − τ)·g          the first time v ← g
 *     w ← w − η·v                  w ← w − η·(g + μ·v) with Nesterov; w ← w − η·g with μ = 0
 *
 * Whether it is full-batch, stochastic or mini-batch descent is a matter of the batches it is given.
 *
 * @example
 * const opt = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * opt.zeroGrad(); loss.backward(); opt.step();
 * @throws ArgumentError, OptionError, DTypeError
 */
export class SGD extends Optimizer<State, Settings> {
  static {
    keepsNoGradient(SGD.prototype.update);
  }

  constructor(parameters: ParameterList<SGDOptions>, options: SGDOptions = {}) {
    super("SGD", parameters, options, { lr: 0.001, read, complete });
  }

  protected initialState(parameter: Tensor, { momentum }: Settings): State {
    return { step: scalarState(0), momentumBuffer: momentum === 0 ? null : zerosLike(parameter) };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, momentumBuffer: velocity }: State,
    { momentum, dampening, weightDecay, nesterov, maximize }: Settings,
    momentumNow: number | Tensor,
  ): void {
    increment(step);
    const moving = typeof momentumNow === "number" ? null : momentumNow;
    const params = [1, parameter.size, momentum, dampening, weightDecay, Number(nesterov), Number(maximize)];
    update(
      "SGD",
      INSTRUCTION,
      params,
      [parameter, gradient, velocity, lr, step, moving],
      [parameter, velocity],
    );
  }
}

registerOptimizer(SGD, {
  cases: () => [
    { lr: 0.05 },
    { lr: 0.02, momentum: 0.9 },
    { lr: 0.05, momentum: 0.9, dampening: 0.5 },
    { lr: 0.02, momentum: 0.9, nesterov: true },
    { lr: 0.05, weightDecay: 0.1 },
    { lr: 0.05, maximize: true },
    { lr: 0.02, momentum: 0.9, weightDecay: 0.1 },
    { lr: 0.05, momentum: 0.8, dampening: 0.25, weightDecay: 0.01 },
    { lr: 0.02, momentum: 0.9, nesterov: true, weightDecay: 0.1 },
    { lr: 0.02, momentum: 0.9, nesterov: true, weightDecay: 0.1, maximize: true },
  ],
  resumed: { lr: 0.02, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  cycled: { momentum: 0.9, nesterov: true },
});
