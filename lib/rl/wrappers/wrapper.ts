import { ArgumentError } from "../../errors.js";
import { describe, isInstance } from "../../options.js";
import { checkMembers, checkStart, checkTransition, isSpace } from "../check-environment.js";
import type { Environment, ResetOptions, Start, Transition } from "../environment.js";
import { Box, type Space } from "../space.js";
import { dynamicsOf, type TensorDynamics } from "../tensor-environment.js";

/** The spaces of a wrapped environment: those that the wrapper changes. */
export interface WrapperSpaces<Observation, Action> {
  readonly observationSpace?: Space<Observation>;
  readonly actionSpace?: Space<Action>;
}

/**
 * An environment around another one, of which it changes something (gymnasium.Wrapper). It checks what the inner one
 * gives.
 */
export abstract class Wrapper<Observation, Action, Seen = Observation, Done = Action>
  implements Environment<Observation, Action>
{
  /** The inner environment. */
  readonly environment: Environment<Seen, Done>;
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: Space<Action>;
  readonly render?: () => string;
  protected readonly name: string;

  /** @throws EnvironmentError unless it is an environment. */
  protected constructor(
    name: string,
    environment: Environment<Seen, Done>,
    spaces: WrapperSpaces<Observation, Action> = {},
  ) {
    const inner: Environment<unknown, unknown> = checkMembers(name, environment);
    this.name = name;
    this.environment = environment;
    this.observationSpace = spaces.observationSpace ?? (inner.observationSpace as Space<Observation>);
    this.actionSpace = spaces.actionSpace ?? (inner.actionSpace as Space<Action>);
    if (typeof inner.render === "function") this.render = () => (inner.render as () => string)();
  }

  /** The innermost environment. */
  get unwrapped(): Environment<unknown, unknown> {
    const { environment } = this;
    return environment instanceof Wrapper ? environment.unwrapped : environment;
  }

  abstract reset(options?: ResetOptions): Start<Observation>;
  abstract step(action: Action): Transition<Observation>;

  close(): void {
    this.environment.close?.();
  }

  protected innerReset(options: ResetOptions | undefined): Start<Seen> {
    const { environment } = this;
    return checkStart(`${this.name}.reset`, environment.observationSpace, environment.reset(options));
  }

  protected innerStep(action: Done): Transition<Seen> {
    const { environment } = this;
    return checkTransition(`${this.name}.step`, environment.observationSpace, environment.step(action));
  }

  /** Of the inner environment; null where it has none. */
  protected get innerDynamics(): TensorDynamics | null {
    return dynamicsOf(this.environment);
  }
}

/** @returns the environment's space of actions or observations. @throws ArgumentError unless it is a Box. */
export function checkBox(name: string, what: "action" | "observation", environment: unknown): Box {
  const space: unknown = (environment as Partial<Environment> | null)?.[`${what}Space`];
  if (isInstance(space, Box)) return space;
  const given = isSpace(space) ? String(space) : describe(space);
  throw new ArgumentError(`${name}: expected an environment whose ${what}s are a Box, got ${given}`);
}

/** Dynamics that differ in some parts. */
export function changed(inner: TensorDynamics, parts: Partial<TensorDynamics>): TensorDynamics {
  const { name, observationSpace, actionSpace, maxEpisodeSteps } = inner;
  return {
    name,
    observationSpace,
    actionSpace,
    maxEpisodeSteps,
    begin: (n, generator, dtype) => inner.begin(n, generator, dtype),
    advance: (state, action, generator) => inner.advance(state, action, generator),
    observe: (state) => inner.observe(state),
    ...parts,
  };
}
