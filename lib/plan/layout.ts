import type { InstructionDescription } from "../native/binding.js";
import { descriptionOf } from "../native/instructions.js";
import type { Instruction } from "./ir.js";

/** Positions [at, at + count) among the parameters or the operands of an instruction. */
export interface Span {
  readonly at: number;
  readonly count: number;
}

/** The position of each name of a description. */
export interface Layout {
  readonly params: ReadonlyMap<string, Span>;
  readonly operands: ReadonlyMap<string, Span>;
  /** Number of operands in the description. They repeat for each tensor in an update of several tensors. */
  readonly width: number;
}

type Named = { readonly name: string; readonly list: string | null };

/** Consecutive spans. A list is as long as `lengthOf` says; a "rest" list has all positions that are left. */
function place(
  names: readonly Named[],
  total: number,
  lengthOf: (list: string, spans: ReadonlyMap<string, Span>) => number,
): Map<string, Span> {
  const spans = new Map<string, Span>();
  let at = 0;
  for (const { name, list } of names) {
    const count = list === null ? 1 : list === "rest" ? total - at : lengthOf(list, spans);
    spans.set(name, { at, count });
    at += count;
  }
  return spans;
}

function layOut({ params, operands }: InstructionDescription, instruction: Instruction): Layout {
  const value = (name: string, spans: ReadonlyMap<string, Span>): number =>
    instruction.params[spans.get(name)?.at as number] as number;
  const placed = place(params, instruction.params.length, value);
  return {
    params: placed,
    operands: place(operands, instruction.operands.length, (list) => value(list, placed)),
    width: operands.length,
  };
}

// The layouts of instructions without lists: these are always the same.
const fixed = new Map<string, Layout>();

/** The positions of the description's names in an instruction. */
export function layoutOf(instruction: Instruction): Layout {
  const known = fixed.get(instruction.name);
  if (known !== undefined) return known;
  const description = descriptionOf(instruction.name);
  const layout = layOut(description, instruction);
  if ([...description.params, ...description.operands].every(({ list }) => list === null)) {
    fixed.set(instruction.name, layout);
  }
  return layout;
}

export type Access = "read" | "write" | "update";

const accesses = new WeakMap<Instruction, readonly Access[]>();

/** The access to each operand, by position. */
export function accessOf(instruction: Instruction): readonly Access[] {
  const known = accesses.get(instruction);
  if (known !== undefined) return known;
  const { operands } = descriptionOf(instruction.name);
  const layout = layoutOf(instruction);
  const once = operands.flatMap(({ name, access }) =>
    Array.from({ length: layout.operands.get(name)?.count as number }, () => access),
  );
  const found = instruction.operands.map((_, at) => once[at % once.length] as Access);
  accesses.set(instruction, found);
  return found;
}
