import { ArgumentError } from "../errors.js";
import { describe } from "../options.js";
import { allocate, holds } from "../tensor/dtype.js";
import { isTensor, Tensor } from "../tensor/tensor.js";

/** A tensor, or a number that takes the other operand's dtype. */
export type Operand = Tensor | number;

/** A scalar tensor of one number. */
export function scalar(value: number, dtype: Tensor["dtype"]): Tensor {
  const data = allocate(dtype, 1);
  data[0] = value;
  return new Tensor(data, [], dtype);
}

/** @throws ArgumentError unless a tensor of that dtype can hold the number beside it: 1.5 is no int32. */
export function checkBeside(name: string, value: number, dtype: Tensor["dtype"]): void {
  if (holds(dtype, value)) return;
  throw new ArgumentError(
    `${name}: the number ${value} beside a tensor of ${dtype} is no ${dtype}; convert the tensor with to()`,
  );
}

function beside(name: string, value: number, dtype: Tensor["dtype"]): Tensor {
  checkBeside(name, value, dtype);
  return scalar(value, dtype);
}

const NAMES = ["a", "b"] as const;

/**
 * Both operands as tensors; errors call them by those names.
 * @throws ArgumentError unless at least one is a tensor and the other a tensor, or a number that the
 *   tensor's dtype can hold.
 */
export function operands(
  name: string,
  a: Operand,
  b: Operand,
  names: readonly [string, string] = NAMES,
): [Tensor, Tensor] {
  if (isTensor(a)) {
    if (isTensor(b)) return [a, b];
    if (typeof b === "number") return [a, beside(name, b, a.dtype)];
    throw new ArgumentError(`${name}: expected ${names[1]} to be a tensor or a number, got ${describe(b)}`);
  }
  if (isTensor(b) && typeof a === "number") return [beside(name, a, b.dtype), b];
  if (typeof a === "number") {
    throw new ArgumentError(`${name}: expected a tensor beside the number ${a}, got ${describe(b)}`);
  }
  throw new ArgumentError(`${name}: expected ${names[0]} to be a tensor or a number, got ${describe(a)}`);
}
