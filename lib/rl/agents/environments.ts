import { ArgumentError } from "../../errors.js";
import { checkNumber, describe, isInstance } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import type { Environment } from "../environment.js";
import type { Space } from "../space.js";
import { SyncVectorEnvironment } from "../sync-vector-environment.js";
import { dynamicsOf, TensorEnvironment } from "../tensor-environment.js";
import type { VectorEnvironment, VectorStart, VectorTransition } from "../vector-environment.js";

/**
 * What an agent learns from: an environment; a function that makes one, for several of them; a vector of environments;
 * or copies of one in ops. An environment that has its `dynamics` in ops, such as `CartPole`, runs in the engine; one
 * of a class derived from it that changes `step` or the like runs in JavaScript, as it says.
 */
export type LearningEnvironment<Observation = unknown, Action = unknown> =
  | Environment<Observation, Action>
  | (() => Environment<Observation, Action>)
  | VectorEnvironment
  | TensorEnvironment;

/** n environments that step together: in the engine, or in JavaScript. */
export type Environments = {
  readonly n: number;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  /** Lets go of those that were made here. Given ones are their owner's. */
  readonly close: () => void | Promise<void>;
} & (
  | { readonly kind: "tensor"; readonly environment: TensorEnvironment }
  | {
      readonly kind: "vector";
      readonly environment: SeededVector;
      /** Of its first reset. */
      readonly seed: number;
    }
);

/** Environments in JavaScript. Their next reset gets `seed`, whoever asks for it; later ones go on with their numbers. */
class SeededVector implements VectorEnvironment {
  readonly isVector = true;
  readonly n: number;
  readonly observationSpace: Space;
  readonly actionSpace: Space;

  constructor(
    readonly environment: VectorEnvironment,
    public seed: number | undefined,
  ) {
    this.n = environment.n;
    this.observationSpace = environment.observationSpace;
    this.actionSpace = environment.actionSpace;
  }

  reset(): VectorStart | Promise<VectorStart> {
    const { seed } = this;
    this.seed = undefined;
    return this.environment.reset(seed === undefined ? {} : { seed });
  }

  step(actions: ArrayLike<unknown>): VectorTransition | Promise<VectorTransition> {
    return this.environment.step(actions);
  }

  close(): void | Promise<void> {
    return this.environment.close();
  }
}

/** A seed for environments by chance. Environment i gets `seed + i`: seeds that follow each other would overlap. */
export const drawSeed = (generator: Generator): number =>
  Math.floor(2 ** 31 * generator.uniform([], { dtype: "float64" }).item());

const has = (value: object, names: readonly string[]): boolean =>
  names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === "function");

/**
 * @param count How many copies; undefined for as many as there are, or the agent's own number.
 * @throws ArgumentError, OptionError
 */
export function openEnvironments(
  where: string,
  given: LearningEnvironment,
  {
    count,
    standard,
    seed,
  }: { readonly count: number | undefined; readonly standard: number; readonly seed: number },
): Environments {
  if (count !== undefined) checkNumber(where, "environments", count, { min: 1, integer: true });
  if (isInstance(given, TensorEnvironment)) {
    onlyOwn(where, count, given.n);
    if (given.dtype !== "float32") {
      throw new ArgumentError(`${where}: expected a TensorEnvironment of float32, got one of ${given.dtype}`);
    }
    return inOps(given);
  }
  if (typeof given === "function") {
    const made = new SyncVectorEnvironment(given, { n: count ?? standard });
    return inJavaScript(made, seed, () => made.close());
  }
  if (typeof given !== "object" || given === null || !has(given, ["reset", "step"])) {
    throw new ArgumentError(
      `${where}: expected an environment, or a function that makes one, got ${describe(given)}`,
    );
  }
  if ("isVector" in given) {
    onlyOwn(where, count, given.n);
    return inJavaScript(given, seed);
  }
  const dynamics = dynamicsOf(given);
  if (dynamics !== null) {
    return inOps(new TensorEnvironment(dynamics, count ?? standard, { seed }));
  }
  if (count !== undefined && count > 1) {
    throw new ArgumentError(
      `${where}: expected a function that makes an environment, for ${count} of them, got one environment`,
    );
  }
  return inJavaScript(new SyncVectorEnvironment([given as Environment<unknown, unknown>]), seed);
}

const keepsOpen = (): void => {};

function inOps(environment: TensorEnvironment): Environments {
  const { n, dynamics } = environment;
  const { observationSpace, actionSpace } = dynamics;
  return { kind: "tensor", n, observationSpace, actionSpace, environment, close: keepsOpen };
}

function inJavaScript(environment: VectorEnvironment, seed: number, close = keepsOpen): Environments {
  const { n, observationSpace, actionSpace } = environment;
  const seeded = new SeededVector(environment, seed);
  return { kind: "vector", n, observationSpace, actionSpace, environment: seeded, seed, close };
}

function onlyOwn(where: string, count: number | undefined, n: number): void {
  if (count === undefined || count === n) return;
  throw new ArgumentError(
    `${where}: expected no other number of environments than the ${n} given, got ${count}`,
  );
}
