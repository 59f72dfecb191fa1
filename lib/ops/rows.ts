import { checkOptions } from "../options.js";
import { checkDim, type TensorSpec } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import type { Draw, Draws } from "./cases.js";
import { checkDTypes } from "./define.js";
import { reshape } from "./reshape.js";
import { transpose } from "./transpose.js";

/** Along which axis. */
export interface DimOptions {
  /** The axis; default −1, the last. */
  readonly dim?: number;
}

/** Shape and parameters of an op on the rows of x [..., n]. */
export function rowsOf(name: string) {
  return {
    shape: ({ x }: { readonly x: Tensor }): TensorSpec => ({
      shape: x.shape,
      dtype: checkDTypes(name, ["x"], [x], "float"),
    }),
    params: ({ x }: { readonly x: Tensor }): number[] => {
      const n = x.shape[x.rank - 1] as number;
      return [n === 0 ? 0 : x.size / n, n];
    },
  };
}

/** Applies an op on rows along any axis: it is moved to the end and back. */
export function alongLast(name: string, x: Tensor, options: DimOptions, rows: (x: Tensor) => Tensor): Tensor {
  checkTensor(name, "x", x);
  checkOptions(name, options, ["dim"]);
  const dim = checkDim(name, options.dim ?? -1, x.rank);
  if (x.rank === 0) return reshape(rows(reshape(x, [1])), []);
  if (dim === x.rank - 1) return rows(x);
  return transpose(rows(transpose(x, dim, -1)), dim, -1);
}

/** What softmax and logSoftmax are tested with. */
export const rowCases = ({ values }: Draws): Readonly<Record<string, readonly [Draw, DimOptions?]>> => ({
  "equal values": [values([[3, 3, 3]]), { dim: 1 }],
  "large and small values": [
    values([
      [1000, 0, -1000],
      [-1000, -1001, -999],
      [745, 0, 1],
    ]),
    { dim: 1 },
  ],
  "nothing to choose": [values([[-Infinity, -Infinity, -Infinity]]), { dim: 1 }],
  "some of −∞": [values([[-Infinity, -Infinity, 0]]), { dim: 1 }],
});
