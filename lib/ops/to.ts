import { checkDType, type DType } from "../tensor/dtype.js";
import { sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { broadcastParams } from "./broadcast.js";
import { type Apply, linear } from "./define.js";
import { type Method, register } from "./registry.js";

const convert = (dtype: DType): Apply<object> =>
  linear<"x">(`to_${dtype}`, {
    inputs: ["x"],
    kernel: `to_${dtype}`,
    shape: ({ x }) => ({ shape: x.shape, dtype }),
    params: ({ x }, y) => broadcastParams([x], y.shape, sizeOf(y.shape)),
    transpose: ({ dy, x }) => to(dy, x.dtype),
    batch: ({ x }, { op }) => op([x], {}),
  });

const ops: Readonly<Record<DType, Apply<object>>> = {
  float32: convert("float32"),
  float64: convert("float64"),
  int32: convert("int32"),
  bool: convert("bool"),
};

/**
 * Converts to another dtype; gives x itself where it has that dtype already.
 * To int32: towards zero, held to the range of int32, NaN becomes 0. To bool: x ≠ 0.
 * The gradient passes between float32 and float64 and is cut by the others.
 * @example to(labels, "float64")
 * @throws DTypeError for an unknown dtype.
 */
export function to(x: Tensor, dtype: DType): Tensor {
  checkTensor("to", "x", x);
  const wanted = checkDType("to", dtype);
  if (x.dtype === wanted) return x;
  return ops[wanted]([x], {});
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    to: Method<typeof to>;
  }
}

register("to", to, {
  method: true,
  torch: "to",
  cases: ({ floats, truths, values }) => ({
    "to int32": [values([0.5, -1.75, 2.25, -0]), "int32" as const],
    "to bool": [values([0.5, 0, -0, NaN]), "bool" as const],
    "from int32": [
      values(
        [
          [0, 1],
          [-3, 7],
        ],
        "int32",
      ),
      "float64" as const,
    ],
    "from bool": [truths([7]), "float64" as const],
    "from bool to int32": [truths([7]), "int32" as const],
    "0-d": [floats([]), "int32" as const],
    empty: [floats([0, 3]), "int32" as const],
  }),
});
