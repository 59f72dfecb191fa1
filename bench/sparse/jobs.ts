// Layers of which most weights do not exist, and the same layers with all weights.
import type { NamedArray } from "../data-file.js";
import type { Job, Workload } from "../workloads.js";

/** Two layers, so that a step needs all three products: the first layer has no ∂c/∂x. */
const SIZES = [1024, 1024, 1024];
const WEIGHTS = 1024 * 1024;
/** Products with a layer's weights. */
const PRODUCTS = { forward: 2, step: 5 };

/** Percent of the weights. Those of 0 are dense layers. */
const ZEROS = [0, 90, 95, 99];

const BATCHES = [
  { batch: 1, batches: 1024, chunk: 256 },
  { batch: 128, batches: 8, chunk: 16 },
];

/** The workload of dense layers. */
export const DENSE = "dense";

/** Predictions, which have no optimizer, and whole steps of descent. */
export function sparseJobs(): Job[] {
  return BATCHES.flatMap((shape) =>
    [null, "sgd"].flatMap((optimizer) =>
      ZEROS.map((zeros) => {
        const workload = zeros === 0 ? DENSE : `sparse-${zeros}`;
        const network: Workload = { name: workload, sizes: SIZES, ...shape };
        const products = optimizer === null ? PRODUCTS.forward : PRODUCTS.step;
        return {
          mode: "sparse" as const,
          workload,
          optimizer,
          batch: shape.batch,
          chunk: shape.chunk,
          // Of the weights that exist.
          flops: Math.round(products * 2 * shape.batch * WEIGHTS * (1 - zeros / 100)),
          content: { network, zeros },
        };
      }),
    ),
  );
}

/** The weights [out, in] with that percentage of zeros, at random. Biases stay. */
export function withZeros(arrays: readonly NamedArray[], zeros: number, next: () => number): NamedArray[] {
  return arrays.map((array) =>
    array.shape.length < 2
      ? array
      : {
          ...array,
          values: Float32Array.from(array.values, (value) => (100 * next() < zeros ? 0 : value)),
        },
  );
}
