import { DTypeError, ShapeError } from "../errors.js";
import { isFloat } from "../graph/dtype.js";
import { format } from "../graph/shape.js";
import { checkTensor, type Tensor } from "../graph/tensor.js";
import { add } from "../ops/add.js";
import { addmm } from "../ops/addmm.js";
import { argmin } from "../ops/argmin.js";
import { flatten } from "../ops/flatten.js";
import { square } from "../ops/square.js";
import { sum } from "../ops/sum.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

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
    return argmin(this.#partial(this.#rows(x)), { dim: 1 });
  }

  /** ‖x − w_k‖² for every sample and k: [B, K]. */
  distances(x: Tensor): Tensor {
    const rows = this.#rows(x);
    return add(this.#partial(rows), sum(square(rows), { dim: 1, keepdim: true }));
  }

  /** ‖w_k‖² − 2·x·w_k: [B, K]. */
  #partial(rows: Tensor): Tensor {
    const squares = sum(square(this.weight), { dim: 1 });
    return addmm(squares, rows, this.weight, { transposeB: true, alpha: -2 });
  }

  #rows(x: Tensor): Tensor {
    checkTensor("NearestNeighbor", "x", x);
    const features = this.weight.shape[1] as number;
    if (x.rank < 2 || x.size !== (x.shape[0] as number) * features) {
      throw new ShapeError(
        `NearestNeighbor: expected x [B, ...] with ${features} elements a sample, got ${format(x.shape)}`,
      );
    }
    if (x.dtype !== this.weight.dtype) {
      throw new DTypeError(
        `NearestNeighbor: expected x to be ${this.weight.dtype} as the samples are, got ${x.dtype}`,
      );
    }
    return flatten(x, 1);
  }
}
