// Layers without the weights that are 0: by the library, and as matrices with zeros for the reference.
import { nn, ops, type Tensor } from "thalweg";

/** The layer that has only the weights of a Linear layer that are not 0. */
export const sparseLayer = (linear: nn.Linear): nn.Module =>
  nn.SparseLinear.fromLinear(linear, { threshold: 0 });

/** The same by other means: the matrix times a matrix of ones and zeros, so that what is 0 stays 0. */
export class MaskedLayer extends nn.Module {
  readonly linear: nn.Linear;
  readonly mask: Tensor;

  constructor(linear: nn.Linear) {
    super();
    this.linear = linear;
    this.mask = ops.abs(ops.sign(linear.weight)).detach();
  }

  forward(x: Tensor): Tensor {
    const { weight, bias } = this.linear;
    const y = ops.matmul(x, ops.mul(weight, this.mask), { transposeB: true });
    return bias === null ? y : ops.add(y, bias);
  }
}
