// The methods that `minimize` knows by name. The file of a method registers it.
import type { Point } from "./read.js";
import type { Strategy } from "./strategy.js";

/**
 * The options of each method, by its name. The file of a method adds its own:
 *
 *     declare module "./registry.js" {
 *       interface Methods { "random-search": RandomSearchOptions }
 *     }
 */
// biome-ignore lint/suspicious/noEmptyInterface: each method adds its own
export interface Methods {}

/** The name of a method. */
export type Method = keyof Methods;

/** What the file of a method says of it. */
export interface MethodDescription<Options = object> {
  /** Makes it. @throws ArgumentError, OptionError */
  readonly make: (x0: Point, options: Options) => Strategy;
  /** The names of its own options, besides those of every strategy. */
  readonly options: readonly string[];
  /** What `minimize` adds to the options by default if `f` gets its points one by one. */
  readonly oneByOne?: Options;
  /**
   * Options with which it runs in the tests that hold for all methods. Each option is in one of them. If `bounds` is
   * among the options, it never leaves them.
   */
  readonly cases: () => readonly Options[];
  /**
   * How near it comes to the least value, 0, of Σ xᵢ² and of Σ 10^(2i/3)·xᵢ² in 4 dimensions, from (1, 2, 3, 4) with its
   * first case and this many evaluations.
   */
  readonly reaches: { readonly evaluations: number; readonly sphere: number; readonly ellipsoid: number };
}

const methods = new Map<string, MethodDescription>();

/** Makes a method known to `minimize`. */
export function registerMethod<M extends Method>(name: M, description: MethodDescription<Methods[M]>): void;
export function registerMethod(name: string, description: MethodDescription): void {
  methods.set(name, description);
}

/** All methods by name. */
export const registeredMethods: ReadonlyMap<string, MethodDescription> = methods;
