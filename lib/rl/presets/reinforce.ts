import type { REINFORCEOptions } from "../agents/reinforce.js";
import type { Presets } from "./preset.js";

export const REINFORCE_PRESETS: Presets<REINFORCEOptions, "CartPole-v1"> = {
  "CartPole-v1": { options: { environments: 8, lr: 3e-3 }, steps: 300_000 },
};
