import { type Buffer, canFail, type Program, read, written } from "./ir.js";

/**
 * For each instruction, by position, those that must come before it: the writers of what it reads, and for
 * what it writes the readers and the writer of the old value. What can fail keeps its place among the
 * writes to state, so that a step that fails has changed what it would have changed, and no more.
 */
export function dependencies({ instructions }: Program): ReadonlySet<number>[] {
  const writer = new Map<Buffer, number>();
  const readers = new Map<Buffer, number[]>();
  let failing: number[] = [];
  let changing: number[] = [];
  return instructions.map((instruction, at) => {
    const before = new Set<number>();
    const add = (positions: readonly number[]): void => {
      for (const position of positions) before.add(position);
    };
    const addWriter = (buffer: Buffer): void => {
      const last = writer.get(buffer);
      if (last !== undefined) before.add(last);
    };
    for (const buffer of read(instruction)) {
      addWriter(buffer);
      if (!readers.has(buffer)) readers.set(buffer, []);
      readers.get(buffer)?.push(at);
    }
    for (const buffer of written(instruction)) {
      addWriter(buffer);
      add(readers.get(buffer) ?? []);
      writer.set(buffer, at);
      readers.set(buffer, []);
    }
    if (canFail(instruction)) {
      add(failing);
      add(changing);
      [failing, changing] = [[at], []];
    }
    if (written(instruction).some((buffer) => buffer.kind !== "temporary")) {
      add(failing);
      changing.push(at);
    }
    before.delete(at);
    return before;
  });
}
