import { ArgumentError } from "../errors.js";
import { increment, update } from "../graph/apply.js";
import type { Tensor } from "../graph/tensor.js";
import { instructionId } from "../native/binding.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { Optimizer, scalarState, zerosLike } from "./optimizer.js";

export interface SGDOptions {
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

interface State {
  readonly step: Tensor;
  readonly velocity: Tensor | null;
}

const INSTRUCTION = instructionId("sgd");

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
export class SGD extends Optimizer<State> {
  readonly #params: readonly number[];
  readonly #momentum: number;

  constructor(parameters: Iterable<Tensor>, options: SGDOptions = {}) {
    checkOptions("SGD", options, ["lr", "momentum", "dampening", "weightDecay", "nesterov", "maximize"]);
    super("SGD", parameters, options.lr ?? 0.001);
    this.#momentum = checkNumber("SGD", "momentum", options.momentum ?? 0, { min: 0 });
    const dampening = checkNumber("SGD", "dampening", options.dampening ?? 0);
    const weightDecay = checkNumber("SGD", "weightDecay", options.weightDecay ?? 0, { min: 0 });
    const nesterov = checkFlag("SGD", "nesterov", options.nesterov ?? false);
    const maximize = checkFlag("SGD", "maximize", options.maximize ?? false);
    if (nesterov && (this.#momentum === 0 || dampening !== 0)) {
      throw new ArgumentError(
        `SGD: Nesterov's momentum needs momentum > 0 and dampening 0, got ${this.#momentum} and ${dampening}`,
      );
    }
    this.#params = [this.#momentum, dampening, weightDecay, Number(nesterov), Number(maximize)];
  }

  protected initialState(parameter: Tensor): State {
    return { step: scalarState(0), velocity: this.#momentum === 0 ? null : zerosLike(parameter) };
  }

  protected update(parameter: Tensor, gradient: Tensor, lr: Tensor, { step, velocity }: State): void {
    increment(step);
    const params = [1, parameter.size, ...this.#params];
    update("SGD", INSTRUCTION, params, [parameter, gradient, velocity, lr, step], [parameter, velocity]);
  }
}
