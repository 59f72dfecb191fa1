// What each op says of itself at the end of its file. The methods of `Tensor`, PyTorch's answers (test/oracle/) and the
// tests that every op passes (test/ops/) follow from it.
import type { DType } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import type { Draw, Draws } from "./cases.js";

/** An op as a method: the tensor that it is called on is the op's first argument. */
export type Method<F> = F extends (x: infer _X, ...rest: infer Rest) => infer Y
  ? (...rest: Rest) => Y
  : never;

/** The function that a method calls. */
type FunctionOf<M> = M extends (...rest: infer Rest) => infer Y ? (x: Tensor, ...rest: Rest) => Y : never;

/** Gives `Tensor` a method that the file of `f` declares in the interface `Tensor`. */
export function defineMethod<K extends keyof Tensor>(name: K, f: FunctionOf<Tensor[K]>): void {
  addMethod(name, f);
}

function addMethod(name: string, f: (...args: never[]) => unknown): void {
  const call = f as (x: Tensor, ...rest: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]): unknown {
      return call(this, ...rest);
    },
    configurable: true,
    writable: true,
  });
}

/** The values of an input: floats in [−2, 2) or in [low, high), floats of which some are equal, or booleans. */
export type Domain = "floats" | "ties" | "truths" | readonly [low: number, high: number];

/** An argument of a case: each tensor by what it is drawn from. */
type Argument<T> = T extends Tensor ? Draw : T extends readonly Tensor[] ? readonly Draw[] : T;
type Arguments<A extends readonly unknown[]> = { readonly [I in keyof A]: Argument<A[I]> };

/**
 * What an op's file says of it for tests. A case is a call; PyTorch says what it gives. A family stands for the cases
 * that all ops of its kind have (test/oracle/families.ts).
 */
export interface About<A extends readonly unknown[]> {
  /**
   * PyTorch's function for the same arguments, as a Python expression: a name such as "torch.lerp", or a lambda.
   * Options at the end of the call become keywords. It may use torch, F (torch.nn.functional) and what
   * test/oracle/formulas.py defines.
   */
  readonly torch: string;
  /** Family of ops that work element by element on inputs that broadcast: the values of each input. */
  readonly elementwise?: readonly Domain[];
  /** For an elementwise op of one input, the lists of its further arguments. Default: one, without any. */
  readonly rest?: readonly (readonly unknown[])[];
  /** Family of ops that reduce the axes `{ dim, keepdim }`, several or at most one of them. */
  readonly reduces?: { readonly axes: "several" | "one"; readonly of: "floats" | "truths" };
  /** Family of ops along one axis, which is in the options or the argument after the tensor. */
  readonly along?: "options" | "argument";
  /** Cases of its own, by what they are about. */
  readonly cases?: (draws: Draws) => Readonly<Record<string, Arguments<A>>>;
  /**
   * The highest order of derivatives to compare, for all cases or by case: 0 where only the value has a meaning, 1
   * where PyTorch's second derivatives are wrong. Default: 2. Derivatives of PyTorch's that are not finite are left out.
   */
  readonly order?: Order | Readonly<Record<string, Order>>;
  /** By the dtype of its first inputs: the dtype of the result, where it is another than for floats. */
  readonly gives?: Readonly<Partial<Record<DType, DType>>>;
  /** The result depends on values in a way that neither a compiled function nor `vmap` can follow. Default: false. */
  readonly eager?: true;
  /**
   * By case: which tensors to differentiate with respect to, by their positions among all tensors of the arguments.
   * Default: all of floats.
   */
  readonly moving?: Readonly<Record<string, readonly number[]>>;
}

export type Order = 0 | 1;

/** An op whose name `Tensor` has must be its method, as it is declared there. */
type MethodFlag<K, F> = K extends keyof Tensor
  ? { readonly method: F extends FunctionOf<Tensor[K]> ? true : "declared on Tensor with another type" }
  : { readonly method?: undefined };

/** An op and what its file says of it. */
export interface Registered extends Omit<About<readonly unknown[]>, "cases"> {
  readonly name: string;
  readonly op: (...args: never[]) => unknown;
  readonly isMethod: boolean;
  cases(draws: Draws): Readonly<Record<string, readonly unknown[]>>;
}

const registered = new Map<string, Registered>();

/** All ops by name. */
export const registry: ReadonlyMap<string, Registered> = registered;

/** Registers an op, at the end of its file. */
export function register<K extends string, A extends readonly unknown[], Y>(
  name: K,
  op: (...args: A) => Y,
  about: About<A> & MethodFlag<K, (...args: A) => Y>,
): void {
  const isMethod = about.method === true;
  const { cases, ...rest }: About<A> = about;
  registered.set(name, { ...rest, name, op, isMethod, cases: (draws) => cases?.(draws) ?? {} });
  if (isMethod) addMethod(name, op);
}
