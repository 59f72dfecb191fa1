import { increment, update } from "../eager/apply.js";
import { ArgumentError } from "../errors.js";
import { instructionId } from "../native/instructions.js";
import { checkFlag, checkNumber, describe } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { type ParameterList, scalarState } from "./group.js";
import { keepsNoGradient, Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface AdamOptions extends OptimizerOptions {
  /** Learning rate η ≥ 0. Default: 0.001. */
  readonly lr?: number;
  /** β₁ and β₂ in [0, 1). Default: [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** ε ≥ 0. Default: 1e-8. */
  readonly eps?: number;
  /** λ ≥ 0. Default: 0; 0.01 for AdamW. */
  readonly weightDecay?: number;
  /** Use the largest v so far (Reddi et al., 2018). Default: false. */
  readonly amsgrad?: boolean;
  /** Climb instead of descending. Default: false. */
  readonly maximize?: boolean;
}

type Settings = Required<Omit<AdamOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly expAvg: Tensor;
  readonly expAvgSq: Tensor;
  readonly maxExpAvgSq: Tensor | null;
}

const INSTRUCTION = instructionId("adam");

/** @throws ArgumentError unless they are two numbers in [0, 1). */
export function readBetas(
  name: string,
  betas: unknown,
  standard: readonly [number, number] = [0.9, 0.999],
): readonly [number, number] {
  const given: unknown = betas ?? standard;
  if (!Array.isArray(given) || given.length !== 2) {
    throw new ArgumentError(`${name}: expected betas to be two numbers, got ${describe(given)}`);
  }
  const [first, second] = given.map((beta, i) =>
    checkNumber(name, `betas[${i}]`, beta, { min: 0, below: 1 }),
  );
  return [first as number, second as number];
}

const readerOf = (name: string, standardDecay: number, isDecoupled: boolean) => ({
  lr: 0.001,
  read: (options: AdamOptions): Settings => ({
    betas: readBetas(name, options.betas),
    eps: checkNumber(name, "eps", options.eps ?? 1e-8, { min: 0 }),
    weightDecay: checkNumber(name, "weightDecay", options.weightDecay ?? standardDecay, { min: 0 }),
    amsgrad: checkFlag(name, "amsgrad", options.amsgrad ?? false),
    maximize: checkFlag(name, "maximize", options.maximize ?? false),
  }),
  fixed: { decoupled_weight_decay: isDecoupled },
});

/** Adam and AdamW, which differ in what the weight decay is added to. */
abstract class AnyAdam extends Optimizer<State, Settings> {
  static {
    keepsNoGradient(AnyAdam.prototype.update);
  }

  protected abstract readonly isDecoupled: boolean;

  protected initialState(parameter: Tensor, { amsgrad }: Settings): State {
    return {
      step: scalarState(0),
      expAvg: zerosLike(parameter),
      expAvgSq: zerosLike(parameter),
      maxExpAvgSq: amsgrad ? zerosLike(parameter) : null,
    };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    { step, expAvg: m, expAvgSq: v, maxExpAvgSq: vMax }: State,
    { betas, eps, weightDecay, maximize }: Settings,
    beta1: number | Tensor,
  ): void {
    increment(step);
    const settings = [...betas, eps, weightDecay, Number(this.isDecoupled), Number(maximize)];
    const moving = typeof beta1 === "number" ? null : beta1;
    const operands = [parameter, gradient, m, v, vMax, lr, step, moving];
    update("Adam", INSTRUCTION, [1, parameter.size, ...settings], operands, [parameter, m, v, vMax]);
  }
}

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
export class Adam extends AnyAdam {
  protected readonly isDecoupled = false;

  constructor(parameters: ParameterList<AdamOptions>, options: AdamOptions = {}) {
    super("Adam", parameters, options, readerOf("Adam", 0, false));
  }
}

/**
 * Adam with a weight decay that is not part of the gradient: w ← w − η·λ·w before Adam's own step
 * (Loshchilov and Hutter, 2019; torch.optim.AdamW).
 * @example const opt = new optim.AdamW(model.parameters(), { weightDecay: 0.01 });
 * @throws ArgumentError, OptionError, DTypeError
 */
export class AdamW extends AnyAdam {
  protected readonly isDecoupled = true;

  constructor(parameters: ParameterList<AdamOptions>, options: AdamOptions = {}) {
    super("AdamW", parameters, options, readerOf("AdamW", 0.01, true));
  }
}

registerOptimizer(Adam, {
  cases: () => [
    {},
    { lr: 0.05 },
    { lr: 0.05, betas: [0.8, 0.95], eps: 0.001 },
    { lr: 0.05, weightDecay: 0.1 },
    { lr: 0.05, betas: [0.9, 0.9], amsgrad: true },
    { lr: 0.05, betas: [0.9, 0.9] },
    { lr: 0.05, maximize: true },
    { lr: 0.05, betas: [0.9, 0.9], amsgrad: true, weightDecay: 0.1, maximize: true },
  ],
  resumed: { lr: 0.02, betas: [0.8, 0.95], amsgrad: true, weightDecay: 0.1 },
  cycled: { amsgrad: true },
});

registerOptimizer(AdamW, {
  cases: () => [
    {},
    { lr: 0.05, weightDecay: 0.2, amsgrad: true, betas: [0.9, 0.9] },
    { maximize: true },
    { lr: 0.05, eps: 0.01 },
  ],
  resumed: { lr: 0.02, weightDecay: 0.2 },
  cycled: {},
});
