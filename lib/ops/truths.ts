import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { type Operand, operands } from "./operand.js";
import { to } from "./to.js";

/** Whether each element is not 0, as PyTorch's logical functions take numbers. */
export function truthsOf(name: string, input: string, x: Tensor): Tensor {
  return to(checkTensor(name, input, x), "bool");
}

/** Both operands of a logical function, of which one may be a number. */
export function truths(name: string, a: Operand, b: Operand): [Tensor, Tensor] {
  const both = isTensor(a) && isTensor(b) ? [a, b] : operands(name, asTruth(a), asTruth(b));
  return both.map((x) => to(x as Tensor, "bool")) as [Tensor, Tensor];
}

const asTruth = (x: Operand): Operand => (typeof x === "number" ? Number(x !== 0) : x);
