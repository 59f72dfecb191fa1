import { countUses, type Instruction, type Program, producers } from "./ir.js";
import { activationOf, openProduct } from "./matmul.js";
import { named } from "./named.js";

/** Fuses matmul or matmul_batch (+ bias) and relu, tanh or sigmoid of the result into one instruction. */
export function fuseActivation(program: Program): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const fused = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const instruction of program.instructions) {
    const activation = activationOf(instruction.name);
    const elementwise = named(instruction, "elementwise");
    if (activation === null || elementwise === null) continue;
    const [input, output] = [elementwise.required("x"), elementwise.required("y")];
    const product = openProduct(makers.get(input));
    if (product === null || uses.get(input) !== 1) continue;
    fused.set(product.instruction, product.with({ operands: { c: output }, params: { activation } }));
    gone.add(instruction);
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => fused.get(one) ?? one),
  };
}
