import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { to } from "./to.js";

/** What can be added up: truths as 0 and 1 of int32, all else as it is. */
export function countable(name: string, x: Tensor): Tensor {
  return checkTensor(name, "x", x).dtype === "bool" ? to(x, "int32") : x;
}
