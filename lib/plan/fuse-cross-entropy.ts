import { unchangedBetween } from "./hazards.js";
import type { Buffer, Instruction, Program } from "./ir.js";

/** Operands of both instructions begin with the scores and the labels. */
const same = (a: Instruction, b: Instruction): boolean =>
  a.operands[0] === b.operands[0] && a.operands[1] === b.operands[1];

/**
 * The cost of each sample and its slope, from the same scores and labels: one pass over the scores. It takes
 * the place of the cost, so the row vector that the slope is multiplied by must be known there: it is a
 * constant where the loss is a mean or a sum.
 */
export function fuseCrossEntropy(program: Program): Program {
  const replaced = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  program.instructions.forEach((slope, at) => {
    if (slope.name !== "cross_entropy_slope") return;
    const [y, target, d, dy] = slope.operands as [Buffer, Buffer, Buffer, Buffer];
    const cost = program.instructions
      .slice(0, at)
      .find((one) => one.name === "cross_entropy" && same(one, slope) && !replaced.has(one));
    if (cost === undefined || d.kind !== "constant") return;
    if (!unchangedBetween(program, [y, target], cost, slope)) return;
    replaced.set(cost, {
      name: "cross_entropy_both",
      params: cost.params,
      operands: [y, target, d, cost.operands[2] as Buffer, dy],
      writes: [3, 4],
    });
    gone.add(slope);
  });
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one),
  };
}
