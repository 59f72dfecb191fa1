import { type Buffer, countUses, type Instruction, type Program, producers } from "./ir.js";
import { ACTIVATION, OPERAND, PARAM, withMatmul } from "./matmul-params.js";

/** matmul (+ bias), then relu, tanh or sigmoid of the result: one instruction. */
export function fuseActivation(program: Program): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const fused = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const instruction of program.instructions) {
    const activation = ACTIVATION[instruction.name];
    const input = instruction.operands[0] as Buffer;
    const maker = makers.get(input);
    if (activation === undefined || maker?.name !== "matmul" || uses.get(input) !== 1) continue;
    if (maker.params[PARAM.activation] !== 0 || (maker.operands[OPERAND.state] ?? null) !== null) continue;
    const output = instruction.operands[1] as Buffer;
    fused.set(maker, withMatmul(maker, { c: output }, { activation }));
    gone.add(instruction);
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => fused.get(one) ?? one),
  };
}
