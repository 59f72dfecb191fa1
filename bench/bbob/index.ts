// BBOB's 24 noiseless functions (Hansen, Finck, Ros, Auger: Real-parameter black-box optimization benchmarking 2009:
// noiseless functions definitions), as `cma.bbobbenchmarks` has them: the same instances, optima and values.
import { ILL_CONDITIONED } from "./ill-conditioned.js";
import { MODERATE } from "./moderate.js";
import { MULTIMODAL } from "./multimodal.js";
import { optimalValue, uniform } from "./random.js";
import { SEPARABLE } from "./separable.js";
import type { Evaluate } from "./transforms.js";
import { WEAK_STRUCTURE } from "./weak-structure.js";

/** How a function is made. */
export interface Definition {
  readonly id: number;
  readonly name: string;
  /** What its instances are drawn from; without it, the function's number. */
  readonly seed?: number;
  /** An instance in d dimensions, with the value 0 at its optimum. */
  make(seed: number, d: number): { readonly xopt: Float64Array; readonly evaluate: Evaluate };
}

/** An instance of a function. */
export interface Problem {
  readonly id: number;
  readonly name: string;
  readonly instance: number;
  readonly d: number;
  readonly xopt: Float64Array;
  readonly fopt: number;
  /** The value at a point [d]. It makes no garbage, and works in buffers of this instance. */
  readonly evaluate: Evaluate;
}

/** BBOB's groups. */
export const GROUPS: readonly { readonly name: string; readonly functions: readonly Definition[] }[] = [
  { name: "separable", functions: SEPARABLE },
  { name: "moderate", functions: MODERATE },
  { name: "ill-conditioned", functions: ILL_CONDITIONED },
  { name: "multimodal", functions: MULTIMODAL },
  { name: "weak structure", functions: WEAK_STRUCTURE },
];

export const FUNCTIONS: readonly Definition[] = GROUPS.flatMap(({ functions }) => functions);

/** Makes an instance of a function in d ≥ 2 dimensions. */
export function makeProblem({ id, name, seed = id, make }: Definition, instance: number, d: number): Problem {
  const drawn = seed + 1e4 * instance;
  const { xopt, evaluate } = make(drawn, d);
  const fopt = optimalValue(drawn);
  return { id, name, instance, d, xopt, fopt, evaluate: (x) => evaluate(x) + fopt };
}

/** Where a search of an instance begins: uniform in [−4, 4]^d, the same for all implementations. */
export function startPoint({ id, instance, d }: Pick<Problem, "id" | "instance" | "d">): Float64Array {
  return uniform(d, 1e9 + 1e6 * d + 1e3 * id + instance).map((u) => 8 * u - 4);
}
