import type { SACOptions } from "../agents/sac.js";
import type { Presets } from "./preset.js";

export const SAC_PRESETS: Presets<SACOptions, "Pendulum-v1"> = {
  "Pendulum-v1": {
    options: { lr: 1e-3, batchSize: 128, bufferSize: 20_000, network: { hidden: [64, 64] } },
    steps: 20_000,
  },
};
