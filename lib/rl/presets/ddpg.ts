import type { DDPGOptions } from "../agents/ddpg.js";
import type { Presets } from "./preset.js";

export const DDPG_PRESETS: Presets<DDPGOptions, "Pendulum-v1"> = {
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
