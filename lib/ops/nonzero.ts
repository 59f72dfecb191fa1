import { allocate } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { knownValues } from "./known-values.js";
import { register } from "./registry.js";

/**
 * The positions of the elements that are not 0, or true, in row-major order (torch.nonzero). No gradient.
 * Shapes: x → y [k, rank] int32. Any dtype.
 * @example nonzero(tensor([[0, 2], [3, 0]]))   // [[0, 1], [1, 0]]
 * @throws TraceError within `compile` and `vmap`, as k depends on the elements; ArgumentError
 */
export function nonzero(x: Tensor): Tensor {
  const data = knownValues("nonzero", "how many positions there are depends on the elements; use where", x);
  let count = 0;
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) count++;
  const positions = allocate("int32", count * x.rank, "nonzero");
  let at = 0;
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    let rest = i;
    for (let d = x.rank - 1; d >= 0; d--) {
      const size = x.shape[d] as number;
      positions[at + d] = rest % size;
      rest = Math.floor(rest / size);
    }
    at += x.rank;
  }
  return new Tensor(positions, [count, x.rank], "int32");
}

register("nonzero", nonzero, {
  torch: "torch.nonzero",
  eager: true,
  gives: { float32: "int32", float64: "int32", bool: "int32" },
  cases: ({ floats, integers, truths, values }) => ({
    "1-D": [integers([9], 2)],
    "2-D": [integers([3, 4], 2)],
    "3-D": [truths([2, 3, 2])],
    floats: [values([0, -0, NaN, 0.5])],
    "all of them": [floats([2, 2])],
    "0-d": [values(3)],
    empty: [values([])],
  }),
});
