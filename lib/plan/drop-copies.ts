import { type Instruction, isOne, type Program, replaceReads, type Value } from "./ir.js";
import { isNamed } from "./named.js";

/** Replaces a copy, a sum over axes of size 1 or a product with 1 by the value that it was made from. */
export function dropCopies(program: Program): Program {
  const source = new Map<Value, Value>();
  const kept: Instruction[] = [];
  for (const original of program.instructions) {
    const instruction = replaceReads(original, source);
    const copied = copyOf(instruction);
    if (copied === null) kept.push(instruction);
    else source.set(copied.result, copied.from);
  }
  return { instructions: kept, outputs: program.outputs.map((value) => source.get(value) ?? value) };
}

interface Copied {
  readonly from: Value;
  readonly result: Value;
}

/** Result and source of an instruction that changes nothing. Temporaries only: a state may be written later. */
function copyOf(instruction: Instruction): Copied | null {
  const copied = (from: Value, result: Value): Copied | null => {
    const isSame = from.size === result.size && from.dtype === result.dtype;
    return isSame && from.kind === "temporary" && result.kind === "temporary" ? { from, result } : null;
  };
  const copy = isNamed(instruction, "elementwise", "copy");
  if (copy !== null) {
    const isInOrder = copy.param("rank") === 1 && copy.params("stridesX")[0] === 1;
    return isInOrder ? copied(copy.required("x"), copy.required("y")) : null;
  }
  const sum = isNamed(instruction, "reduce", "sum");
  if (sum !== null) return sum.param("axis") === 1 ? copied(sum.required("x"), sum.required("y")) : null;
  const product = isNamed(instruction, "elementwise", "mul");
  if (product === null) return null;
  const [a, b, y] = [product.required("a"), product.required("b"), product.required("y")];
  if (isOne(b)) return copied(a, y);
  return isOne(a) ? copied(b, y) : null;
}
