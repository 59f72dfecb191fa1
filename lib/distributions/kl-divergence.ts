import { ArgumentError, ShapeError } from "../errors.js";
import type { Draws } from "../ops/cases.js";
import { checkFunction, describe, isInstance } from "../options.js";
import { broadcast, format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { Distribution } from "./distribution.js";

/** A class of distributions. */
export type DistributionClass<D extends Distribution> = abstract new (...args: never[]) => D;

/** Arguments of p's constructor and of q's, to compare the divergence at. */
export type DivergenceCase = readonly [p: readonly unknown[], q: readonly unknown[]];

/** A registered pair of classes. */
export interface Divergence {
  readonly p: DistributionClass<Distribution>;
  readonly q: DistributionClass<Distribution>;
  readonly rule: (p: never, q: never) => Tensor;
  /** Default: the first case of each class. */
  readonly cases: ((draws: Draws) => readonly DivergenceCase[]) | undefined;
}

const divergences: Divergence[] = [];

/** All registered pairs, for the tests. */
export const registeredDivergences: readonly Divergence[] = divergences;

/**
 * Says how to compute KL(p ‖ q) for a pair of classes and their subclasses (torch.distributions.register_kl). A pair
 * that is registered again gets the new rule.
 * @example registerKL(Normal, Laplace, (p, q) => rule(p, q))
 * @throws ArgumentError
 */
export function registerKL<P extends Distribution, Q extends Distribution>(
  p: DistributionClass<P>,
  q: DistributionClass<Q>,
  rule: (p: P, q: Q) => Tensor,
): void {
  for (const [name, kind] of Object.entries({ p, q })) checkClass(name, kind);
  checkFunction("registerKL", "rule", rule);
  defineKL(p, q, rule);
}

/** `registerKL` for the library's own classes, with what the tests compare. */
export function defineKL<P extends Distribution, Q extends Distribution>(
  p: DistributionClass<P>,
  q: DistributionClass<Q>,
  rule: (p: P, q: Q) => Tensor,
  cases?: Divergence["cases"],
): void {
  const at = divergences.findIndex((one) => one.p === p && one.q === q);
  const divergence: Divergence = { p, q, rule, cases };
  if (at < 0) divergences.push(divergence);
  else divergences[at] = divergence;
}

function checkClass(name: string, kind: unknown): void {
  if (typeof kind === "function" && kind.prototype instanceof Distribution) return;
  throw new ArgumentError(
    `registerKL: expected ${name} to be a class of distributions, got ${describe(kind)}`,
  );
}

/**
 * The Kullback-Leibler divergence of each p from each q, by the formula of their pair of classes
 * (torch.distributions.kl_divergence):
 *
 *     KL(p ‖ q) = ∫ p(x)·ln(p(x)/q(x)) dx
 *
 * It is ∞ where p has values that q cannot have. Subclasses have the rule of their nearest registered classes.
 * Shapes: the batch shapes broadcast to the result; the event shapes are equal.
 * @example klDivergence(new Normal(0, 1), new Normal(1, 1)).item()   // 0.5
 * @throws ArgumentError for a pair without a rule, which names both; ShapeError
 */
export function klDivergence(p: Distribution, q: Distribution): Tensor {
  for (const [name, given] of Object.entries({ p, q })) {
    if (isInstance(given, Distribution)) continue;
    throw new ArgumentError(`klDivergence: expected ${name} to be a distribution, got ${describe(given)}`);
  }
  const { rule } = ruleFor(p, q);
  if (!sameShape(p.eventShape, q.eventShape)) {
    throw new ShapeError(
      `klDivergence: expected p and q to have one event shape, got ${format(p.eventShape)} and ${format(q.eventShape)}`,
    );
  }
  broadcast("klDivergence", p.batchShape, q.batchShape);
  return (rule as (p: Distribution, q: Distribution) => Tensor)(p, q);
}

/** The rule of the nearest classes, p's first. */
function ruleFor(p: Distribution, q: Distribution): Divergence {
  let best: Divergence | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const one of divergences) {
    if (!(p instanceof one.p) || !(q instanceof one.q)) continue;
    const far = steps(p, one.p) * FAR + steps(q, one.q);
    if (far < least) [best, least] = [one, far];
  }
  if (best !== undefined) return best;
  throw new ArgumentError(
    `klDivergence: no rule is registered for ${p.constructor.name} and ${q.constructor.name}; registerKL adds one`,
  );
}

// More than the classes that one inherits from.
const FAR = 1000;

/** How many classes lie between an instance's own and one that it inherits from. */
function steps(instance: object, kind: DistributionClass<Distribution>): number {
  let count = 0;
  let at: unknown = Object.getPrototypeOf(instance);
  while (at !== kind.prototype) {
    count++;
    at = Object.getPrototypeOf(at);
  }
  return count;
}
