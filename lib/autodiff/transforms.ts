import { ArgumentError, DTypeError } from "../errors.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import type { Like, Structure } from "../tensor/tree.js";
import { oneFor } from "./backward.js";
import { type Linearized, leavesBeside, linearize } from "./linearize.js";

/** A function of tensors that returns a tensor. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

/** The arguments of a function to differentiate with respect to. */
export interface ArgumentOptions<N extends number | readonly number[] = number | readonly number[]> {
  /** The position of one argument, or a list of positions; then the result is a list too. Default: 0. */
  readonly argnums?: N;
}

/** The leaves that belong to `parts[i]`. */
function own<T>(parts: readonly Structure[], i: number, leaves: readonly T[]): T[] {
  const start = parts.slice(0, i).reduce((sum, part) => sum + part.leaves.length, 0);
  return leaves.slice(start, start + (parts[i] as Structure).leaves.length);
}

/**
 * f's value and its pullback dy ↦ dy · ∂f/∂input, for each input. The pullback may be called several times.
 * Inputs and value may be tensors, lists and objects of tensors. An input may be a module, which stands for its
 * parameters. dy has the form of y, and each result has the form of its input. The result is zeros for an input on
 * which y does not depend.
 * @example
 * const [y, pullback] = vjp(ops.matmul, a, b);
 * const [da, db] = pullback(dy);
 * @throws GraphError if an op between the inputs and y has no gradient.
 */
export function vjp(f: TensorFunction, ...primals: Tensor[]): [y: Tensor, pullback: (dy: Tensor) => Tensor[]];
export function vjp<P extends readonly unknown[], Y>(
  f: (...primals: P) => Y,
  ...primals: P
): [y: Y, pullback: (dy: Like<Y>) => Like<P>];
export function vjp(f: (...primals: never[]) => unknown, ...primals: unknown[]): never {
  const at = linearize("vjp", f, primals);
  const pullback = (dy: unknown): unknown[] => {
    at.checkResult();
    const found = at.pullBack(leavesBeside("vjp", "dy", dy, at.result.leaves));
    return at.arguments.map((part, i) => part.build(own(at.arguments, i, found)));
  };
  return [at.value, pullback] as never;
}

/**
 * f's value and the product ∂f/∂inputs · tangents: the change of y if the inputs move along the tangents.
 * Each tangent has the form of its primal, and the result has the form of y.
 * @example const [y, dy] = jvp(ops.tanh, [x], [ones(x.shape)]);
 * @throws GraphError if an op between the inputs and y has no derivative.
 */
export function jvp(
  f: TensorFunction,
  primals: readonly Tensor[],
  tangents: readonly Tensor[],
): [y: Tensor, dy: Tensor];
export function jvp<P extends readonly unknown[], Y>(
  f: (...primals: P) => Y,
  primals: P,
  tangents: Like<P>,
): [y: Y, dy: Like<Y>];
export function jvp(
  f: (...primals: never[]) => unknown,
  primals: readonly unknown[],
  tangents: unknown,
): never {
  if (!Array.isArray(primals) || !Array.isArray(tangents) || primals.length !== tangents.length) {
    throw new ArgumentError(
      `jvp: expected as many tangents as primals, got ${describe(primals)} and ${describe(tangents)}`,
    );
  }
  const at = linearize("jvp", f, primals);
  const moved = at.arguments.flatMap(({ leaves }, i) =>
    leavesBeside("jvp", `tangent ${i}`, tangents[i], leaves),
  );
  return [at.value, at.result.build(at.pushForward(moved))] as never;
}

