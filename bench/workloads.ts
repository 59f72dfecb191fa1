// The measured work: networks, optimizers, products, and the number of floating-point operations of each.

import { type EvolutionSettings, evolutionJobs } from "./evolution/jobs.js";
import { sparseJobs } from "./sparse/jobs.js";

export const MODES = [
  "train",
  "infer",
  "eager",
  "matmul",
  "jacobian",
  "optimizer",
  "sparse",
  "gradient-free",
  "evolution",
  "rl",
  "time-to-accuracy",
  "import",
] as const;
export type Mode = (typeof MODES)[number];

/** A network with ReLU between the layers and cross-entropy on class indices at the end. */
export interface Workload {
  readonly name: string;
  /** Features: in → … → out. */
  readonly sizes: readonly number[];
  /** Samples per step. */
  readonly batch: number;
  /** Mini-batches in the data set. The steps go through them repeatedly. */
  readonly batches: number;
  /** Steps per run, for an implementation that takes many steps in one call. */
  readonly chunk: number;
}

// A data set holds 2 to 4 MB: more than a core's caches, like real data sets.
export const WORKLOADS: readonly Workload[] = [
  { name: "lecture-1", sizes: [600, 60, 40, 10], batch: 1, batches: 1024, chunk: 2048 },
  { name: "lecture-32", sizes: [600, 60, 40, 10], batch: 32, batches: 32, chunk: 256 },
  { name: "mnist-128", sizes: [784, 128, 10], batch: 128, batches: 8, chunk: 128 },
  { name: "mlp-512", sizes: [784, 512, 512, 10], batch: 256, batches: 4, chunk: 16 },
  { name: "wide", sizes: [1024, 4096, 4096, 1024], batch: 512, batches: 2, chunk: 1 },
];

// Inference needs one workload per network: lecture-32 has the network of lecture-1.
const INFERENCE = WORKLOADS.filter(({ name }) => name !== "lecture-32");
const INFERENCE_BATCHES = [
  { batch: 1, batches: 64 },
  { batch: 1024, batches: 2 },
];

export interface OptimizerSettings {
  readonly lr: number;
  readonly momentum?: number;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
}

/** Every implementation reads these from the data file. */
export const OPTIMIZERS = {
  sgd: { lr: 0.01 },
  momentum: { lr: 0.005, momentum: 0.9 },
  adam: { lr: 0.001, betas: [0.9, 0.999], eps: 1e-8 },
} as const satisfies Record<string, OptimizerSettings>;
export type OptimizerName = keyof typeof OPTIMIZERS;
export const OPTIMIZER_NAMES = Object.keys(OPTIMIZERS) as OptimizerName[];

/** y [M, N] = op(a) [M, K] · op(b) [K, N]; `layout` is N or T for each of a and b. */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly layout: "NN" | "NT" | "TN";
}

const product = (m: number, n: number, k: number, layout: Product["layout"]): Product => ({
  m,
  n,
  k,
  layout,
});

export const PRODUCTS: readonly Product[] = [
  ...[64, 128, 256, 512, 1024, 2048, 4096].map((n) => product(n, n, n, "NN")),
  ...[128, 512, 1024].flatMap((n) => [product(n, n, n, "NT"), product(n, n, n, "TN")]),
  // Skinny: the layers of the workloads, forward (NT), and the gradients of their weights (TN).
  product(1, 4096, 4096, "NT"),
  product(32, 60, 600, "NT"),
  product(128, 128, 784, "NT"),
  product(128, 784, 128, "TN"),
  product(256, 512, 784, "NT"),
  product(512, 784, 256, "TN"),
  product(512, 4096, 1024, "NT"),
  product(4096, 1024, 512, "TN"),
  product(4096, 16, 4096, "NN"),
];

/** Steps of an optimizer alone: parameters with constant gradients. */
export interface Descent {
  /** The name of the class, in Thalweg and PyTorch. */
  readonly optimizer: string;
  readonly settings: Readonly<Record<string, number>>;
  readonly shapes: readonly (readonly number[])[];
}

// Other settings have their defaults.
const DESCENTS: readonly Pick<Descent, "optimizer" | "settings">[] = [
  { optimizer: "SGD", settings: { lr: 0.01, momentum: 0.9 } },
  { optimizer: "Adam", settings: { lr: 0.001 } },
  { optimizer: "AdamW", settings: { lr: 0.001 } },
  { optimizer: "Adamax", settings: { lr: 0.002 } },
  { optimizer: "NAdam", settings: { lr: 0.002 } },
  { optimizer: "RAdam", settings: { lr: 0.001 } },
  { optimizer: "Adagrad", settings: { lr: 0.01 } },
  { optimizer: "Adadelta", settings: { lr: 1 } },
  { optimizer: "RMSprop", settings: { lr: 0.01 } },
  { optimizer: "Rprop", settings: { lr: 0.01 } },
  { optimizer: "ASGD", settings: { lr: 0.01 } },
  { optimizer: "Adafactor", settings: { lr: 0.01 } },
  { optimizer: "Lion", settings: { lr: 1e-4 } },
  { optimizer: "Muon", settings: { lr: 0.02 } },
];

