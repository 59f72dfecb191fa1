import { canFail, type Program, read, type Value, written } from "./ir.js";

/**
 * For each instruction, by position, the instructions that must come before it: the writers of what it reads, and
 * the readers and the writer of the old value of what it writes. An instruction that can fail keeps its place among
 * the writes to state, so that a failing step has written the same as in the original order.
 */
export function dependencies({ instructions }: Program): ReadonlySet<number>[] {
  const writer = new Map<Value, number>();
  const readers = new Map<Value, number[]>();
  let failing: number[] = [];
  let changing: number[] = [];
  return instructions.map((instruction, at) => {
    const before = new Set<number>();
    const add = (positions: readonly number[]): void => {
      for (const position of positions) before.add(position);
    };
    const addWriter = (value: Value): void => {
      const last = writer.get(value);
      if (last !== undefined) before.add(last);
    };
    for (const value of read(instruction)) {
      addWriter(value);
      if (!readers.has(value)) readers.set(value, []);
      readers.get(value)?.push(at);
    }
    for (const value of written(instruction)) {
      addWriter(value);
      add(readers.get(value) ?? []);
      writer.set(value, at);
      readers.set(value, []);
    }
    if (canFail(instruction)) {
      add(failing);
      add(changing);
      [failing, changing] = [[at], []];
    }
    if (written(instruction).some((value) => value.kind !== "temporary")) {
      add(failing);
      changing.push(at);
    }
    before.delete(at);
    return before;
  });
}
