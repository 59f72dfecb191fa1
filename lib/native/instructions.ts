import { BackendError } from "../errors.js";
import { binding, type InstructionDescription } from "./binding.js";

const byName = new Map(binding.instructions.map((description) => [description.name, description]));
const ids = new Map(binding.instructions.map(({ name }, id) => [name, id]));

/** The number of a native instruction. @throws BackendError if the addon has none of that name */
export function instructionId(name: string): number {
  const id = ids.get(name);
  if (id === undefined)
    throw new BackendError(`thalweg: the native addon has no instruction "${name}"; rebuild it`);
  return id;
}

/** The addon's description of an instruction. @throws BackendError if it has none of that name */
export function descriptionOf(name: string): InstructionDescription {
  return byName.get(name) ?? (binding.instructions[instructionId(name)] as InstructionDescription);
}

/** The name of the native instruction with that number. */
export const instructionName = (id: number): string =>
  (binding.instructions[id] as InstructionDescription).name;

/** Number of operands that an instruction reads and writes, for instructions without lists of operands. */
export function arityOf({ operands }: InstructionDescription): {
  readonly reads: number;
  readonly writes: number;
} {
  const reads = operands.filter(({ access }) => access === "read").length;
  return { reads, writes: operands.length - reads };
}

/** The update by this rule that takes its gradient in this form. @throws BackendError if there is none */
export function updateOf(rule: string, gradient: "whole" | "outer" | "product"): InstructionDescription {
  const found = binding.instructions.find(
    ({ update }) => update?.rule === rule && update.gradient === gradient,
  );
  if (found === undefined)
    throw new BackendError(`thalweg: the native addon has no ${gradient} update by ${rule}`);
  return found;
}

/** The names of the settings of an update, in any of its forms. */
export function settingNames(name: string): readonly string[] {
  const { params, repeats } = updateOf(descriptionOf(name).update?.rule as string, "whole");
  return params.filter((param) => param.list === null && param.name !== repeats).map((param) => param.name);
}
