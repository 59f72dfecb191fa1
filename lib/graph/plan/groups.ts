import { dependencies } from "./dependencies.js";
import type { Instruction, Program } from "./ir.js";

/**
 * Instructions of a program put together in groups that can each be run as one: nothing outside of a group
 * has to come between its members. At first each instruction is a group of its own.
 */
export class Groups {
  readonly #instructions: readonly Instruction[];
  readonly #before: readonly ReadonlySet<number>[];
  /** The group of each instruction: the positions of its members, in their order. */
  readonly #groups: (readonly number[])[];

  constructor(program: Program) {
    this.#instructions = program.instructions;
    this.#before = dependencies(program);
    this.#groups = program.instructions.map((_, at) => [at]);
  }

  /** The positions of the instructions in a group with that one. */
  members(at: number): readonly number[] {
    return this.#groups[at] as readonly number[];
  }

  /** Makes one group of two, unless something must come between them. */
  join(first: number, second: number): boolean {
    const from = this.members(first);
    const to = this.members(second);
    if (from === to) return true;
    if (this.#passesThroughOthers(from, to) || this.#passesThroughOthers(to, from)) return false;
    const joined = [...from, ...to].sort((a, b) => a - b);
    for (const at of joined) this.#groups[at] = joined;
    return true;
  }

  /** The groups that must come before one. */
  before(group: readonly number[]): Set<readonly number[]> {
    const groups = new Set<readonly number[]>();
    for (const at of group) for (const earlier of this.#before[at] ?? []) groups.add(this.members(earlier));
    groups.delete(group);
    return groups;
  }

  /** Every group once: each at the place of its last member, or before it where another group needs it. */
  inOrder(): (readonly number[])[] {
    const order: (readonly number[])[] = [];
    const done = new Set<readonly number[]>();
    const visit = (group: readonly number[]): void => {
      if (done.has(group)) return;
      done.add(group);
      for (const earlier of this.before(group)) visit(earlier);
      order.push(group);
    };
    this.#instructions.forEach((_, at) => {
      const group = this.members(at);
      if (group[group.length - 1] === at) visit(group);
    });
    return order;
  }

  /** Whether a third group must come between: `from` before it and it before `to`. */
  #passesThroughOthers(from: readonly number[], to: readonly number[]): boolean {
    const seen = new Set([to]);
    const open = [...this.before(to)].filter((group) => group !== from);
    for (let group = open.pop(); group !== undefined; group = open.pop()) {
      if (group === from) return true;
      if (seen.has(group)) continue;
      seen.add(group);
      open.push(...this.before(group));
    }
    return false;
  }
}
