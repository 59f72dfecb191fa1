import { arityOf, descriptionOf, instructionId, instructionName } from "../native/instructions.js";
import { Groups } from "./groups.js";
import { countUses, type Instruction, type Program, producers, read, type Value, written } from "./ir.js";
import { make, type Named, named } from "./named.js";

// The intermediate results of a longer chain would not fit into the first-level cache.
const MAX_OPS = 32;
// A block of a chain ends where an input that repeats begins again: a shorter one costs more than it saves.
const LEAST_PERIOD = 256;

/**
 * Fuses elementwise instructions over the same number of elements that read one another's results. An input may be one
 * that is broadcast along the first axes, the same number of elements in all of a chain. The chain runs
 * all of them on one block of elements before the next block. A result that only the chain reads is never written
 * to memory. Each op runs the kernel that it would run alone: same bits.
 */
export function fuseElementwise(program: Program): Program {
  const { instructions } = program;
  const makers = producers(program);
  const position = new Map(instructions.map((instruction, at) => [instruction, at]));
  const groups = new Groups(program);
  // From the end: an instruction that could run early or late, such as the derivative of an activation, joins
  // the instruction that reads it. If it ran early, its result would have to be kept.
  for (let at = instructions.length - 1; at >= 0; at--) {
    const instruction = instructions[at] as Instruction;
    const own = chained(instruction);
    if (own === null) continue;
    for (const value of read(instruction)) {
      const maker = makers.get(value);
      const other = maker === undefined ? null : chained(maker);
      if (maker === undefined || other?.size !== own.size) continue;
      const [from, to] = [groups.of(position.get(maker) as number), groups.of(at)];
      if (from.length + to.length > MAX_OPS) continue;
      const members = [...from, ...to].map((one) => instructions[one] as Instruction);
      if (periodsOf(members).size <= 1) groups.join(from, to);
    }
  }
  const uses = countUses(program);
  return {
    ...program,
    instructions: groups.inOrder().map((group) => {
      const members = group.map((at) => instructions[at] as Instruction);
      return members.length === 1 ? (members[0] as Instruction) : chain(members, uses);
    }),
  };
}

interface Chained {
  /** Number of elements. */
  readonly size: number;
  /** Number of elements of an input that repeats; null if there is none. */
  readonly period: number | null;
}

/** How an instruction can be part of a chain; null if it cannot. */
function chained(instruction: Instruction): Chained | null {
  const elementwise = named(instruction, "elementwise");
  if (elementwise === null || elementwise.required("y").kind !== "temporary") return null;
  const shape = elementwise.params("shape");
  const size = shape.reduce((product, length) => product * length, 1);
  if (size === 0) return null;
  // With one axis, each input has either one value per element or one value for all.
  if (shape.length === 1) return { size, period: null };
  const [repeats, period] = shape as [number, number];
  if (shape.length !== 2 || repeats === 1 || period < LEAST_PERIOD) return null;
  // Each input is whole, repeats, or is one value for all.
  const known = [`${period},1`, "0,1", "0,0"];
  const strides = elementwise.instruction.params.slice(1 + shape.length);
  const pairs = strides.flatMap((step, i) => (i % 2 === 0 ? [`${step},${strides[i + 1]}`] : []));
  return pairs.every((pair) => known.includes(pair)) ? { size, period } : null;
}

const periodsOf = (members: readonly Instruction[]): Set<number> =>
  new Set(members.flatMap((member) => chained(member)?.period ?? []));

/** The chain of these instructions. Its values are numbered: first the inputs, then the result of each op. */
function chain(members: readonly Instruction[], uses: ReadonlyMap<Value, number>): Instruction {
  const results = members.flatMap(written);
  const inner = new Set(results);
  const inside = new Map<Value, number>();
  const outer = new Set<Value>();
  for (const value of members.flatMap(read)) {
    if (inner.has(value)) inside.set(value, (inside.get(value) ?? 0) + 1);
    else outer.add(value);
  }
  const inputs = [...outer];
  const number = new Map([...inputs, ...results].map((value, at) => [value, at]));
  // A result that is never read is kept too: removing it is the task of `deadCode`.
  const kept = results.map(
    (value) => inside.get(value) === undefined || inside.get(value) !== uses.get(value),
  );
  const steps = members.flatMap((member, k) => [
    instructionId(member.name),
    ...read(member).map((value) => number.get(value) as number),
    Number(kept[k]),
  ]);
  const { size } = chained(members[0] as Instruction) as Chained;
  const [period = size] = periodsOf(members);
  return make(
    "chain",
    { n: size, period, inputs: inputs.length, ops: members.length, steps },
    { inputs, results: results.filter((_, k) => kept[k]) },
  );
}

/** One op of a chain: the numbers of the values that it reads, and whether its result is kept. */
export interface ChainOp {
  readonly name: string;
  readonly from: readonly number[];
  readonly kept: boolean;
}

/** The ops of a chain, decoded from its steps. */
export function chainOps(chain: Named<"chain">): ChainOp[] {
  const steps = chain.params("steps");
  const ops: ChainOp[] = [];
  for (let at = 0; at < steps.length; ) {
    const name = instructionName(steps[at] as number);
    const { reads } = arityOf(descriptionOf(name));
    ops.push({ name, from: steps.slice(at + 1, at + 1 + reads), kept: steps[at + 1 + reads] === 1 });
    at += reads + 2;
  }
  return ops;
}
