import { DTypeError } from "../errors.js";
import { checkFlag } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";

/**
 * A tensor that a module learns: found by `parameters()`, saved by `stateDict()`.
 * Takes over the tensor's memory. A frozen parameter has `requiresGrad` false and stays a parameter.
 * @throws DTypeError unless the tensor is float32 or float64; ArgumentError
 * @example this.scale = new nn.Parameter(ones([3]));
 */
export class Parameter extends Tensor {
  constructor(value: Tensor, requiresGrad = true) {
    checkTensor("Parameter", "value", value);
    if (!isFloat(value.dtype)) {
      throw new DTypeError(`Parameter: expected value to be float32 or float64, got ${value.dtype}`);
    }
    super(value.storage, value.shape, value.dtype);
    this.requiresGrad = checkFlag("Parameter", "requiresGrad", requiresGrad);
  }
}
