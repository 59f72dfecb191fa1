import { noGrad } from "../context/grad-mode.js";
import { ArgumentError, DTypeError, GraphError } from "../errors.js";
import { add } from "../ops/add.js";
import { mul } from "../ops/mul.js";
import { sum } from "../ops/sum.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { Generator } from "../random/generator.js";
import { isFloat } from "../tensor/dtype.js";
import { checkTensor, isTensor, Tensor } from "../tensor/tensor.js";
import { jvp, type TensorFunction, vjp } from "./transforms.js";

export interface CheckOptions {
  /** 2 also checks the gradients of the gradients. Default: 1. */
  readonly order?: 1 | 2;
  /** Step h of the central difference (f(x + h·d) − f(x − h·d)) / 2h. Default: 1e-6. */
  readonly step?: number;
  /** Default: 1e-5. */
  readonly rtol?: number;
  /** Default: 1e-7. */
  readonly atol?: number;
  /** Seed of the random directions. Default: 0. */
  readonly seed?: number;
}

/**
 * Compares the derivatives of f with central differences along random directions d, in float64:
 *
 *     jvp:  ∂f/∂x · d  ≈  (f(x + h·d) − f(x − h·d)) / 2h
 *     vjp:  v · (∂f/∂x · d) = (v · ∂f/∂x) · d,  for each input x by itself
 *
 * If they differ, it looks for the entry of the input with the wrong derivative. It refuses a kink, such as ReLU's at
 * 0, and a jump, since there is no derivative to compare with.
 *
 * @throws GraphError that names the input, its entry and the error of the derivative, or the kink.
 * @throws DTypeError if a float input is not float64.
 * @example checkGradients((x) => tanh(x), [randn([3, 2], { dtype: "float64" })], { order: 2 });
 */
export function checkGradients(
  f: TensorFunction,
  inputs: readonly Tensor[],
  options: CheckOptions = {},
): void {
  checkOptions("checkGradients", options, ["order", "step", "rtol", "atol", "seed"]);
  if (typeof f !== "function")
    throw new ArgumentError(`checkGradients: expected a function, got ${describe(f)}`);
  if (!Array.isArray(inputs) || !inputs.every((input) => isTensor(input))) {
    throw new ArgumentError(`checkGradients: expected a list of tensors, got ${describe(inputs)}`);
  }
  inputs.forEach((input: Tensor, i) => {
    if (input.dtype === "float32") {
      throw new DTypeError(
        `checkGradients: expected input ${i} to be float64, got float32: differences need the digits`,
      );
    }
  });
  const order = checkNumber("checkGradients", "order", options.order ?? 1, { min: 1, max: 2, integer: true });
  const settings: Settings = {
    step: checkNumber("checkGradients", "step", options.step ?? 1e-6, { above: 0 }),
    rtol: checkNumber("checkGradients", "rtol", options.rtol ?? 1e-5, { min: 0 }),
    atol: checkNumber("checkGradients", "atol", options.atol ?? 1e-7, { min: 0 }),
    generator: new Generator(options.seed ?? 0),
  };
  const checked: TensorFunction = (...at) => checkTensor("checkGradients", "the function's result", f(...at));
  checkFirst(checked, inputs, settings, "");
  if (order === 1) return;
  // The pullback is itself a function of the inputs, for a fixed dy.
  const y = noGrad(() => checked(...inputs));
  const dy = settings.generator.normal(y.shape, { dtype: "float64" });
  inputs.forEach((input, i) => {
    if (!isFloat(input.dtype)) return;
    const gradient = (...at: Tensor[]): Tensor => vjp(checked, ...at)[1](dy)[i] as Tensor;
    checkFirst(gradient, inputs, settings, `gradient with respect to input ${i}: `);
  });
}

interface Settings {
  readonly step: number;
  readonly rtol: number;
  readonly atol: number;
  readonly generator: Generator;
}

function checkFirst(f: TensorFunction, inputs: readonly Tensor[], settings: Settings, prefix: string): void {
  inputs.forEach((input, i) => {
    if (!isFloat(input.dtype)) return;
    const one = new OneInput(f, inputs, i, settings, `${prefix}input ${i}`);
    one.check(settings.generator.normal(input.shape, { dtype: "float64" }));
  });
}

/** The one-sided difference quotients of an element of the output: forward and backward. */
interface Slopes {
  readonly ahead: number;
  readonly behind: number;
  /** Bound of the rounding error in them. */
  readonly noise: number;
}

/** f as a function of one of its inputs. */
class OneInput {
  readonly #f: TensorFunction;
  readonly #inputs: readonly Tensor[];
  readonly #at: number;
  readonly #settings: Settings;
  readonly #name: string;
  readonly #input: Tensor;

  constructor(f: TensorFunction, inputs: readonly Tensor[], at: number, settings: Settings, name: string) {
    this.#f = f;
    this.#inputs = inputs;
    this.#at = at;
    this.#settings = settings;
    this.#name = name;
    this.#input = inputs[at] as Tensor;
  }

