import { type Buffer, type Instruction, type Program, read, written } from "./ir.js";

/** These find out only from the data that something is wrong: an index out of range, a singular matrix. */
const CAN_FAIL: ReadonlySet<string> = new Set([
  "cross_entropy",
  "cross_entropy_slope",
  "cross_entropy_both",
  "index_select",
  "gather",
  "index_add",
  "scatter_add",
  "scatter",
  "cholesky",
  "solve_triangular",
  "solve",
  "check_finite",
]);

/** Whether only the data show that it cannot be done. */
export function canFail({ name }: Instruction): boolean {
  return CAN_FAIL.has(name);
}

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
