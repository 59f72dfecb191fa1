/** Settings under which an algorithm was seen to solve an environment. */
export interface Preset<Options> {
  /** For the agent's constructor. */
  readonly options: Options;
  /** For `learn`: the steps of all environments after which it is solved. */
  readonly steps: number;
}

/** The presets of an algorithm, by environment. */
export type Presets<Options, Environment extends string> = Readonly<Record<Environment, Preset<Options>>>;
