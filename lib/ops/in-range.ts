import { currentTrace } from "../context/trace.js";
import { allocate } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { checkRange } from "./axis-index.js";
import { indexSelect } from "./index-select.js";
import { reshape } from "./reshape.js";

/**
 * An index of any shape, checked to be in [0, count): where its elements are not known yet, by reading them out
 * of 0 … count − 1, which a program refuses in each run as it does any index. For what checks no index itself.
 * @throws IndexError
 */
export function inRange(where: string, noun: string, index: Tensor, count: number): Tensor {
  if (currentTrace() === null && !index.storage.isSymbolic) {
    checkRange(where, noun, index, count);
    return index;
  }
  const numbers = allocate("int32", count, where).map((_, i) => i);
  const read = indexSelect(new Tensor(numbers, [count], "int32"), 0, reshape(index, [index.size]));
  return reshape(read, index.shape);
}
