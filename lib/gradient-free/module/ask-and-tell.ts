// Any method of order zero on the weights of a module: a generation is evaluated as one batched program.

import { compile } from "../../compiler/compile.js";
import { reshape } from "../../ops/reshape.js";
import { slice } from "../../ops/slice.js";
import { to } from "../../ops/to.js";
import { fromTypedArray } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { affordable } from "./memory.js";
import type { Searched } from "./read.js";
import type { Weights } from "./weights.js";

/** The losses [count] of points [count, n] on samples, as the loss takes them. */
export type LossesOf = (points: Float64Array, samples: readonly Tensor[]) => Promise<Float64Array>;

/** The losses of points, all in one native call or in chunks. */
export function batchedLoss({
  weights,
  loss,
  chunk,
}: Pick<Searched, "weights" | "loss" | "chunk">): LossesOf {
  const compiled = compile((points: Tensor, ...samples: Tensor[]) =>
    to(loss.of(stacksOf(weights, points), samples), "float64"),
  );
  const n = weights.dimension;
  const tensorOf = (points: Float64Array): Tensor => fromTypedArray(points, [points.length / n, n]);
  return async (points, samples) => {
    const count = points.length / n;
    // Those of two, since a single one is computed in other ways.
    const bytesOfOne = (): number => compiled.arenaBytes(tensorOf(new Float64Array(2 * n)), ...samples) / 2;
    const atOnce = chunk ?? (count === 1 ? 1 : affordable(count, bytesOfOne()));
    const values = new Float64Array(count);
    for (let at = 0; at < count; at += atOnce) {
      const part = points.subarray(at * n, Math.min(at + atOnce, count) * n);
      const losses = await compiled.runAsync(tensorOf(part), ...samples);
      values.set(losses.storage.forReading(), at);
    }
    return values;
  };
}

/** points [C, n] → for each parameter [C, ...shape], in its dtype. */
function stacksOf(weights: Weights, points: Tensor): Tensor[] {
  const [count] = points.shape as [number, number];
  return weights.places.map(({ parameter: { size, shape, dtype }, start }) => {
    const columns = reshape(slice(points, 1, { start, end: start + size }), [count, ...shape]);
    return dtype === "float64" ? columns : to(columns, dtype);
  });
}
