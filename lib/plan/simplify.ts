import { forwardValues, type Makers, type Same, same } from "./forward.js";
import { type Instruction, isNumber, type Program, type Value } from "./ir.js";
import { isNamed } from "./named.js";

/**
 * Reads x instead of x − 0, x / 1 and −(−x), which are x to the bit. Not instead of x + 0: −0 + 0 is +0.
 */
export function simplify(program: Program): Program {
  return forwardValues(program, sameAs);
}

function sameAs(instruction: Instruction, makers: Makers): Same | null {
  const difference = isNamed(instruction, "elementwise", "sub");
  if (difference !== null && isExactly(difference.required("b"), 0)) {
    return same(difference.required("a"), difference.required("y"));
  }
  const quotient = isNamed(instruction, "elementwise", "div");
  if (quotient !== null && isExactly(quotient.required("b"), 1)) {
    return same(quotient.required("a"), quotient.required("y"));
  }
  const negative = isNamed(instruction, "elementwise", "neg");
  const inner = isNamed(makers.get(negative?.operand("x") as Value), "elementwise", "neg");
  return negative === null || inner === null ? null : same(inner.required("x"), negative.required("y"));
}

/** Whether it is that very number: −0 is not 0, since −0 − (−0) is +0. */
const isExactly = (value: Value, number: number): boolean =>
  isNumber(value) && Object.is(value.contents?.[0], number);
