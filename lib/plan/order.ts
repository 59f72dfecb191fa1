import { bytesOf } from "../tensor/dtype.js";
import { placeInArena } from "./arena.js";
import { type Group, Groups } from "./groups.js";
import { type Instruction, type Program, producers, read, type Value, written } from "./ir.js";
import { isUpdate } from "./updates.js";

/**
 * Puts each parameter's update right after the instruction that makes its gradient, while the gradient is in the
 * cache. Puts the rest in the order that needs the least memory, out of three candidates.
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

/** Each group as late as possible: groups that no other needs keep their order; before each comes what it needs. */
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

/** Of the groups that may come next, takes the one that leaves the fewest bytes in use. Ties go to the earliest. */
function byMemory(program: Program, groups: Groups): Group[] {
  const all = groups.inOrder();
  const before = new Map(all.map((group) => [group, groups.before(group)]));
  const after = new Map<Group, Group[]>(all.map((group) => [group, []]));
  for (const [group, needed] of before) for (const earlier of needed) after.get(earlier)?.push(group);
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
    for (const later of after.get(best) ?? []) {
      const needed = before.get(later) as Set<Group>;
      needed.delete(best);
      if (needed.size === 0) ready.add(later);
    }
  }
  return order;
}

/** The temporaries in use while a program's instructions run in some order. */
class Memory {
  readonly #instructions: readonly Instruction[];
  /** Number of instructions that still read each value. The program's end reads its outputs. */
  readonly #readers = new Map<Value, number>();

  constructor({ instructions, outputs }: Program) {
    this.#instructions = instructions;
    for (const value of [...instructions.flatMap((one) => [...new Set(read(one))]), ...outputs]) {
      this.#readers.set(value, (this.#readers.get(value) ?? 0) + 1);
    }
  }

  /** Number of bytes by which the temporaries in use grow if these instructions run. */
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

  /** Number of instructions of a group that read each value. */
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
