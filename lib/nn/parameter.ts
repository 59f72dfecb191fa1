import { checkTensor, Tensor } from "../graph/tensor.js";

/**
 * A tensor that a module learns: found by `parameters()`, saved by `stateDict()`.
 * Takes over the tensor's memory. A frozen parameter has `requiresGrad` false and stays a parameter.
 * @example this.scale = new nn.Parameter(ones([3]));
 */
export class Parameter extends Tensor {
  constructor(value: Tensor, requiresGrad = true) {
    checkTensor("Parameter", "value", value);
    super(value.storage, value.shape, value.dtype);
    this.requiresGrad = requiresGrad;
  }
}
