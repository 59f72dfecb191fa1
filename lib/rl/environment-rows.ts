import { EnvironmentError } from "../errors.js";
import { type Encoder, encoderOf } from "./encode.js";
import type { Info } from "./environment.js";
import { NumberedEnvironment } from "./numbered-environment.js";
import type { RowInfos, Rows } from "./rows.js";
import type { Space } from "./space.js";

/** Environments of one kind, numbered from `first` on, whose results are written to rows. */
export class EnvironmentRows {
  readonly environments: readonly NumberedEnvironment[];
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly first: number;
  readonly #encoder: Encoder;

  /**
   * @throws EnvironmentError unless each is an environment, and all have the same spaces; ArgumentError for
   *   observations that are not numbers.
   */
  constructor(where: string, environments: readonly unknown[], first: number) {
    this.first = first;
    this.environments = environments.map((one, i) => new NumberedEnvironment(one, first + i));
    const { observationSpace, actionSpace } = (this.environments[0] as NumberedEnvironment).environment;
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.#encoder = encoderOf(where, observationSpace);
    for (const { name, environment } of this.environments) {
      checkSameSpace(name, "observationSpace", environment.observationSpace, observationSpace);
      checkSameSpace(name, "actionSpace", environment.actionSpace, actionSpace);
    }
  }

  get size(): number {
    return this.#encoder.size;
  }

  /** Begins the episode of the environment i, counted from 0, anew. */
  reset(i: number, seed: number | undefined, rows: Rows, { infos }: RowInfos): void {
    const environment = this.environments[i] as NumberedEnvironment;
    const row = this.first + i;
    const { observation, info } = environment.reset(seed === undefined ? {} : { seed });
    this.#encoder.encode(observation, rows.observation, row * this.size);
    keep(infos, row, info);
  }

  /** A step of the environment i, counted from 0; where its episode ends, the next one begins. */
  step(i: number, action: unknown, rows: Rows, { infos, finalInfos }: RowInfos): void {
    const environment = this.environments[i] as NumberedEnvironment;
    const row = this.first + i;
    const offset = row * this.size;
    const { observation, reward, terminated, truncated, info } = environment.step(action);
    rows.reward[row] = reward;
    rows.terminated[row] = Number(terminated);
    rows.truncated[row] = Number(truncated);
    if (!terminated && !truncated) {
      this.#encoder.encode(observation, rows.observation, offset);
      keep(infos, row, info);
      return;
    }
    this.#encoder.encode(observation, rows.finalObservation, offset);
    keep(finalInfos, row, info);
    const start = environment.next();
    this.#encoder.encode(start.observation, rows.observation, offset);
    keep(infos, row, start.info);
  }
}

/** Keeps a copy: the environment may write over its own. */
function keep(infos: Map<number, Info>, row: number, info: Info | undefined): void {
  if (info !== undefined && Object.keys(info).length > 0) infos.set(row, { ...info });
}

/** @throws EnvironmentError unless both are written alike. */
export function checkSameSpace(where: string, name: string, space: Space, other: Space): void {
  if (space === other || `${space}` === `${other}`) return;
  throw new EnvironmentError(
    `${where}: expected ${name} to be that of the first environment, ${other}, got ${space}`,
  );
}
