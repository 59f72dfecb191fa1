// Generations of OpenAI-ES on a network: what is timed, and the steps that verification begins with.
import { Generator } from "thalweg";
import type { NamedArray } from "../data-file.js";
import type { Job, Workload } from "../workloads.js";

/** The settings of every implementation. */
export interface EvolutionSettings {
  /** P, half of it above and half below. */
  readonly population: number;
  /** P of the generation that is verified: few, so that rounding does not change the order of their losses. */
  readonly verified: number;
  readonly sigma: number;
  readonly lr: number;
  readonly momentum: number;
}

export const EVOLUTION: EvolutionSettings = {
  population: 256,
  verified: 32,
  sigma: 0.05,
  lr: 0.05,
  momentum: 0.9,
};

/** Ours draws with this seed. The file holds these numbers for the others. */
export const SEED = 1;

// About 1,000, 10,000 and 100,000 weights; the last once with nearly all of them in the first layer, whose input is the
// same for all candidates, and once with most of them in the layers after it.
const NETWORKS: readonly Workload[] = [
  { name: "es-1k", sizes: [16, 24, 20, 4], batch: 32, batches: 32, chunk: 128 },
  { name: "es-10k", sizes: [32, 80, 80, 10], batch: 32, batches: 32, chunk: 16 },
  { name: "es-100k", sizes: [784, 128, 10], batch: 32, batches: 32, chunk: 2 },
  { name: "es-100k-deep", sizes: [64, 256, 256, 64], batch: 32, batches: 32, chunk: 2 },
];

/** The products of all candidates, 2·P·B·in·out for each layer, by the plain algorithm. */
function generationFlops({ sizes, batch }: Workload): number {
  const weights = sizes.slice(1).reduce((sum, out, i) => sum + (sizes[i] as number) * out, 0);
  return 2 * EVOLUTION.population * batch * weights;
}

export function evolutionJobs(): Job[] {
  return NETWORKS.map((network) => ({
    mode: "evolution" as const,
    workload: network.name,
    optimizer: "momentum",
    batch: network.batch,
    chunk: network.chunk,
    flops: generationFlops(network),
    content: { network, evolution: EVOLUTION },
  }));
}

/** The steps e = σ·ε of the generation that is verified: for each parameter `e0`, … [P/2, ...shape]. */
export function firstSteps(sizes: readonly number[], { verified, sigma }: EvolutionSettings): NamedArray[] {
  const generator = new Generator(SEED);
  const shapes = sizes.slice(1).flatMap((out, i) => [[out, sizes[i] as number], [out]]);
  return shapes.map((own, k) => {
    const shape = [verified / 2, ...own];
    return { name: `e${k}`, shape, values: generator.normal(shape, { std: sigma }).data as Float32Array };
  });
}
