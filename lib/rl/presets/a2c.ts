import type { A2COptions } from "../agents/a2c.js";
import type { Presets } from "./preset.js";

export const A2C_PRESETS: Presets<A2COptions, "CartPole-v1"> = {
  // rl-baselines3-zoo's.
  "CartPole-v1": { options: { environments: 8 }, steps: 500_000 },
};
