// Rows at any places of a file, by as few and as parallel reads as their places allow.
import { close as closeFile, read as readFile } from "node:fs";
import { promisify } from "node:util";
import { DataError, FileError } from "../../errors.js";
import { fileError } from "../../files/path.js";
import { allocateUnset } from "../../tensor/dtype.js";

/** Bytes from one row in the file to the next: those of `start + row * rowBytes`. */
export interface Places {
  readonly start: number;
  readonly rowBytes: number;
}

/** Reads at once. libuv has four threads; more wait in its queue, and a disk sees only these. */
const AT_ONCE = 16;
/** Bytes between two rows that are read with them, since a read of its own takes longer. */
const GAP = 8192;
/** Bytes of rows that are read together. */
const TOGETHER = 1 << 20;
/** The system reads somewhat less than 2 GiB in one call. */
const MOST_BYTES = 1 << 30;

/** Rows that are sorted together: of more, row and place would not fit into one number. */
const SORTED = 2 ** 22;

/** Consecutive bytes of the file. */
interface Run {
  /** The first byte in the file. */
  readonly at: number;
  /** The first row. */
  readonly row: number;
  readonly bytes: number;
  /** Where they belong; null if they are to be taken apart. */
  readonly into: Uint8Array | null;
  takeApart(bytes: Uint8Array): void;
}

/** Closes files that are no longer referenced. A FileHandle would cause a warning, and from Node.js 25 on an error. */
const forgotten = new FinalizationRegistry<number>((file) => closeFile(file, () => undefined));

/** An open file. `close` waits for the reads in progress: the system may give the descriptor to another file. */
export class RowsReader {
  /** Its descriptor. */
  readonly #file: number;
  readonly #path: string;
  #isClosed = false;
  readonly #reads = new Set<Promise<void>>();

  constructor(file: number, path: string) {
    this.#file = file;
    this.#path = path;
    forgotten.register(this, file, this);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * The bytes of rows in their order: [rows, rowBytes].
   * @param rows within the file. A row may be asked for several times.
   * @throws DataError if the file ends before a row; FileError
   */
  async rows(where: string, rows: Int32Array, places: Places): Promise<Uint8Array> {
    if (this.#isClosed) throw new FileError(`${where}: ${this.#path} is closed`);
    const { rowBytes } = places;
    const all = allocateUnset("bool", rows.length * rowBytes, where) as Uint8Array;
    for (let begin = 0; begin < rows.length; begin += SORTED) {
      const part = rows.subarray(begin, begin + SORTED);
      const own = all.subarray(begin * rowBytes, (begin + part.length) * rowBytes);
      const reading = this.#read(where, [...runsOf(part, places, own)], places);
      const settled = reading.catch(() => undefined);
      this.#reads.add(settled);
      await reading.finally(() => this.#reads.delete(settled));
    }
    return all;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all(this.#reads);
    forgotten.unregister(this);
    await promisify(closeFile)(this.#file);
  }

  /** Settles after the last read has ended, also if one fails: they write into memory of ours. */
  #read(where: string, runs: readonly Run[], places: Places): Promise<void> {
    return new Promise((resolve, reject) => {
      let [next, open] = [0, 0];
      let failure: Error | null = null;
      const go = (): void => {
        while (failure === null && open < AT_ONCE && next < runs.length) begin(runs[next++] as Run);
        if (open > 0) return;
        if (failure === null) resolve();
        else reject(failure);
      };
      const begin = (run: Run): void => {
        try {
          const into = run.into ?? (allocateUnset("bool", run.bytes, where) as Uint8Array);
          goOn(run, into, 0);
        } catch (error) {
          failure = error as Error;
        }
      };
      const goOn = (run: Run, into: Uint8Array, done: number): void => {
        const count = Math.min(run.bytes - done, MOST_BYTES);
        open++;
        readFile(this.#file, into, done, count, run.at + done, (error, found) => {
          open--;
          if (error !== null || found === 0) failure ??= this.#failure(where, run, done, places, error);
          else if (done + found === run.bytes) run.takeApart(into);
          else if (failure === null) goOn(run, into, done + found);
          go();
        });
      };
      go();
    });
  }

  #failure(where: string, run: Run, done: number, { rowBytes }: Places, error: Error | null): Error {
    const row = run.row + Math.floor(done / rowBytes);
    if (error !== null) return fileError(`${where}: row ${row}`, this.#path, "read", error);
    return new DataError(
      `${where}: ${this.#path} ends at byte ${run.at + done}, before the end of row ${row}: it was longer when it was opened`,
    );
  }
}

/** What to read for rows that shall be in `all` one after the other. */
function* runsOf(rows: Int32Array, { start, rowBytes }: Places, all: Uint8Array): Generator<Run> {
  const order = isAscending(rows) ? null : orderOf(rows);
  const placeOf = (i: number): number => (order === null ? i : (order[i] as number));
  const rowOf = (i: number): number => rows[placeOf(i)] as number;
  let end = 0;
  for (let begin = 0; begin < rows.length; begin = end) {
    const first = rowOf(begin);
    let isWhole = true; // without gaps, in the order of `all`
    for (end = begin + 1; end < rows.length; end++) {
      const [last, next] = [rowOf(end - 1), rowOf(end)];
      if ((next - last - 1) * rowBytes > GAP || (next + 1 - first) * rowBytes > TOGETHER) break;
      isWhole &&= next === last + 1 && placeOf(end) === placeOf(end - 1) + 1;
    }
    const bytes = (rowOf(end - 1) + 1 - first) * rowBytes;
    const at = start + first * rowBytes;
    const place = placeOf(begin) * rowBytes;
    const into = isWhole ? all.subarray(place, place + bytes) : null;
    const [from, to] = [begin, end];
    const takeApart = (read: Uint8Array): void => {
      for (let i = from; i < to && into === null; i++) {
        const own = (rowOf(i) - first) * rowBytes;
        all.set(read.subarray(own, own + rowBytes), placeOf(i) * rowBytes);
      }
    };
    yield { at, row: first, bytes, into, takeApart };
  }
}

const isAscending = (rows: Int32Array): boolean =>
  rows.every((row, i) => i === 0 || row > (rows[i - 1] as number));

/** The places of the rows in the order of the file. */
function orderOf(rows: Int32Array): Int32Array {
  // Row and place in one number, below 2^53.
  const keys = Float64Array.from(rows, (row, i) => row * rows.length + i).sort();
  return Int32Array.from(keys, (key) => key % rows.length);
}
