import { bytesOf } from "../tensor/dtype.js";
import { type Program, read, type Value, written } from "./ir.js";

const LINE = 64;

/** At most this many bytes of temporaries fit into a core's cache beside weights and samples. */
const FEW_BYTES = 262_144;
/** At most this many bytes of the smallest temporaries fit into it beside the larger ones. */
const FEW_BYTES_BESIDE = 65_536;

export interface Arena {
  readonly bytes: number;
  readonly offsets: ReadonlyMap<Value, number>;
}

interface Life {
  readonly value: Value;
  readonly first: number;
  readonly last: number;
}

/** Bytes [offset, end) in use from one instruction to another. */
interface Occupied {
  readonly first: number;
  readonly last: number;
  readonly offset: number;
  readonly end: number;
}

/** Each temporary's life: from the instruction that writes it to the last one that reads it. */
export function lives(program: Program): Life[] {
  const first = new Map<Value, number>();
  const last = new Map<Value, number>();
  program.instructions.forEach((instruction, i) => {
    for (const value of [...read(instruction), ...written(instruction)]) {
      if (value.kind !== "temporary") continue;
      if (!first.has(value)) first.set(value, i);
      last.set(value, i);
    }
  });
  for (const value of program.outputs) if (first.has(value)) last.set(value, program.instructions.length);
  return Array.from(first, ([value, from]) => ({ value, first: from, last: last.get(value) as number }));
}

const round = (bytes: number): number => Math.ceil(bytes / LINE) * LINE;

/**
 * Places the temporaries. Without `share`, or if they need few bytes, each has memory of its own. Otherwise only the
 * smallest have, and the others share memory. A write to shared memory needs a barrier, since all threads must have
 * read the old values. For a small temporary the barrier costs more time than the cache saves.
 */
export function makeArena(program: Program, share: boolean): Arena {
  const apart = placeInArena(program, Number.POSITIVE_INFINITY);
  return share && apart.bytes > FEW_BYTES ? placeInArena(program, FEW_BYTES_BESIDE) : apart;
}

/**
 * Places temporaries so that those which live at the same time do not overlap: the largest first, each at
 * the lowest offset that is free for its whole life. The smallest, at most `apart` bytes in total, share no memory.
 */
export function placeInArena(program: Program, apart: number): Arena {
  const offsets = new Map<Value, number>();
  // Sorted by offset, so that gaps are found in order.
  const placed: Occupied[] = [];
  let bytes = 0;
  const bySize = lives(program).sort((a, b) => bytesOf(b.value) - bytesOf(a.value) || a.first - b.first);
  let left = bySize.reduce((sum, { value }) => sum + round(bytesOf(value)), 0);
  for (const life of bySize) {
    const size = round(bytesOf(life.value));
    const shares = left > apart;
    left -= size;
    let offset = 0;
    for (const other of placed) {
      if (shares && (other.first > life.last || life.first > other.last)) continue;
      if (other.offset - offset >= size) break;
      offset = Math.max(offset, other.end);
    }
    offsets.set(life.value, offset);
    let at = placed.length;
    while (at > 0 && (placed[at - 1] as Occupied).offset > offset) at--;
    placed.splice(at, 0, { first: life.first, last: life.last, offset, end: offset + size });
    bytes = Math.max(bytes, offset + size);
  }
  return { bytes, offsets };
}
