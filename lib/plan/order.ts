import { bytesOf } from "../tensor/dtype.js";
import { placeInArena } from "./arena.js";
import { type Group, Groups } from "./groups.js";
import { type Instruction, type Program, producers, read, type Value, written } from "./ir.js";
import { isUpdate } from "./updates.js";

/**
 * Puts each parameter's update right behind the instruction that makes its gradient, while that is in the
 * cache, and the rest in an order that needs less memory at a time, where it finds one.
 */
export function order(program: Program): Program {
  const groups = new Groups(program);
  const makers = producers(program);
  const position = new Map(program.instructions.map((instruction, at) => [instruction, at]));
  program.instructions.forEach((instruction, at) => {
    if (!isUpdate(instruction)) return;
    const from = read(instruction).flatMap((value) => position.get(makers.get(value) as Instruction) ?? []);
    if (from.length > 0) groups.join(groups.of(Math.max(...from)), groups.of(at));
  });
  const arranged = (order: readonly Group[]): Program => ({
    ...program,
    instructions: order.flat().map((at) => program.instructions[at] as Instruction),
  });
  const candidates = [groups.inOrder(), lazily(groups), byMemory(program, groups)].map(arranged);
  const bytes = candidates.map((candidate) => placeInArena(candidate, 0).bytes);
  return candidates[bytes.indexOf(Math.min(...bytes))] as Program;
}

/** Each group only when another needs it: those that nobody needs in their order, before each what it needs. */
function lazily(groups: Groups): Group[] {
  const order = new Set<Group>();
  const needed = new Set(groups.inOrder().flatMap((group) => [...groups.before(group)]));
  for (const last of groups.inOrder().filter((group) => !needed.has(group))) {
    const open = [last];
    for (let group = open.at(-1); group !== undefined; group = open.at(-1)) {
      const missing = [...groups.before(group)].filter((earlier) => !order.has(earlier));
      if (missing.length === 0) order.add(open.pop() as Group);
      else open.push(missing[0] as Group);
    }
  }
  return [...order];
}

/** Of the groups that may come next always the one that leaves the fewest bytes in use; the first of several. */
function byMemory(program: Program, groups: Groups): Group[] {
  const all = groups.inOrder();
  const before = new Map(all.map((group) => [group, groups.before(group)]));
  const behind = new Map<Group, Group[]>(all.map((group) => [group, []]));
  for (const [group, needed] of before) for (const earlier of needed) behind.get(earlier)?.push(group);
  const rank = new Map(all.map((group, i) => [group, i]));
  const isFirst = (a: Group, b: Group): boolean => (rank.get(a) as number) < (rank.get(b) as number);

  const memory = new Memory(program);
  const ready = new Set(all.filter((group) => before.get(group)?.size === 0));
  const order: Group[] = [];
  while (ready.size > 0) {
    let best: Group = [];
    let bestBytes = Number.POSITIVE_INFINITY;
    for (const group of ready) {
      const bytes = memory.growth(group);
      if (bytes < bestBytes || (bytes === bestBytes && isFirst(group, best)))
        [best, bestBytes] = [group, bytes];
    }
    memory.run(best);
    order.push(best);
    ready.delete(best);
    for (const later of behind.get(best) ?? []) {
      const needed = before.get(later) as Set<Group>;
      needed.delete(best);
      if (needed.size === 0) ready.add(later);
    }
  }
  return order;
}

/** Which temporaries are in use while a program's instructions are run in some order. */
class Memory {
  readonly #instructions: readonly Instruction[];
  /** How many instructions still read each temporary; the program's outputs are read at its end. */
  readonly #readers = new Map<Value, number>();

  constructor({ instructions, outputs }: Program) {
    this.#instructions = instructions;
    for (const value of [...instructions.flatMap((one) => [...new Set(read(one))]), ...outputs]) {
      this.#readers.set(value, (this.#readers.get(value) ?? 0) + 1);
    }
  }

  /** By how many bytes the temporaries in use grow when those instructions are run. */
  growth(group: Group): number {
    let bytes = 0;
    for (const value of new Set(group.flatMap((at) => written(this.#at(at))))) {
      if (value.kind === "temporary") bytes += bytesOf(value);
    }
    for (const [value, count] of this.#reads(group)) {
      if (value.kind === "temporary" && this.#readers.get(value) === count) bytes -= bytesOf(value);
    }
    return bytes;
  }

  run(group: Group): void {
    for (const [value, count] of this.#reads(group)) {
      this.#readers.set(value, (this.#readers.get(value) as number) - count);
    }
  }

  /** How many instructions of a group read each value. */
  #reads(group: Group): Map<Value, number> {
    const reads = new Map<Value, number>();
    for (const at of group) {
      for (const value of new Set(read(this.#at(at)))) reads.set(value, (reads.get(value) ?? 0) + 1);
    }
    return reads;
  }

  #at(position: number): Instruction {
    return this.#instructions[position] as Instruction;
  }
}
