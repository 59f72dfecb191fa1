import { descriptionOf, settingNames, updateOf } from "../native/instructions.js";
import { unchangedBetween } from "./hazards.js";
import { countUses, type Instruction, type Program, producers, type Value, written } from "./ir.js";
import { isPlain } from "./matmul.js";
import { make, type Named, named } from "./named.js";

/** Whether it updates parameters by whole gradients, not by their factors. */
export const isUpdate = ({ name }: Instruction): boolean => descriptionOf(name).update?.gradient === "whole";

/**
 * Fuses each update of one parameter with the product that is its gradient, if no other instruction reads that
 * product. The fused instruction takes the update's place, which is after all reads of the old weight.
 * @param fuse makes the fused instruction, or gives null if the two are to stay.
 */
export function fuseGradients(
  program: Program,
  fuse: (update: Named<"update">, product: Named<"matmul">) => Instruction | null,
): Program {
  const uses = countUses(program);
  const makers = producers(program);
  const replaced = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  for (const instruction of program.instructions) {
    const update = named(instruction, "update");
    if (update === null || update.param("tensors") !== 1) continue;
    const gradient = update.required("gradient");
    const product = named(makers.get(gradient), "matmul");
    if (product === null || uses.get(gradient) !== 1 || !isPlain(product)) continue;
    const { operands } = product.instruction;
    if (written(instruction).some((value) => operands.includes(value))) continue;
    if (!unchangedBetween(program, operands, product.instruction, instruction)) continue;
    const fused = fuse(update, product);
    if (fused === null) continue;
    replaced.set(instruction, fused);
    gone.add(product.instruction);
  }
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => replaced.get(one) ?? one),
  };
}

/** The settings of an update by name. */
export function settingsOf(update: Named<"update">): Readonly<Record<string, number>> {
  return Object.fromEntries(
    settingNames(update.name).map((name) => [name, update.param(name as "momentum")]),
  );
}

/** The update by the same rule that takes the gradient's factors: `params` and `factors` precede the update's own. */
export function withFactors(
  update: Named<"update">,
  form: "outer" | "product",
  params: Readonly<Record<string, number>>,
  factors: Readonly<Record<string, Value>>,
): Instruction {
  const own = descriptionOf(update.name).operands.filter(({ name }) => name !== "gradient");
  const operands = Object.fromEntries(own.map(({ name }) => [name, update.operand(name as "lr")]));
  const fused = make(
    updateOf(update.name, form).name,
    { ...params, ...settingsOf(update) },
    { ...factors, ...operands },
  );
  return { ...update.instruction, ...fused };
}
