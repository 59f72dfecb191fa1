import { write } from "../eager/apply.js";
import { ArgumentError } from "../errors.js";
import { clamp } from "../ops/clamp.js";
import { greater } from "../ops/greater.js";
import { less } from "../ops/less.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { sign } from "../ops/sign.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import { checkFlag, checkNumber, describe } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import { full } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { counted } from "./arithmetic.js";
import { type ParameterList, scalarState } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";

export interface RpropOptions extends OptimizerOptions {
  /** What each step size begins with. Default: 0.01. */
  readonly lr?: number;
  /** η⁻ in (0, 1) and η⁺ > 1, what a step size is multiplied with. Default: [0.5, 1.2]. */
  readonly etas?: readonly [number, number];
  /** The least and the largest step size. Default: [1e-6, 50]. */
  readonly stepSizes?: readonly [number, number];
  /** Climb instead of descending. Default: false. */
  readonly maximize?: boolean;
}

type Settings = Required<Omit<RpropOptions, "lr">>;

interface State {
  readonly step: Tensor;
  readonly prev: Tensor;
  readonly stepSize: Tensor;
}

function readPair(
  name: string,
  value: unknown,
  standard: readonly [number, number],
): readonly [number, number] {
  const given: unknown = value ?? standard;
  if (!Array.isArray(given) || given.length !== 2) {
    throw new ArgumentError(`Rprop: expected ${name} to be two numbers, got ${describe(given)}`);
  }
  const [first, second] = given.map((one, i) => checkNumber("Rprop", `${name}[${i}]`, one, { above: 0 }));
  return [first as number, second as number];
}

function read(options: RpropOptions): Settings {
  const etas = readPair("etas", options.etas, [0.5, 1.2]);
  checkNumber("Rprop", "etas[0]", etas[0], { above: 0, below: 1 });
  checkNumber("Rprop", "etas[1]", etas[1], { above: 1 });
  const stepSizes = readPair("stepSizes", options.stepSizes, [1e-6, 50]);
  checkNumber("Rprop", "stepSizes[1]", stepSizes[1], { min: stepSizes[0] });
  return { etas, stepSizes, maximize: checkFlag("Rprop", "maximize", options.maximize ?? false) };
}

/**
 * Resilient backpropagation: only the gradient's sign counts, and each weight has a step size of its own
 * (Riedmiller and Braun, 1993; torch.optim.Rprop). For full batches:
 *
 *     where g·g_before > 0: Δ ← min(η⁺·Δ, Δ_max)
 *     where g·g_before < 0: Δ ← max(η⁻·Δ, Δ_min), g ← 0
 *     w ← w − sign(g)·Δ
 *
 * @example const opt = new optim.Rprop(model.parameters());
 * @throws ArgumentError, OptionError, DTypeError
 */
export class Rprop extends Optimizer<State, Settings> {
  constructor(parameters: ParameterList<RpropOptions>, options: RpropOptions = {}) {
    super("Rprop", parameters, options, { lr: 0.01, read });
  }

  protected initialState(parameter: Tensor, _: Settings, lr: Tensor): State {
    const { shape, dtype } = parameter;
    const stepSize = full(shape, lr.storage.forReading()[0] as number, { dtype });
    return { step: scalarState(0), prev: zerosLike(parameter), stepSize };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    _: Tensor,
    { step, prev, stepSize }: State,
    { etas, stepSizes, maximize }: Settings,
  ): void {
    counted(step);
    const own = maximize ? neg(gradient) : gradient;
    const agreement = mul(own, prev);
    const turned = less(agreement, 0);
    const one = full([], 1, { dtype: parameter.dtype });
    const factor = where(turned, etas[0], where(greater(agreement, 0), etas[1], one));
    const size = clamp(mul(stepSize, factor), { min: stepSizes[0], max: stepSizes[1] });
    const g = where(turned, 0, own);
    const moved = sub(parameter, mul(sign(g), size));
    write("Rprop", stepSize, size);
    write("Rprop", prev, g);
    write("Rprop", parameter, moved);
  }
}

registerOptimizer(Rprop, {
  cases: () => [
    {},
    { lr: 0.1, etas: [0.6, 1.1], stepSizes: [0.01, 0.15] },
    { lr: 0.001, stepSizes: [1e-4, 0.01], maximize: true },
  ],
  resumed: { lr: 0.02, etas: [0.6, 1.1], stepSizes: [0.001, 0.15] },
});
