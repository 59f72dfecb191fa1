import type { TD3Options } from "../agents/td3.js";
import type { Presets } from "./preset.js";

export const TD3_PRESETS: Presets<TD3Options, "Pendulum-v1"> = {
  "Pendulum-v1": {
    options: {
      gamma: 0.98,
      batchSize: 128,
      bufferSize: 20_000,
      learningStarts: 1000,
      network: { hidden: [64, 64] },
    },
    steps: 20_000,
  },
};
