// What a thread makes of a TypeScript module.
import { CartPole } from "../../lib/rl/index.js";

enum Limit {
  steps = 3,
}

export const short = (): CartPole => new CartPole({ maxEpisodeSteps: Limit.steps });
