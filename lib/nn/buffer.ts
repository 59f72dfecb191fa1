import { checkTensor, Tensor } from "../tensor/tensor.js";

/**
 * A tensor that a module keeps and does not learn, such as a running mean: saved by `stateDict()`, where its
 * name is the field's in PyTorch's spelling: `runningMean` is `"running_mean"` (torch.nn.Buffer).
 * Takes over the tensor's memory.
 * @throws ArgumentError
 * @example this.runningMean = new nn.Buffer(zeros([60]));
 */
export class Buffer extends Tensor {
  constructor(value: Tensor) {
    checkTensor("Buffer", "value", value);
    super(value.storage, value.shape, value.dtype);
  }
}
