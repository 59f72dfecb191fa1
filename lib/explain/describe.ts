import type { Executable } from "../compiler/executable.js";
import type { NativePlan } from "../native/binding.js";
import { lives } from "../plan/arena.js";
import { isNumber, type Program, read, type Value, type ValueKind, written } from "../plan/ir.js";
import { bytesOf, type DType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import { partsOf } from "./parts.js";
import { Sentence } from "./sentence.js";

/** An instruction of a compiled program. */
export interface DescribedInstruction {
  /** Its place in the program's order, from 0. */
  readonly number: number;
  /** The name of the native instruction: `"matmul"`, `"chain"`, `"sgd"`. */
  readonly name: string;
  /** What it computes, as `explain()` says it: a sentence, and for a chain or an update of several tensors more lines. */
  readonly text: readonly string[];
  /** What was fused into it, in the order of the computation: `["matmul", "bias", "relu"]`. One part: nothing was. */
  readonly parts: readonly string[];
  /** What it is mostly: a product of matrices, a chain of elementwise ops, an update of parameters, or another call. */
  readonly kind: "product" | "chain" | "update" | "call";
  /** The buffers that it reads, by name, each once. Known numbers are not among them. */
  readonly reads: readonly string[];
  /** The buffers that it writes, by name. */
  readonly writes: readonly string[];
  /** An addition, a product, a comparison or a call of a function of one element counts as one. */
  readonly flops: number;
  /** Bytes read and written, each operand once. */
  readonly bytes: number;
  /** On one thread, about. */
  readonly nanoseconds: number;
}

/** A buffer of a compiled program. */
export interface DescribedBuffer {
  /** x0: an input; w0: a parameter or other state; c0: a constant; t0: a temporary. */
  readonly name: string;
  /** Where it is: an argument of the call, a tensor that outlives the call, a constant, or the arena. */
  readonly kind: ValueKind;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly bytes: number;
  /**
   * Of a temporary: its offset in the arena in bytes, and its life, from the instruction that writes it to the last
   * that reads it. The number of instructions stands for the program's end. null for what is not in the arena.
   */
  readonly place: { readonly offset: number; readonly first: number; readonly last: number } | null;
}

/** What a thread does, or several do together, in a step of a compiled program. */
export type DescribedWork = NativePlan["entries"][number];

/** A compiled program as data: what `explain()` says as text and `draw` shows as a picture. */
export interface ProgramDescription {
  /** Samples of a mini-batch in a loop; 0 for a run of one step. */
  readonly batch: number;
  readonly instructions: readonly DescribedInstruction[];
  /** The names of the buffers that it gives, in order; a number for a result that is a known number. */
  readonly outputs: readonly string[];
  /** In the order of their names. */
  readonly buffers: readonly DescribedBuffer[];
  readonly arenaBytes: number;
  readonly threads: number;
  /** What is done in a step, in order. */
  readonly schedule: readonly DescribedWork[];
}

const LETTER: Readonly<Record<ValueKind, string>> = {
  input: "x",
  state: "w",
  constant: "c",
  temporary: "t",
};

/**
 * What a program is made of: what each instruction computes and what it costs, which thread does it, and where each
 * value is.
 * @param batch of a loop, samples of a mini-batch; 0 for one step.
 * @throws BusyError while it runs
 */
export function describeProgram(executable: Executable, batch: number): ProgramDescription {
  const { program, arena } = executable;
  const names = nameValues(program);
  const nameOf = (value: Value): string => names.get(value) as string;
  const costs = executable.costs();
  const sentence = new Sentence(names);
  const { threads, entries } = executable.plan(batch);
  const distinct = (values: readonly Value[]): string[] => [
    ...new Set(values.filter((value) => !isNumber(value)).map(nameOf)),
  ];
  return {
    batch,
    instructions: program.instructions.map((instruction, number) => ({
      number,
      name: instruction.name,
      text: sentence.describe(instruction),
      ...partsOf(instruction),
      reads: distinct(read(instruction)),
      writes: distinct(written(instruction)),
      ...(costs[number] as (typeof costs)[number]),
    })),
    outputs: program.outputs.map(nameOf),
    buffers: describeBuffers({ program, arena }, names),
    arenaBytes: arena.bytes,
    threads,
    schedule: entries,
  };
}

/** Names in the order in which the values are met; a constant of one element is its value. */
function nameValues({ instructions, outputs }: Program): Map<Value, string> {
  const names = new Map<Value, string>();
  const next: Record<string, number> = {};
  for (const value of [...instructions.flatMap(({ operands }) => operands), ...outputs]) {
    if (value == null || names.has(value)) continue;
    if (isNumber(value)) {
      names.set(value, String(Number((value.contents?.[0] ?? 0).toPrecision(7))));
      continue;
    }
    const letter = LETTER[value.kind];
    const number = value.kind === "input" ? (value.argument as number) : (next[letter] ?? 0);
    next[letter] = number + 1;
    names.set(value, `${letter}${number}`);
  }
  return names;
}

function describeBuffers(
  { program, arena }: Pick<Executable, "program" | "arena">,
  names: ReadonlyMap<Value, string>,
): DescribedBuffer[] {
  const life = new Map(lives(program).map((one) => [one.value, one]));
  const order = (value: Value): string => {
    const name = names.get(value) as string;
    return "xwct".indexOf(name[0] as string) + name.slice(1).padStart(9, "0");
  };
  return [...names.keys()]
    .filter((value) => !isNumber(value))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .map((value) => {
      const { first, last } = life.get(value) ?? {};
      const isPlaced = first !== undefined && last !== undefined;
      return {
        name: names.get(value) as string,
        kind: value.kind,
        shape: value.shape,
        dtype: value.dtype,
        bytes: bytesOf(value),
        place: isPlaced ? { offset: arena.offsets.get(value) ?? 0, first, last } : null,
      };
    });
}
