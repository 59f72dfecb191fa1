import { type Buffer, type Instruction, type Program, read, written } from "./ir.js";

/** Operands of one parameter's update, by instruction. */
const WIDTH: Readonly<Record<string, number>> = { sgd: 5, adam: 7 };

/**
 * One pass over all parameters: updates by the same rule with the same settings become one instruction, at
 * the place of the last of them. The counts of steps that they read are brought up to date before.
 */
export function fuseUpdates(program: Program): Program {
  const groups = new Map<string, Instruction[]>();
  for (const instruction of program.instructions) {
    if (WIDTH[instruction.name] === undefined) continue;
    // The first parameters are the number of tensors and their sizes; the rest are the settings.
    const key = [instruction.name, dtypeOf(instruction), present(instruction), ...settings(instruction)].join(
      " ",
    );
    groups.set(key, [...(groups.get(key) ?? []), instruction]);
  }
  let { instructions } = program;
  for (const group of groups.values()) if (group.length > 1) instructions = merge(instructions, group);
  return { ...program, instructions };
}

const dtypeOf = (instruction: Instruction): string => (instruction.operands[0] as Buffer).dtype;
const present = (instruction: Instruction): string =>
  instruction.operands.map((o) => (o === null ? 0 : 1)).join("");
const settings = (instruction: Instruction): readonly number[] => instruction.params.slice(2);

function merge(instructions: readonly Instruction[], group: readonly Instruction[]): readonly Instruction[] {
  const last = group[group.length - 1] as Instruction;
  const members = new Set(group);
  // Whatever stands between must not care whether an update comes before or behind it.
  const writes = new Set(group.flatMap(written));
  const between = instructions.slice(
    instructions.indexOf(group[0] as Instruction),
    instructions.indexOf(last),
  );
  const inTheWay = between.some((one) => {
    if (members.has(one)) return false;
    const own = group.slice(0, before(group, one, instructions));
    const reads = new Set(own.flatMap(read));
    return read(one).some((buffer) => writes.has(buffer)) || written(one).some((buffer) => reads.has(buffer));
  });
  if (inTheWay) return instructions;
  const width = WIDTH[last.name] as number;
  const merged: Instruction = {
    name: last.name,
    params: [group.length, ...group.map((one) => one.params[1] as number), ...settings(last)],
    operands: group.flatMap((one) => one.operands),
    writes: group.flatMap((one, i) => one.writes.map((at) => at + i * width)),
  };
  return instructions
    .filter((one) => one === last || !members.has(one))
    .map((one) => (one === last ? merged : one));
}

/** How many of the group come before an instruction. */
function before(
  group: readonly Instruction[],
  one: Instruction,
  instructions: readonly Instruction[],
): number {
  const at = instructions.indexOf(one);
  return group.filter((member) => instructions.indexOf(member) < at).length;
}
