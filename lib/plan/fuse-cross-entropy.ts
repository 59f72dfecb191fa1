import { unchangedBetween } from "./hazards.js";
import type { Instruction, Program } from "./ir.js";
import { isNamed, make, type Named } from "./named.js";

type CrossEntropy = Named<"cross_entropy">;

const areOfSame = (a: CrossEntropy, b: CrossEntropy): boolean =>
  a.operand("y") === b.operand("y") && a.operand("target") === b.operand("target");

/**
 * Fuses the cost of each sample and its derivative, from the same scores and labels, into one pass over the scores.
 * The new instruction takes the place of the cost. The row vector that multiplies the derivative must be known
 * there, so it must be a constant. It is one if the loss is a mean or a sum.
 */
export function fuseCrossEntropy(program: Program): Program {
  const replaced = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  program.instructions.forEach((instruction, at) => {
    const derivative = isNamed(instruction, "cross_entropy", "cross_entropy_slope");
    if (derivative === null) return;
    const [y, target, d] = [
      derivative.required("y"),
      derivative.required("target"),
      derivative.required("d"),
    ];
    const cost = program.instructions
      .slice(0, at)
      .map((one) => isNamed(one, "cross_entropy", "cross_entropy"))
      .find((one) => one !== null && areOfSame(one, derivative) && !replaced.has(one.instruction));
    if (cost == null || d.kind !== "constant") return;
    if (!unchangedBetween(program, [y, target], cost.instruction, instruction)) return;
    const [loss, dy] = [cost.required("loss"), derivative.required("dy")];
    const [rows, n] = [cost.param("rows"), cost.param("n")];
    const both = make("cross_entropy_both", { rows, n }, { y, target, d, loss, dy });
    replaced.set(cost.instruction, { ...cost.instruction, ...both });
    gone.add(instruction);
  });
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one),
  };
}
