// What a distribution's file says of it for tests: how it is made, and at which values its density is compared with
// PyTorch's. Classes of a user need none of this.
import type { Draw, Draws } from "../ops/cases.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Distribution } from "./distribution.js";

/** A distribution among the arguments of another. */
export interface DistributionPart {
  readonly distribution: string;
  readonly arguments: readonly unknown[];
}

/** One way to make a distribution. */
export interface DistributionCase<Arguments extends readonly unknown[] = readonly unknown[]> {
  /** What is special about it. */
  readonly note: string;
  /** Of the constructor. */
  readonly arguments: Arguments;
  /** Values inside the support, at which `logProb` and `cdf` are computed. */
  readonly value: Draw;
}

export interface DistributionDescription<Arguments extends readonly unknown[] = readonly unknown[]> {
  /** PyTorch's class, a Python expression. Default: the one in torch.distributions of the same name. */
  readonly torch?: string;
  /** The number of first arguments by which `cdf` has no derivative. Default: 0. */
  readonly fixedInCdf?: number;
  /** The first is also what divergences are tested with. */
  readonly cases: (draws: Draws) => readonly DistributionCase<Arguments>[];
}

/** An argument of a case: tensors by what they are drawn from, distributions by name. */
type Argument<T> = T extends Tensor
  ? Draw
  : T extends Distribution
    ? DistributionPart
    : T extends object
      ? { readonly [K in keyof T]: Argument<T[K]> }
      : T;

// A conditional type: TypeScript knows the class before it looks at the cases.
type DescriptionOf<C> = C extends new (
  ...args: infer Arguments
) => Distribution
  ? DistributionDescription<{ readonly [I in keyof Arguments]: Argument<Arguments[I]> }>
  : never;

type AnyDistribution = new (...args: never[]) => Distribution;

const descriptions = new Map<unknown, DistributionDescription>();

/** Says how a distribution is made. */
export function registerDistribution<C extends AnyDistribution>(kind: C, description: DescriptionOf<C>): void;
export function registerDistribution(kind: unknown, description: DistributionDescription): void {
  descriptions.set(kind, description);
}

/** What a distribution's file says of it; undefined where it says nothing. */
export function distributionDescription(kind: unknown): DistributionDescription | undefined {
  return descriptions.get(kind);
}
