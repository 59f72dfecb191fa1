import { forwardValues, type Same, same } from "./forward.js";
import { type Instruction, isOne, type Program } from "./ir.js";
import { isNamed } from "./named.js";

/** Reads a result from where it was made, instead of a copy, a sum over axes of size 1 or a product with 1. */
export function dropCopies(program: Program): Program {
  return forwardValues(program, sameAs);
}

function sameAs(instruction: Instruction): Same | null {
  const copy = isNamed(instruction, "elementwise", "copy");
  if (copy !== null) {
    const isInOrder = copy.param("rank") === 1 && copy.params("stridesX")[0] === 1;
    return isInOrder ? same(copy.required("x"), copy.required("y")) : null;
  }
  const sum = isNamed(instruction, "reduce", "sum");
  if (sum !== null) return sum.param("axis") === 1 ? same(sum.required("x"), sum.required("y")) : null;
  const product = isNamed(instruction, "elementwise", "mul");
  if (product === null) return null;
  const [a, b, y] = [product.required("a"), product.required("b"), product.required("y")];
  if (isOne(b)) return same(a, y);
  return isOne(a) ? same(b, y) : null;
}
