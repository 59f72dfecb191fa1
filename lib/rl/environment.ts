import type { Space } from "./space.js";

/** What an environment tells besides: anything by name. */
export type Info = Readonly<Record<string, unknown>>;

/** What `reset` gives. */
export interface Start<Observation> {
  readonly observation: Observation;
  readonly info: Info;
}

/** What `step` gives. */
export interface Transition<Observation> extends Start<Observation> {
  readonly reward: number;
  /** The episode has come to an end of its own: the pole has fallen. No reward can follow. */
  readonly terminated: boolean;
  /** The episode was cut off, by a limit of time; rewards would have followed. */
  readonly truncated: boolean;
}

export interface ResetOptions {
  /** A seed makes the episodes from here on the same every time. Default: goes on with the numbers that follow. */
  readonly seed?: number;
  /** What the environment lets one choose. */
  readonly options?: Info;
}

/**
 * A world to act in (gymnasium.Env). `reset` begins an episode, each `step` does an action; after `terminated` or
 * `truncated` comes a `reset`. A user's game is an environment with these four members.
 * @example
 * class Guess implements Environment<ArrayLike<number>, number> {
 *   observationSpace = new Box(0, 9);
 *   actionSpace = new Discrete(10);
 *   #chance = new Generator(0);
 *   #secret = 0;
 *   reset({ seed }: ResetOptions = {}) {
 *     if (seed !== undefined) this.#chance.seed(seed);
 *     this.#secret = this.actionSpace.sample(this.#chance);
 *     return { observation: [this.#secret], info: {} };
 *   }
 *   step(action: number) {
 *     const reward = action === this.#secret ? 1 : 0;
 *     return { observation: [this.#secret], reward, terminated: true, truncated: false, info: {} };
 *   }
 * }
 * checkEnvironment(new Guess());
 */
export interface Environment<Observation = ArrayLike<number>, Action = number | ArrayLike<number>> {
  readonly observationSpace: Space<Observation>;
  readonly actionSpace: Space<Action>;
  reset(options?: ResetOptions): Start<Observation>;
  step(action: Action): Transition<Observation>;
  /** The state as text, for a terminal. */
  render?(): string;
  /** Lets go of what the environment holds. */
  close?(): void;
}
