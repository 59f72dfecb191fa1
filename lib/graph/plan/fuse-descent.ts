import { unchangedBetween } from "./hazards.js";
import { type Buffer, countUses, type Instruction, type Program, producers } from "./ir.js";
import { isPlain, PARAM, withMatmul } from "./matmul-params.js";

/** Positions of the sgd instruction's operands and parameters. */
const SGD = { w: 0, dw: 1, velocity: 2, lr: 3, step: 4 } as const;
const SETTING = { momentum: 2, dampening: 3, weightDecay: 4, nesterov: 5, maximize: 6 } as const;

/**
 * Plain gradient descent: dw = aᵀ · dz, then w ← w − η·dw becomes one matmul that accumulates into w, and
 * dw is never written. It takes the update's place, behind everything that still reads the old w.
 */
export function fuseDescent(program: Program): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const replaced = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const instruction of program.instructions) {
    if (instruction.name !== "sgd" || instruction.params[SETTING.momentum] !== 0) continue;
    if (instruction.params[SETTING.weightDecay] !== 0) continue;
    const dw = instruction.operands[SGD.dw] as Buffer;
    const w = instruction.operands[SGD.w] as Buffer;
    const maker = makers.get(dw);
    if (maker?.name !== "matmul" || uses.get(dw) !== 1 || !isPlain(maker)) continue;
    if (maker.operands.includes(w) || !unchangedBetween(program, maker.operands, maker, instruction))
      continue;
    const alpha = instruction.params[SETTING.maximize] === 1 ? 1 : -1;
    const fused = withMatmul(
      maker,
      { c: w, scale: instruction.operands[SGD.lr] as Buffer },
      { alpha: alpha * (maker.params[PARAM.alpha] as number), beta: 1 },
    );
    replaced.set(instruction, fused);
    gone.add(maker);
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one),
  };
}