const PARAMETERS: readonly { readonly workload: string; readonly shapes: Descent["shapes"] }[] = [
  { workload: "mlp-512", shapes: shapesOf([784, 512, 512, 10]) },
  { workload: "200-small", shapes: Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? [32, 32] : [32])) },
];

function shapesOf(sizes: readonly number[]): number[][] {
  return sizes.slice(1).flatMap((out, i) => [[out, sizes[i] as number], [out]]);
}

/** One job: timed with each implementation that can do it. */
export interface Job {
  readonly mode: Mode;
  readonly workload: string;
  readonly optimizer: string | null;
  readonly batch: number;
  readonly chunk: number;
  /** Multiplications and additions in the matrix products of one step; null if there are none. */
  readonly flops: number | null;
  readonly content:
    | {
        readonly network: Workload;
        readonly evolution?: EvolutionSettings;
        /** Percent of the weights that do not exist. Default: 0. */
        readonly zeros?: number;
      }
    | { readonly product: Product }
    | { readonly descent: Descent };
}

/** 2·B·in·out for each layer. */
export function forwardFlops({ sizes, batch }: Pick<Workload, "sizes" | "batch">): number {
  return sizes.slice(1).reduce((sum, out, i) => sum + 2 * batch * (sizes[i] as number) * out, 0);
}

/** Forward, the gradients of the weights, and the gradients of the states, which the first layer does not need. */
export function trainFlops(workload: Pick<Workload, "sizes" | "batch">): number {
  const [first, second] = workload.sizes as [number, number, ...number[]];
  return 3 * forwardFlops(workload) - 2 * workload.batch * first * second;
}

function trainJobs(mode: "train" | "eager"): Job[] {
  return WORKLOADS.flatMap((network) =>
    OPTIMIZER_NAMES.map((optimizer) => ({
      mode,
      workload: network.name,
      optimizer,
      batch: network.batch,
      chunk: network.chunk,
      flops: trainFlops(network),
      content: { network },
    })),
  );
}

function inferJobs(): Job[] {
  return INFERENCE.flatMap((workload) =>
    INFERENCE_BATCHES.map((shape) => {
      const network = { ...workload, ...shape };
      const flops = forwardFlops(network);
      const chunk = Math.min(2048, Math.max(1, Math.round(5e8 / flops)));
      return {
        mode: "infer" as const,
        workload: workload.name,
        optimizer: null,
        batch: shape.batch,
        chunk,
        flops,
        content: { network: { ...network, chunk } },
      };
    }),
  );
}

function matmulJobs(): Job[] {
  return PRODUCTS.map((product) => {
    const { m, n, k, layout } = product;
    const flops = 2 * m * n * k;
    return {
      mode: "matmul",
      workload: `matmul-${m}x${n}x${k}-${layout}`,
      optimizer: null,
      batch: m,
      chunk: Math.min(1024, Math.max(1, Math.round(2e8 / flops))),
      flops,
      content: { product },
    };
  });
}

/** ∂y/∂x [out, in] of a network at one sample: one forward pass, then one backward pass per output. */
function jacobianJobs(): Job[] {
  return INFERENCE.filter(({ name }) => name !== "wide").map((workload) => {
    const network = { ...workload, batch: 1, batches: 64 };
    const rows = network.sizes.at(-1) as number;
    const flops = forwardFlops(network) + forwardFlops({ sizes: network.sizes, batch: rows });
    return {
      mode: "jacobian" as const,
      workload: workload.name,
      optimizer: null,
      batch: 1,
      chunk: 256,
      flops,
      content: { network },
    };
  });
}

function optimizerJobs(): Job[] {
  return PARAMETERS.flatMap(({ workload, shapes }) =>
    DESCENTS.map(({ optimizer, settings }) => ({
      mode: "optimizer" as const,
      workload,
      optimizer,
      batch: 1,
      chunk: 64,
      flops: null,
      // Muon accepts only matrices.
      content: {
        descent: {
          optimizer,
          settings,
          shapes: shapes.filter(({ length }) => optimizer !== "Muon" || length === 2),
        },
      },
    })),
  );
}

/** The jobs that measure a step. Those of time-to-accuracy and rl measure a whole run. */
export function allJobs(): Job[] {
  return [
    ...trainJobs("train"),
    ...inferJobs(),
    ...trainJobs("eager"),
    ...matmulJobs(),
    ...jacobianJobs(),
    ...optimizerJobs(),
    ...sparseJobs(),
    ...evolutionJobs(),
  ];
}
