import { DTypeError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { addmm } from "../ops/addmm.js";
import { argmin } from "../ops/argmin.js";
import type { Draw } from "../ops/cases.js";
import { detach } from "../ops/detach.js";
import { flatten } from "../ops/flatten.js";
import { indexSelect } from "../ops/index-select.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { isFloat } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { type ModuleCase, registerModule } from "./registry.js";

/**
 * The nearest of K stored samples: G(x, w) = argmin_k ‖x − w_k‖², the first of equally near ones.
 * The argmin is piecewise constant, so there is no gradient through it: `backward()` from its result
 * is a GraphError. `distances` can be differentiated.
 * Shapes: samples [K, ...] → weight [K, D]; x [B, ...] with D elements a sample → int32 [B].
 * @throws ShapeError where x's samples have another size; DTypeError where they have another dtype.
 * @example
 * const model = new nn.NearestNeighbor(trainImages);
 * indexSelect(trainLabels, 0, model.forward(images));   // the label of the nearest image
 */
export class NearestNeighbor extends Module {
  readonly weight: Parameter;

  constructor(samples: Tensor) {
    super();
    checkTensor("NearestNeighbor", "samples", samples);
    if (samples.rank < 2 || samples.size === 0) {
      throw new ShapeError(
        `NearestNeighbor: expected samples [K, ...] with K ≥ 1, got ${format(samples.shape)}`,
      );
    }
    if (!isFloat(samples.dtype)) {
      throw new DTypeError(
        `NearestNeighbor: expected samples to be float32 or float64, got ${samples.dtype}`,
      );
    }
    this.weight = new Parameter(flatten(samples, 1));
  }

  forward(x: Tensor): Tensor {
    // ‖x‖² is the same for every k, so it does not change which is nearest.
    const { rows, weight } = centred(x, this.weight);
    return argmin(partial(rows, weight), { dim: 1 });
  }

  /** ‖x − w_k‖² for every sample and k: [B, K]. */
  distances(x: Tensor): Tensor {
    const { rows, weight } = centred(x, this.weight);
    return add(partial(rows, weight), sum(square(rows), { dim: 1, keepdim: true }));
  }
}

/**
 * x and w as seen from the first sample. Distances stay the same, but where all lie far from 0 and close together,
 * their squares would cancel and leave nothing of the difference.
 */
function centred(x: Tensor, weight: Tensor): { rows: Tensor; weight: Tensor } {
  const rows = rowsOf(x, weight);
  const first = indexSelect(detach(weight), 0, new Tensor(Int32Array.of(0), [1], "int32")); // [1, D]
  return { rows: sub(rows, first), weight: sub(weight, first) };
}

function rowsOf(x: Tensor, weight: Tensor): Tensor {
  checkTensor("NearestNeighbor", "x", x);
  const features = weight.shape[1] as number;
  if (x.rank < 2 || x.size !== (x.shape[0] as number) * features) {
    throw new ShapeError(
      `NearestNeighbor: expected x [B, ...] with ${features} elements a sample, got ${format(x.shape)}`,
    );
  }
  if (x.dtype !== weight.dtype) {
    throw new DTypeError(
      `NearestNeighbor: expected x to be ${weight.dtype} as the samples are, got ${x.dtype}`,
    );
  }
  return flatten(x, 1);
}

/** ‖w_k‖² − 2·x·w_k: [B, K]. */
function partial(rows: Tensor, weight: Tensor): Tensor {
  return addmm(sum(square(weight), { dim: 1 }), rows, weight, { transposeB: true, alpha: -2 });
}

registerModule("NearestNeighbor", NearestNeighbor, {
  takes: ["weight"],

  torch: "references.NearestNeighbor",
  cases: ({ floats, values }) => {
    const at = (note: string, weight: number[][], x: number[][]): ModuleCase<[Draw]> => ({
      note,
      arguments: [floats([weight.length, 2])],
      state: { weight: values(weight) },
      inputs: { x: values(x) },
    });
    return [
      { note: "random", arguments: [floats([7, 3])], inputs: { x: [5, 3] } },
      at(
        "ties give the first",
        [
          [1, 0],
          [-1, 0],
          [0, 1],
          [1, 0],
        ],
        [
          [0, 0],
          [1, 0],
          [2, 0],
          [0, 2],
          [-3, 1],
        ],
      ),
      at(
        "one point",
        [[0.5, 0.25]],
        [
          [1, 2],
          [3, -4],
        ],
      ),
      // Where the points lie far from 0 and close together, their squares would cancel.
      at(
        "a large offset",
        [
          [1e8, 0],
          [1e8, 1],
        ],
        [
          [1e8, 0.125],
          [1e8, 0.875],
          [1e8, 0.5],
        ],
      ),
      { note: "no samples", arguments: [floats([2, 2])], inputs: { x: [0, 2] } },
    ];
  },
});
