import { ArgumentError, DTypeError, GraphError } from "../errors.js";
import { isFloat } from "../graph/dtype.js";
import { Generator } from "../graph/generator.js";
import { noGrad } from "../graph/grad-mode.js";
import { Tensor } from "../graph/tensor.js";
import { add } from "../ops/add.js";
import { mul } from "../ops/mul.js";
import { sum } from "../ops/sum.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { jvp, type TensorFunction, vjp } from "./transforms.js";

export interface CheckOptions {
  /** 2 also checks the gradients' gradients. Default: 1. */
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
 * @throws GraphError naming the input and by how much it is off.
 * @throws DTypeError where a float input is not float64.
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
  if (!Array.isArray(inputs) || !inputs.every((input) => input instanceof Tensor)) {
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
  checkFirst(f, inputs, settings, "");
  if (order === 1) return;
  // The pullback is itself a function of the inputs; its direction is held fixed.
  const y = noGrad(() => f(...inputs));
  const dy = settings.generator.normal(y.shape, { dtype: "float64" });
  inputs.forEach((input, i) => {
    if (!isFloat(input.dtype)) return;
    const gradient = (...at: Tensor[]): Tensor => vjp(f, ...at)[1](dy)[i] as Tensor;
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
  const { step, rtol, atol, generator } = settings;
  inputs.forEach((input, i) => {
    if (!isFloat(input.dtype)) return;
    const direction = generator.normal(input.shape, { dtype: "float64" });
    const at = (h: number): Tensor =>
      noGrad(() => f(...inputs.map((x, j) => (j === i ? add(x, mul(direction, h)) : x))));
    const tangents = inputs.map((x, j) =>
      j === i ? direction : new Tensor(new Float64Array(x.size), x.shape, x.dtype),
    );
    const floats = inputs.map((x) => isFloat(x.dtype));
    const along: TensorFunction = (...moving) => {
      let next = 0;
      return f(...inputs.map((x, j) => (floats[j] === true ? (moving[next++] as Tensor) : x)));
    };
    const keep = <T>(list: readonly T[]): T[] => list.filter((_, j) => floats[j] === true);

    const [y, dy] = noGrad(() => jvp(along, keep(inputs), keep(tangents)));
    const high = at(step).data;
    const low = at(-step).data;
    dy.data.forEach((value, k) => {
      const difference = ((high[k] as number) - (low[k] as number)) / (2 * step);
      if (Math.abs(value - difference) <= atol + rtol * Math.abs(difference)) return;
      throw new GraphError(
        `checkGradients: ${prefix}input ${i}: the jvp gives ${value} for entry ${k} of the output, differences give ${difference}`,
      );
    });

    const v = generator.normal(y.shape, { dtype: "float64" });
    const dx = noGrad(() => vjp(along, ...keep(inputs))[1](v));
    const own = dx[floats.slice(0, i).filter(Boolean).length] as Tensor;
    const [forward, reverse] = noGrad(() => [sum(mul(v, dy)).item(), sum(mul(own, direction)).item()]);
    if (Math.abs(forward - reverse) > 1e-9 * (1 + Math.abs(forward))) {
      throw new GraphError(
        `checkGradients: ${prefix}input ${i}: along one direction the vjp gives ${reverse}, the jvp ${forward}`,
      );
    }
  });
}
