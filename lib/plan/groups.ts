import { dependencies } from "./dependencies.js";
import type { Program } from "./ir.js";

/** Positions of instructions that run in this order, with no other instruction between them. */
export type Group = readonly number[];

/**
 * A program's instructions in groups, and the groups in a valid order. At first each instruction is a group of its
 * own. Two groups can be joined if no other group has to come between them.
 */
export class Groups {
  readonly #before: readonly ReadonlySet<number>[];
  readonly #groups: Group[];
  /** The groups in order. A join leaves a gap. */
  readonly #order: (Group | undefined)[];
  readonly #rank: Map<Group, number>;

  constructor(program: Program) {
    this.#before = dependencies(program);
    this.#groups = program.instructions.map((_, at) => [at]);
    this.#order = [...this.#groups];
    this.#rank = new Map(this.#groups.map((group, rank) => [group, rank]));
  }

  /** The group with the instruction at that position. */
  of(position: number): Group {
    return this.#groups[position] as Group;
  }

  inOrder(): Group[] {
    return this.#order.filter((group) => group !== undefined);
  }

  /** The groups that must come before a group. */
  before(group: Group): Set<Group> {
    const groups = new Set<Group>();
    for (const at of group) for (const earlier of this.#before[at] ?? []) groups.add(this.of(earlier));
    groups.delete(group);
    return groups;
  }

  /** Joins two groups, unless a third has to come between them. @returns whether they are joined. */
  join(a: Group, b: Group): boolean {
    if (a === b) return true;
    const [first, second] = this.#rankOf(a) < this.#rankOf(b) ? [a, b] : [b, a];
    const earlier = this.#between(first, second);
    if (earlier === null) return false;
    const [low, high] = [this.#rankOf(first), this.#rankOf(second)];
    const others = this.#order
      .slice(low, high + 1)
      .filter((group) => group !== undefined && group !== first && group !== second) as Group[];
    const joined = [...a, ...b].sort((m, n) => m - n);
    for (const at of joined) this.#groups[at] = joined;
    // The groups that the second needs go before the joined group, the others after it, each in their old order.
    const order = [
      ...others.filter((group) => earlier.has(group)),
      joined,
      ...others.filter((group) => !earlier.has(group)),
    ];
    for (let rank = low; rank <= high; rank++) {
      const group = order[rank - low];
      this.#order[rank] = group;
      if (group !== undefined) this.#rank.set(group, rank);
    }
    return true;
  }

  #rankOf(group: Group): number {
    return this.#rank.get(group) as number;
  }

  /** The groups after `first` that must come before `second`; null if one of them needs `first`. */
  #between(first: Group, second: Group): Set<Group> | null {
    const low = this.#rankOf(first);
    const found = new Set<Group>();
    const open = [second];
    for (let group = open.pop(); group !== undefined; group = open.pop()) {
      for (const earlier of this.before(group)) {
        if (earlier === first && group !== second) return null;
        if (this.#rankOf(earlier) <= low || found.has(earlier)) continue;
        found.add(earlier);
        open.push(earlier);
      }
    }
    return found;
  }
}
