// PPO on CartPole-v1: the settings of every implementation.
import { forwardFlops, trainFlops } from "../workloads.js";

export interface PpoSettings {
  readonly environments: number;
  /** Steps of each environment between two updates. */
  readonly rollout: number;
  /** Steps of all environments in a whole run. */
  readonly steps: number;
  /** Updates of a call that is timed. */
  readonly chunk: number;
  /** Units of the hidden layers of actor and critic, which have tanh and share nothing. */
  readonly hidden: readonly number[];
  /** Of Adam; it falls to 0 in the steps of a run. */
  readonly lr: number;
  readonly eps: number;
  readonly epochs: number;
  readonly minibatches: number;
  readonly gamma: number;
  readonly lambda: number;
  /** Of the ratio, and of the critic's value. */
  readonly clip: number;
  /** Of ½·mean max(…), as CleanRL and purejaxrl have the critic's cost. */
  readonly valueWeight: number;
  readonly entropyWeight: number;
  readonly maxGradNorm: number;
}

/** Numbers of an observation, and actions. */
const OBSERVED = 4;
const ACTIONS = 2;

// The defaults of both CleanRL's ppo.py and purejaxrl's ppo.py, which are the same.
const DEFAULTS = {
  hidden: [64, 64],
  lr: 2.5e-4,
  eps: 1e-5,
  epochs: 4,
  minibatches: 4,
  gamma: 0.99,
  lambda: 0.95,
  clip: 0.2,
  valueWeight: 0.5,
  entropyWeight: 0.01,
  maxGradNorm: 0.5,
} as const;

export interface Learning {
  readonly workload: string;
  readonly settings: Omit<PpoSettings, "steps">;
}

const learning = (
  environments: number,
  rollout: number,
  own: Pick<PpoSettings, "chunk"> & Partial<PpoSettings>,
): Learning => ({
  workload: `cartpole-${environments}x${rollout}`,
  settings: { ...DEFAULTS, environments, rollout, ...own },
});

// More samples in an update: a larger step.
export const LEARNINGS: readonly Learning[] = [
  learning(4, 128, { chunk: 8 }),
  learning(64, 32, { chunk: 2, lr: 1e-3 }),
  learning(64, 128, { chunk: 1, lr: 1e-3 }),
];

/** How long is learnt, and the mean return of the last 100 episodes that is asked for. */
export interface Extent {
  readonly steps: number;
  readonly bar: number;
}

export const FULL_EXTENT: Extent = { steps: 2 ** 18, bar: 400 };
/** A random agent has 22. */
export const QUICK_EXTENT: Extent = { steps: 2 ** 15, bar: 30 };

/** Of the matrix products, for one step of one environment: acting, and its part of an update. */
export function stepFlops({ hidden, epochs }: Pick<PpoSettings, "hidden" | "epochs">): number {
  const networks = [ACTIONS, 1].map((out) => ({ sizes: [OBSERVED, ...hidden, out], batch: 1 }));
  return networks.reduce((sum, network) => sum + forwardFlops(network) + epochs * trainFlops(network), 0);
}
