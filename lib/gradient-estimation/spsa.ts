import { noGrad } from "../context/grad-mode.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { checkDTypes } from "../ops/define.js";
import { div } from "../ops/div.js";
import { less } from "../ops/less.js";
import { mul } from "../ops/mul.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { checkFunction, checkNumber, checkOptions, describe, isInstance } from "../options.js";
import { defaultGenerator, Generator } from "../random/generator.js";
import { format } from "../tensor/shape.js";
import { isTensor, Tensor } from "../tensor/tensor.js";
import { type Like, type Structure, type Tree, takeApart } from "../tensor/tree.js";

export interface SpsaOptions {
  /** c > 0, the size of the perturbation of each parameter. Default: 0.01. */
  readonly c?: number;
  /** How many perturbations to average over. Default: 1. */
  readonly samples?: number;
  /** What the perturbations are drawn from. Default: the generator that `manualSeed` starts. */
  readonly generator?: Generator;
}

/** A cost of parameters that is seen by its value alone. */
export type BlackBox<P> = (parameters: P) => Tensor | number;

/**
 * The gradient by simultaneous perturbation (Spall, 1992): all parameters are moved at once, by ±c each, so that an
 * estimate takes two values of f however many parameters there are.
 *
 *     ĝ = (f(θ + cΔ) − f(θ − cΔ))/(2c) · Δ,   Δ_i = ±1 with equal probability
 *
 * Its mean is ∂f/∂θ + O(c²): exact if f is quadratic. f may have no derivative, or draw random numbers.
 * Shapes: the parameters, in any tree → a gradient of the same form; f gives a scalar or a number.
 * @returns the gradient, and the mean of the values of f.
 * @example
 * const generator = new Generator(0);
 * spsa((w) => w.square().sum(), tensor([1]), { generator }).gradient   // [2]
 * @throws ArgumentError, ShapeError, DTypeError, OptionError; what f throws
 */
export function spsa<P extends Tree>(
  f: BlackBox<P>,
  parameters: P,
  options: SpsaOptions = {},
): { readonly value: Tensor; readonly gradient: Like<P> } {
  const name = "spsa";
  checkOptions(name, options, ["c", "samples", "generator"]);
  checkFunction(name, "f", f);
  const c = checkNumber(name, "c", options.c ?? 0.01, { above: 0 });
  const samples = checkNumber(name, "samples", options.samples ?? 1, { min: 1, integer: true });
  const generator = readGenerator(name, options.generator);
  const tree = takeApart(name, "the parameters", parameters);
  if (tree.leaves.length === 0) throw new ArgumentError(`${name}: expected at least one parameter, got none`);
  checkDTypes(
    name,
    tree.leaves.map((_, i) => `parameter ${i}`),
    tree.leaves,
    "float",
  );
  let total = estimate(f, tree, c, generator);
  for (let i = 1; i < samples; i++) {
    const next = estimate(f, tree, c, generator);
    total = total.map((sum, k) => add(sum, next[k] as Tensor));
  }
  const [value, ...gradients] = total.map((sum) => div(sum, samples));
  return { value: value as Tensor, gradient: tree.build(gradients) as Like<P> };
}

/** The mean of both values of f, and the gradient of each leaf, by one perturbation. */
function estimate<P>(
  f: BlackBox<P>,
  { leaves, within }: Structure,
  c: number,
  generator: Generator,
): readonly Tensor[] {
  return noGrad(() => {
    const directions = leaves.map((leaf) => signs(leaf, generator));
    const at = (step: number): Tensor =>
      within(
        leaves.map((leaf, i) => add(leaf, mul(directions[i] as Tensor, step))),
        (moved) => readValue(f(moved as P)),
      );
    const [above, below] = [at(c), at(-c)];
    const slope = div(sub(above, below), 2 * c);
    return [div(add(above, below), 2), ...directions.map((one) => mul(to(slope, one.dtype), one))];
  });
}

/** A tensor like the leaf, each element −1 or 1 with equal probability. */
function signs(leaf: Tensor, generator: Generator): Tensor {
  const isUp = less(generator.uniform(leaf.shape), 0.5);
  return sub(mul(to(isUp, leaf.dtype), 2), 1);
}

/** The values in float64, since they are close to each other and their difference counts. */
function readValue(value: unknown): Tensor {
  if (typeof value === "number") return new Tensor(Float64Array.of(value), [], "float64");
  if (!isTensor(value)) {
    throw new ArgumentError(`spsa: expected f to give a scalar tensor or a number, got ${describe(value)}`);
  }
  if (value.size !== 1) {
    throw new ShapeError(`spsa: expected f to give a scalar, got shape ${format(value.shape)}`);
  }
  return to(value.reshape([]), "float64");
}

/** @throws ArgumentError unless it is a generator or undefined, which means the default one. */
export function readGenerator(name: string, generator: unknown): Generator {
  if (generator === undefined) return defaultGenerator;
  if (isInstance(generator, Generator)) return generator;
  throw new ArgumentError(`${name}: expected generator to be a Generator, got ${describe(generator)}`);
}