/** The positions in `argnums`, as a list. */
export function readArgnums(
  name: string,
  options: ArgumentOptions,
  count: number,
  others: readonly string[] = [],
): readonly number[] {
  checkOptions(name, options, ["argnums", ...others]);
  const { argnums = 0 } = options;
  const list = Array.isArray(argnums) ? argnums : [argnums];
  if (count === 0) throw new ArgumentError(`${name}: expected at least one input, got none`);
  if (list.length === 0) throw new ArgumentError(`${name}: expected argnums to name an input, got []`);
  return list.map((i: unknown) => checkNumber(name, "argnums", i, { min: 0, max: count - 1, integer: true }));
}

/**
 * The results for the arguments at `positions`, as `argnums` asks for them: one, or a list.
 * @param found the results for the leaves of all arguments.
 * @param build makes the result for an argument from those for its leaves.
 */
export function ofArguments<T>(
  name: string,
  at: Linearized,
  options: ArgumentOptions,
  positions: readonly number[],
  found: readonly T[],
  build: (part: Structure, own: readonly T[]) => unknown,
): unknown {
  const results = positions.map((i) => {
    const part = at.arguments[i] as Structure;
    for (const leaf of part.leaves) {
      if (isFloat(leaf.dtype)) continue;
      throw new DTypeError(`${name}: input ${i} is ${leaf.dtype}, which has no gradient`);
    }
    return build(part, own(at.arguments, i, found));
  });
  return Array.isArray(options.argnums) ? results : results[0];
}

/** The type of a gradient with respect to the arguments `N` of P. */
export type GradientOf<P extends readonly unknown[], N> = N extends readonly number[]
  ? Like<P[number]>[]
  : N extends number
    ? Like<P[N]>
    : Like<P[0]>;

/**
 * Returns a function that computes the gradient of f. It differentiates with respect to the first input of f, or to the
 * inputs that `argnums` lists. f must return a scalar. The gradient has the form of the input: a tensor, a list or an
 * object of tensors. For a module it is an object by parameter name.
 * @example grad((x) => sum(square(x)))(tensor([1, 2]))   // [2, 4]
 * @throws ShapeError if f does not return a scalar; DTypeError for an input of integers; GraphError
 */
export function grad(f: TensorFunction, options?: ArgumentOptions<number>): TensorFunction;
export function grad<P extends readonly unknown[], N extends number | readonly number[] = 0>(
  f: (...inputs: P) => Tensor,
  options?: ArgumentOptions<N>,
): (...inputs: P) => GradientOf<P, N>;
export function grad(f: (...inputs: never[]) => Tensor, options: ArgumentOptions = {}): never {
  return ((...inputs: unknown[]) => gradient("grad", f, inputs, options)[1]) as never;
}

/**
 * As `grad`, with f's value: `[value, gradient]`.
 * @example const [loss, dw] = valueAndGrad(lossOf)(w);
 */
export function valueAndGrad(
  f: TensorFunction,
  options?: ArgumentOptions<number>,
): (...inputs: Tensor[]) => [value: Tensor, gradient: Tensor];
export function valueAndGrad<P extends readonly unknown[], N extends number | readonly number[] = 0>(
  f: (...inputs: P) => Tensor,
  options?: ArgumentOptions<N>,
): (...inputs: P) => [value: Tensor, gradient: GradientOf<P, N>];
export function valueAndGrad(f: (...inputs: never[]) => Tensor, options: ArgumentOptions = {}): never {
  return ((...inputs: unknown[]) => gradient("valueAndGrad", f, inputs, options)) as never;
}

function gradient(
  name: string,
  f: (...inputs: never[]) => Tensor,
  inputs: readonly unknown[],
  options: ArgumentOptions,
): [value: Tensor, gradient: unknown] {
  const positions = readArgnums(name, options, inputs.length);
  const at = linearize(name, f, inputs);
  const y = at.value;
  if (!isTensor(y)) {
    throw new ArgumentError(`${name}: expected the function to give a tensor, got ${describe(y)}`);
  }
  at.checkResult();
  const found = at.pullBack([oneFor(name, y)]);
  return [y, ofArguments(name, at, options, positions, found, (part, leaves) => part.build(leaves))];
}
