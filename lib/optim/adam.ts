import { ArgumentError } from "../errors.js";
import { increment, update } from "../graph/apply.js";
import type { Tensor } from "../graph/tensor.js";
import { instructionId } from "../native/binding.js";
import { checkFlag, checkNumber, checkOptions, describe } from "../options.js";
import { Optimizer, scalarState, zerosLike } from "./optimizer.js";

export interface AdamOptions {
  /** Learning rate η ≥ 0. Default: 0.001. */
  readonly lr?: number;
  /** β₁ and β₂ in [0, 1). Default: [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε ≥ 0. Default: 1e-8. */
  readonly eps?: number;
  /** λ ≥ 0, added to the gradient as λ·w. Default: 0. */
  readonly weightDecay?: number;
  /** Use the largest v so far (Reddi et al., 2018). Default: false. */
  readonly amsgrad?: boolean;
  /** Climb instead of descending. Default: false. */
  readonly maximize?: boolean;
}

interface State {
  readonly step: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
  readonly vMax: Tensor | null;
}

const INSTRUCTION = instructionId("adam");

/**
 * Adam (Kingma and Ba, 2015; torch.optim.Adam):
 *
 *     g ← ∂L/∂w + λ·w
 *     m ← β₁·m + (1 − β₁)·g
 *     v ← β₂·v + (1 − β₂)·g²
 *     w ← w − η · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)      t: the number of steps
 *
 * @example const opt = new optim.Adam(model.parameters(), { lr: 0.001 });
 * @throws ArgumentError, OptionError, DTypeError
 */
export class Adam extends Optimizer<State> {
  readonly #params: readonly number[];
  readonly #amsgrad: boolean;

  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    checkOptions("Adam", options, ["lr", "betas", "eps", "weightDecay", "amsgrad", "maximize"]);
    super("Adam", parameters, options.lr ?? 0.001);
    const betas: unknown = options.betas ?? [0.9, 0.999];
    if (!Array.isArray(betas) || betas.length !== 2) {
      throw new ArgumentError(`Adam: expected betas to be two numbers, got ${describe(betas)}`);
    }
    const [beta1, beta2] = betas.map((beta, i) =>
      checkNumber("Adam", `betas[${i}]`, beta, { min: 0, below: 1 }),
    );
    const eps = checkNumber("Adam", "eps", options.eps ?? 1e-8, { min: 0 });
    const weightDecay = checkNumber("Adam", "weightDecay", options.weightDecay ?? 0, { min: 0 });
    this.#amsgrad = checkFlag("Adam", "amsgrad", options.amsgrad ?? false);
    const maximize = checkFlag("Adam", "maximize", options.maximize ?? false);
    const decoupled = 0;
    this.#params = [beta1 as number, beta2 as number, eps, weightDecay, decoupled, Number(maximize)];
  }

  protected initialState(parameter: Tensor): State {
    return {
      step: scalarState(0),
      m: zerosLike(parameter),
      v: zerosLike(parameter),
      vMax: this.#amsgrad ? zerosLike(parameter) : null,
    };
  }

  protected update(parameter: Tensor, gradient: Tensor, lr: Tensor, { step, m, v, vMax }: State): void {
    increment(step);
    const params = [1, parameter.size, ...this.#params];
    update("Adam", INSTRUCTION, params, [parameter, gradient, m, v, vMax, lr, step], [parameter, m, v, vMax]);
  }
}
