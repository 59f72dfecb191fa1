import { ArgumentError } from "../errors.js";
import { reshape } from "../ops/reshape.js";
import { transpose } from "../ops/transpose.js";
import { checkChoice, checkOptions, describe } from "../options.js";
import { allocate } from "../tensor/dtype.js";
import { isTensor, Tensor } from "../tensor/tensor.js";
import type { Like, Structure } from "../tensor/tree.js";
import { sampleOf, withLevel } from "../vmap/mapped.js";
import { type Linearized, linearize } from "./linearize.js";
import {
  type ArgumentOptions,
  type GradientOf,
  grad,
  jvp,
  ofArguments,
  readArgnums,
  type TensorFunction,
  valueAndGrad,
} from "./transforms.js";
import { allSamples } from "./vmap.js";

/** How a Jacobian is computed. */
export interface JacobianOptions<N extends number | readonly number[] = number | readonly number[]>
  extends ArgumentOptions<N> {
  /**
   * `"reverse"` computes one row for each entry of the output, `"forward"` one column for each entry of the inputs.
   * Default: the mode with fewer of them.
   */
  readonly mode?: "reverse" | "forward";
}

/** The type of a Jacobian: for each tensor of Y, one with respect to X. */
export type JacobianOf<Y, X> = Y extends Tensor ? X : { -readonly [K in keyof Y]: JacobianOf<Y[K], X> };

/**
 * Returns a function that computes the Jacobian of f. It differentiates with respect to the first input of f, or to
 * the inputs that `argnums` lists. The shape is [...output, ...input], with gradients as rows. All rows, or all
 * columns, are computed in one pass.
 * If the output or the input is a list or an object of tensors, so is the Jacobian: J[output][input].
 * @example jacobian((x) => square(x))(tensor([1, 2]))   // [[2, 0], [0, 4]]
 * @throws DTypeError for an input of integers; GraphError if an op between input and output has no derivative.
 */
export function jacobian(f: TensorFunction, options?: JacobianOptions<number>): TensorFunction;
export function jacobian<P extends readonly unknown[], Y, N extends number | readonly number[] = 0>(
  f: (...inputs: P) => Y,
  options?: JacobianOptions<N>,
): (...inputs: P) => JacobianOf<Y, GradientOf<P, N>>;
export function jacobian(f: (...inputs: never[]) => unknown, options: JacobianOptions = {}): never {
  if (typeof f !== "function") throw new ArgumentError(`jacobian: expected a function, got ${describe(f)}`);
  const jacobianAt = (...inputs: unknown[]): unknown => {
    const positions = readArgnums("jacobian", options, inputs.length, ["mode"]);
    if (options.mode !== undefined) checkChoice("jacobian", "mode", options.mode, ["reverse", "forward"]);
    const at = linearize("jacobian", f, inputs);
    at.checkResult();
    const asked = positionsOfLeaves(at.arguments, positions);
    const elements = (tensors: readonly Tensor[]): number => tensors.reduce((sum, { size }) => sum + size, 0);
    const isForward =
      options.mode === undefined
        ? elements(asked.map((i) => at.inputs[i] as Tensor)) < elements(at.result.leaves)
        : options.mode === "forward";
    const blocks = isForward ? columns(at, asked) : rows(at, asked);
    const ofLeaf = (y: number): unknown => {
      const found = at.inputs.map((_, x) => blocks.get(`${y},${x}`) as Tensor);
      return ofArguments("jacobian", at, options, positions, found, (part, own) => part.build(own));
    };
    let next = 0;
    return rebuild(at.value, () => ofLeaf(next++));
  };
  return jacobianAt as never;
}

/** A tree with each tensor replaced by what `leaf` returns. */
function rebuild(tree: unknown, leaf: () => unknown): unknown {
  if (isTensor(tree)) return leaf();
  if (Array.isArray(tree)) return tree.map((part) => rebuild(part, leaf));
  return Object.fromEntries(
    Object.entries(tree as object).map(([name, part]) => [name, rebuild(part, leaf)]),
  );
}

/** The positions of the leaves that belong to the arguments at these positions. */
function positionsOfLeaves(parts: readonly Structure[], positions: readonly number[]): number[] {
  let next = 0;
  return parts.flatMap(({ leaves }, i) => {
    const own = leaves.map(() => next++);
    return positions.includes(i) ? own : [];
  });
}

