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

// CleanRL's ppo.py has these defaults, and so has purejaxrl's.
const DEFAULTS = {
  hidden: [64, 64],
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
  readonly settings: PpoSettings;
}

const learning = (
  environments: number,
  rollout: number,
  own: Pick<PpoSettings, "lr" | "steps" | "chunk">,
): Learning => ({
  workload: `cartpole-${environments}x${rollout}`,
  settings: { ...DEFAULTS, environments, rollout, ...own },
});

// With their rate, 2.5·10⁻⁴, 500,000 steps are needed, which take PyTorch over a minute. The rate changes what is learnt
// and not the time of a step. The more samples in an update, the larger it may be.
export const LEARNINGS: readonly Learning[] = [
  learning(4, 128, { lr: 1e-3, steps: 204_800, chunk: 8 }),
  learning(64, 32, { lr: 3e-3, steps: 2 ** 18, chunk: 2 }),
  learning(64, 128, { lr: 3e-3, steps: 2 ** 19, chunk: 1 }),
];

/** How much is learnt, and the mean return of the last 100 episodes that is asked for. */
export interface Extent {
  /** Of the steps of a whole run. */
  readonly share: number;
  readonly bar: number;
}

export const FULL_EXTENT: Extent = { share: 1, bar: 400 };
/** A random agent has 22. */
export const QUICK_EXTENT: Extent = { share: 1 / 8, bar: 30 };

/** Of the matrix products, for one step of one environment: acting, and its part of an update. */
export function stepFlops({ hidden, epochs }: Pick<PpoSettings, "hidden" | "epochs">): number {
  const networks = [ACTIONS, 1].map((out) => ({ sizes: [OBSERVED, ...hidden, out], batch: 1 }));
  return networks.reduce((sum, network) => sum + forwardFlops(network) + epochs * trainFlops(network), 0);
}