  check(direction: Tensor): void {
    const own = noGrad(() => jvp(this.#along, [this.#input], [direction]));
    const [y, dy] = own;
    this.#compare(y, dy, direction);
    const v = this.#settings.generator.normal(y.shape, { dtype: "float64" });
    const dx = noGrad(() => vjp(this.#along, this.#input)[1](v)[0] as Tensor);
    const [forward, reverse] = noGrad(() => [sum(mul(v, dy)).item(), sum(mul(dx, direction)).item()]);
    if (Math.abs(forward - reverse) <= 1e-9 * (1 + Math.abs(forward))) return;
    for (let j = 0; j < this.#input.size; j++) {
      const alone = noGrad(() => sum(mul(v, jvp(this.#along, [this.#input], [this.#unit(j)])[1])).item());
      const value = dx.storage.forReading()[j] as number;
      if (Math.abs(alone - value) <= 1e-9 * (1 + Math.abs(alone))) continue;
      this.#fail(
        `, entry ${placeOf(this.#input, j)}: the vjp gives ${value}, the jvp ${alone}`,
        value - alone,
      );
    }
    this.#fail(`: along one direction the vjp gives ${reverse}, the jvp ${forward}`, reverse - forward);
  }

  readonly #along: TensorFunction = (moving) =>
    this.#f(...this.#inputs.map((x, j) => (j === this.#at ? (moving as Tensor) : x)));

  #unit(j: number): Tensor {
    const data = new Float64Array(this.#input.size);
    data[j] = 1;
    return new Tensor(data, this.#input.shape, "float64");
  }

  /** The one-sided difference quotients of each element of the output, for this step size. */
  #slopes(y: Tensor, direction: Tensor, step: number): Slopes[] {
    const moved = (h: number) =>
      noGrad(() => this.#along(add(this.#input, mul(direction, h)))).storage.forReading();
    const [high, low] = [moved(step), moved(-step)];
    return Array.from(y.storage.forReading(), (here, k) => ({
      ahead: ((high[k] as number) - here) / step,
      behind: (here - (low[k] as number)) / step,
      noise: (1e-15 * Math.abs(here)) / step,
    }));
  }

  /** Refuses kinks, then compares along a direction. If that fails, compares entry by entry to find the wrong one. */
  #compare(y: Tensor, dy: Tensor, direction: Tensor): void {
    const { step } = this.#settings;
    const slopes = this.#slopes(y, direction, step);
    const values = dy.storage.forReading();
    const bends = slopes.some((own) => this.#bends(own));
    if (!bends && slopes.every((own, k) => this.#fits(values[k] as number, own))) return;
    if (bends) this.#refuseKinks(y, direction);
    for (let j = 0; j < this.#input.size; j++) {
      const unit = this.#unit(j);
      const found = noGrad(() => jvp(this.#along, [this.#input], [unit])[1]).storage.forReading();
      this.#slopes(y, unit, step).forEach((own, k) => {
        this.#demand(`, entry ${placeOf(this.#input, j)}`, y, k, found[k] as number, own);
      });
    }
    slopes.forEach((own, k) => {
      this.#demand(": along one direction", y, k, values[k] as number, own);
    });
  }

  /** Whether the two quotients differ by more than the curvature within a step explains, unless it is enormous. */
  #bends({ ahead, behind, noise }: Slopes): boolean {
    const size = Math.max(1, Math.min(Math.abs(ahead), Math.abs(behind)));
    return Math.abs(ahead - behind) > 1e-3 * size + 100 * noise;
  }

  /** Over a tenth of the step, a smooth curve bends a tenth as much; a kink or a jump bends as much or more. */
  #refuseKinks(y: Tensor, direction: Tensor): void {
    const { step } = this.#settings;
    const isKink = (along: Tensor): number => {
      const [wide, near] = [this.#slopes(y, along, step), this.#slopes(y, along, step / 10)];
      return wide.findIndex((own, k) => {
        const close = near[k] as Slopes;
        const bend = Math.abs(close.ahead - close.behind);
        return this.#bends(own) && bend > 0.5 * Math.abs(own.ahead - own.behind);
      });
    };
    const explain = (along: Tensor, k: number): string => {
      const { ahead, behind } = this.#slopes(y, along, step)[k] as Slopes;
      return `entry ${placeOf(y, k)} of the output moves by ${ahead} ahead and by ${behind} behind: there is no derivative to compare with; move the input away from there`;
    };
    for (let j = 0; j < this.#input.size; j++) {
      const k = isKink(this.#unit(j));
      if (k < 0) continue;
      throw new GraphError(
        `checkGradients: ${this.#name}, entry ${placeOf(this.#input, j)} is at a kink: ${explain(this.#unit(j), k)}`,
      );
    }
    const k = isKink(direction);
    if (k < 0) return;
    throw new GraphError(
      `checkGradients: ${this.#name} is at a kink: along one direction ${explain(direction, k)}`,
    );
  }

  #fits(value: number, { ahead, behind }: Slopes): boolean {
    const { rtol, atol } = this.#settings;
    const difference = (ahead + behind) / 2;
    return Math.abs(value - difference) <= atol + rtol * Math.abs(difference);
  }

  #demand(where: string, y: Tensor, k: number, value: number, slopes: Slopes): void {
    if (this.#fits(value, slopes)) return;
    const difference = (slopes.ahead + slopes.behind) / 2;
    this.#fail(
      `${where}: the jvp gives ${value} for entry ${placeOf(y, k)} of the output, differences give ${difference}`,
      value - difference,
    );
  }

  #fail(what: string, by: number): never {
    throw new GraphError(`checkGradients: ${this.#name}${what}, off by ${by}`);
  }
}

/** The indices of an element: [i, j]. */
function placeOf({ shape }: Tensor, position: number): string {
  const indices: number[] = [];
  let left = position;
  for (const size of [...shape].reverse()) {
    indices.unshift(left % size);
    left = Math.floor(left / size);
  }
  return `[${indices.join(", ")}]`;
}