/** The unit vectors of x's space: [n, ...shape]. */
function basis({ size, shape, dtype }: Tensor): Tensor {
  const data = allocate(dtype, size * size, "jacobian");
  for (let i = 0; i < size; i++) data[i * (size + 1)] = 1;
  return new Tensor(data, [size, ...shape], dtype);
}

/** The blocks by "output,input". All rows of an output are pulled back together. */
function rows(at: Linearized, asked: readonly number[]): Map<string, Tensor> {
  const blocks = new Map<string, Tensor>();
  at.result.leaves.forEach((y, i) => {
    withLevel({ size: y.size, randomness: "same" }, (level) => {
      const dy = at.result.leaves.map((_, j) => (j === i ? sampleOf(basis(y), level) : null));
      const found = at.pullBack(dy);
      for (const x of asked) {
        const input = at.inputs[x] as Tensor;
        const all = allSamples(found[x] as Tensor, level, y.size);
        blocks.set(`${i},${x}`, reshape(all, [...y.shape, ...input.shape]));
      }
    });
  });
  return blocks;
}

/** The blocks by "output,input". All columns of an input are pushed forward together. */
function columns(at: Linearized, asked: readonly number[]): Map<string, Tensor> {
  const blocks = new Map<string, Tensor>();
  for (const x of asked) {
    const input = at.inputs[x] as Tensor;
    withLevel({ size: input.size, randomness: "same" }, (level) => {
      const dx = at.inputs.map((_, j) => (j === x ? sampleOf(basis(input), level) : null));
      at.pushForward(dx).forEach((dy, i) => {
        const y = at.result.leaves[i] as Tensor;
        const all = reshape(allSamples(dy, level, input.size), [input.size, y.size]);
        blocks.set(`${i},${x}`, reshape(transpose(all, 0, 1), [...y.shape, ...input.shape]));
      });
    });
  }
  return blocks;
}

/** The type of a Hessian with respect to X: one block for each pair of tensors of X. */
export type HessianOf<X> = JacobianOf<X, X>;

/**
 * Returns a function that computes the Hessian ∂²f/∂x² of f, where x is the first input of f, or one of the inputs
 * that `argnums` lists. f must return a scalar. Shape [...input, ...input]: the Jacobian of the gradient, all columns
 * in one pass.
 * @example hessian((x) => sum(pow(x, 3)))(tensor([1, 2]))   // [[6, 0], [0, 12]]
 * @throws as `grad` and `jacobian`
 */
export function hessian(f: TensorFunction, options?: ArgumentOptions<number>): TensorFunction;
export function hessian<P extends readonly unknown[], N extends number | readonly number[] = 0>(
  f: (...inputs: P) => Tensor,
  options?: ArgumentOptions<N>,
): (...inputs: P) => HessianOf<GradientOf<P, N>>;
export function hessian(f: (...inputs: never[]) => Tensor, options: ArgumentOptions = {}): never {
  checkOptions("hessian", options, ["argnums"]);
  const gradient: (...inputs: never[]) => unknown = grad(
    f as TensorFunction,
    options as ArgumentOptions<number>,
  );
  return jacobian(
    gradient as TensorFunction,
    { ...options, mode: "forward" } as JacobianOptions<number>,
  ) as never;
}

/**
 * f's value and the product of its Hessian with a vector: the gradient pushed forward. The Hessian is never made as a
 * matrix. f must return a scalar.
 * @example const [value, Hv] = hvp(lossOf, [w], [v]);
 * @throws as `grad` and `jvp`
 */
export function hvp(
  f: TensorFunction,
  primals: readonly Tensor[],
  tangents: readonly Tensor[],
): [value: Tensor, product: Tensor[]];
export function hvp<P extends readonly unknown[]>(
  f: (...inputs: P) => Tensor,
  primals: P,
  tangents: Like<P>,
): [value: Tensor, product: Like<P>];
export function hvp(
  f: (...inputs: never[]) => Tensor,
  primals: readonly unknown[],
  tangents: unknown,
): never {
  if (!Array.isArray(primals)) {
    throw new ArgumentError(`hvp: expected a list of primals, got ${describe(primals)}`);
  }
  const argnums = primals.map((_, i) => i);
  const both: (...inputs: never[]) => unknown = valueAndGrad(f as TensorFunction, { argnums });
  const [[value], [, product]] = jvp(both, primals as never[], tangents as never[]) as unknown as [
    [Tensor, unknown],
    [Tensor, unknown],
  ];
  return [value, product] as never;
}
