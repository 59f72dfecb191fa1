import { EnvironmentError } from "../errors.js";
import { checkNumber, checkOptions, describe, isPlainObject } from "../options.js";
import { Generator } from "../random/generator.js";
import type { Environment, Info, Start, Transition } from "./environment.js";
import { isFiniteInFloat32, isNumberList, type Space } from "./space.js";

export interface CheckEnvironmentOptions {
  /** How many steps are tried, 10,000 at most. Default: 100. */
  readonly steps?: number;
  /** Of the actions and episodes. Default: 0. */
  readonly seed?: number;
}

/** The call that an error names. It is made to text only for the error. */
export type Place = string | { toString(): string };

type Unknown = Readonly<Record<string, unknown>>;

export const isSpace = (value: unknown): value is Space =>
  typeof value === "object" &&
  value !== null &&
  Array.isArray((value as Unknown)["shape"]) &&
  ["sample", "contains"].every((name) => typeof (value as Unknown)[name] === "function");

/**
 * Tries an environment with actions by chance, and says what it does that it must not: spaces that are none,
 * observations outside their space, rewards that are no numbers, observations and infos that change
 * afterwards, a seed that does not give the same episode again (gymnasium.utils.env_checker.check_env). It is
 * closed neither before nor after.
 * @throws EnvironmentError that names the call; ArgumentError, OptionError; what the environment throws.
 * @example checkEnvironment(new CartPole());
 */
export function checkEnvironment<Observation, Action>(
  environment: Environment<Observation, Action>,
  options: CheckEnvironmentOptions = {},
): void {
  checkOptions("checkEnvironment", options, ["steps", "seed"]);
  const steps = checkNumber("checkEnvironment", "steps", options.steps ?? 100, {
    min: 1,
    max: 10_000,
    integer: true,
  });
  const seed = checkNumber("checkEnvironment", "seed", options.seed ?? 0, { min: 0, integer: true });
  const own = checkMembers("checkEnvironment", environment);
  const first = play(own, steps, seed);
  const second = play(own, steps, seed);
  const differs = first.findIndex((text, i) => text !== second[i]);
  if (differs >= 0) {
    throw new EnvironmentError(
      `checkEnvironment: reset({ seed: ${seed} }) and the same actions gave another episode the second time, from ${differs === 0 ? "reset" : `step ${differs}`} on: use the seed, and nothing from before`,
    );
  }
}

/** @throws EnvironmentError */
export function checkMembers(where: Place, environment: unknown): Environment<unknown, unknown> {
  if (typeof environment !== "object" || environment === null) {
    throw new EnvironmentError(`${where}: expected an environment, got ${describe(environment)}`);
  }
  const members = environment as Unknown;
  for (const name of ["observationSpace", "actionSpace"]) {
    if (isSpace(members[name])) continue;
    throw new EnvironmentError(
      `${where}: expected ${name} to be a space, such as new Box(-1, 1) or new Discrete(2), got ${describe(members[name])}`,
    );
  }
  for (const name of ["reset", "step"]) {
    if (typeof members[name] === "function") continue;
    throw new EnvironmentError(`${where}: expected ${name} to be a function, got ${describe(members[name])}`);
  }
  return environment as Environment<unknown, unknown>;
}

/** Plays and writes down what came. */
function play(environment: Environment<unknown, unknown>, steps: number, seed: number): string[] {
  const { observationSpace, actionSpace } = environment;
  const generator = new Generator(seed);
  const seen: string[] = [];
  let kept = checkStart("reset", observationSpace, environment.reset({ seed }));
  let before = write(kept.observation);
  let told = { ...kept.info };
  seen.push(before);
  for (let step = 1; step <= steps; step++) {
    const action = actionSpace.sample(generator);
    const result = checkTransition(`step ${step}`, observationSpace, environment.step(action));
    if (write(kept.observation) !== before) {
      throw new EnvironmentError(
        `checkEnvironment: step ${step}: the observation that was given before has changed: give a new array each time`,
      );
    }
    if (!hasEntries(kept.info, told)) {
      throw new EnvironmentError(
        `checkEnvironment: step ${step}: the info that was given before has changed: give a new object each time`,
      );
    }
    seen.push(write([result.observation, result.reward, result.terminated, result.truncated]));
    const hasEnded = result.terminated || result.truncated;
    kept = hasEnded ? checkStart(`reset after step ${step}`, observationSpace, environment.reset()) : result;
    before = write(kept.observation);
    told = { ...kept.info };
  }
  return seen;
}

/** Whether the info has these entries and no others. */
function hasEntries(info: Info = {}, entries: Info): boolean {
  const names = Object.keys(info);
  return (
    names.length === Object.keys(entries).length &&
    names.every((name) => Object.is(info[name], entries[name]))
  );
}

/** Arrays and typed arrays alike. */
const write = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (isNumberList(part) ? Array.from(part, String) : part)) ?? "";

/**
 * @throws EnvironmentError unless it is what `reset` must give.
 */
export function checkStart<T>(call: Place, space: Space<T>, result: unknown): Start<T> {
  if (!isPlainObject(result)) {
    throw new EnvironmentError(`${call}: expected { observation, info }, got ${describe(result)}`);
  }
  const { observation, info } = result;
  if (!space.contains(observation)) {
    throw new EnvironmentError(
      `${call}: expected an observation of ${space}, got ${describeObservation(observation)}`,
    );
  }
  if (!isFiniteInFloat32(observation)) {
    throw new EnvironmentError(
      `${call}: expected an observation of finite float32 numbers, got ${describeObservation(observation)}`,
    );
  }
  if (info !== undefined && !isPlainObject(info)) {
    throw new EnvironmentError(`${call}: expected info to be an object, got ${describe(info)}`);
  }
  return result as object as Start<T>;
}

/**
 * @throws EnvironmentError unless it is what `step` must give.
 */
export function checkTransition<T>(call: Place, space: Space<T>, result: unknown): Transition<T> {
  checkStart(call, space, result);
  const { reward, terminated, truncated } = result as Unknown;
  if (typeof reward !== "number" || !Number.isFinite(reward)) {
    throw new EnvironmentError(`${call}: expected reward to be a finite number, got ${describe(reward)}`);
  }
  if (!isFiniteInFloat32(reward)) {
    throw new EnvironmentError(`${call}: expected reward to be finite as a float32, got ${reward}`);
  }
  checkEnd(call, "terminated", terminated);
  checkEnd(call, "truncated", truncated);
  return result as Transition<T>;
}

function checkEnd(call: Place, name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new EnvironmentError(`${call}: expected ${name} to be true or false, got ${describe(value)}`);
}

/** Short lists with their numbers: the reader sees which one is NaN or too large. */
function describeObservation(value: unknown): string {
  if (!isNumberList(value) || value.length > 16) return describe(value);
  return `[${Array.from(value, String).join(", ")}]`;
}
