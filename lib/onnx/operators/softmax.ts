// Softmax and its kin. Before opset 13 they took all axes from `axis` on as one.
import * as ops from "../../ops/index.js";
import { arange } from "../../tensor/create.js";
import { checkDim } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { matrixAt, ofOne } from "./inputs.js";
import { operator } from "./registry.js";

const FUNCTIONS: Readonly<Record<string, (x: Tensor, dim: number) => Tensor>> = {
  Softmax: (x, dim) => ops.softmax(x, { dim }),
  LogSoftmax: (x, dim) => ops.logSoftmax(x, { dim }),
  Hardmax: hardmax,
};

/** 1 at the first of the largest, 0 elsewhere. */
function hardmax(x: Tensor, dim: number): Tensor {
  const most = ops.argmax(x, { dim, keepdim: true });
  const line = x.shape.map((size, d) => (d === dim ? size : 1));
  const place = ops.reshape(arange(x.shape[dim] ?? 1, { dtype: "int32" }), line);
  return ops.to(ops.equal(place, most), x.dtype);
}

for (const [name, compute] of Object.entries(FUNCTIONS)) {
  operator(name, {
    since: 1,
    inputs: 1,
    make: ({ attributes }) => {
      const axis = attributes.int("axis", 1);
      return ofOne((x) => ops.reshape(compute(matrixAt(x, axis), 1), x.shape));
    },
  });
  operator(name, {
    since: 13,
    inputs: 1,
    make: ({ attributes }) => {
      const axis = attributes.int("axis", -1);
      return ofOne((x) => compute(x, checkDim("axis", axis, x.rank)));
    },
  });
}
