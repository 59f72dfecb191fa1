import { canFail, type Instruction, type Program, read, written } from "./ir.js";
import { type Named, named, paramsOf } from "./named.js";
import { isUpdate, settingsOf } from "./updates.js";

/**
 * Merges updates by the same rule with the same settings into one instruction over all their parameters, at the
 * place of the last of them. There, the step counts that they read have already been incremented.
 */
export function fuseUpdates(program: Program): Program {
  const merged = new Map<Instruction, Instruction>();
  const gone = new Set<Instruction>();
  const open = new Map<string, Instruction[]>();
  const close = (key: string): void => {
    const group = open.get(key) ?? [];
    open.delete(key);
    const last = group.pop();
    if (last === undefined || group.length === 0) return;
    for (const one of group) gone.add(one);
    merged.set(last, merge([...group, last]));
  };
  for (const instruction of program.instructions) {
    // A merge would move the earlier updates to after this instruction. If that changes a result, they stay apart.
    for (const [key, group] of open) {
      if (canFail(instruction) || isInTheWay(instruction, group)) close(key);
    }
    if (!isUpdate(instruction)) continue;
    const key = keyOf(instruction);
    open.set(key, [...(open.get(key) ?? []), instruction]);
  }
  for (const key of open.keys()) close(key);
  return {
    ...program,
    instructions: program.instructions.filter((one) => !gone.has(one)).map((one) => merged.get(one) ?? one),
  };
}

function isInTheWay(instruction: Instruction, group: readonly Instruction[]): boolean {
  const reads = new Set(group.flatMap(read));
  const writes = new Set(group.flatMap(written));
  return (
    read(instruction).some((value) => writes.has(value)) ||
    written(instruction).some((value) => reads.has(value) || writes.has(value))
  );
}

/** Equal for updates that can be merged: same rule, dtype, states and settings. */
function keyOf(instruction: Instruction): string {
  const { name, operands } = instruction;
  const present = operands.map((operand) => (operand === null ? 0 : 1)).join("");
  const settings = settingsOf(update(instruction));
  return [name, update(instruction).required("w").dtype, present, ...Object.values(settings)].join(" ");
}

const update = (instruction: Instruction): Named<"update"> => named(instruction, "update") as Named<"update">;

function merge(group: readonly Instruction[]): Instruction {
  const last = group[group.length - 1] as Instruction;
  const sizes = group.flatMap((one) => update(one).params("n"));
  return {
    name: last.name,
    params: paramsOf(last.name, { tensors: group.length, n: sizes, ...settingsOf(update(last)) }),
    operands: group.flatMap((one) => one.operands),
  };
}
