// A battery for readers of files: files changed by chance, as a broken disk or an attacker would change them.
import { existsSync, readdirSync } from "node:fs";
import process from "node:process";
import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import { ThalwegError } from "../../lib/errors.js";
import { Dice } from "../errors/hostile.js";

// More files, or others, for a night: THALWEG_FUZZ_CALLS=10000 THALWEG_FUZZ_SEED=7.
const SEED = process.env["THALWEG_FUZZ_SEED"] ?? "";
const CALLS = Number(process.env["THALWEG_FUZZ_CALLS"] ?? 500);

// A reader that takes longer for a file of a few KiB hangs.
const MOST_MILLISECONDS = 20_000;
const MOST_RESIDENT = 2 ** 30;

export interface HostileFormat {
  readonly name: string;
  /** Files that are right, by names: the more of the format's ways they show, the better. A few KiB each. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Reads a file whole, with all that it holds. May be asynchronous. */
  read(bytes: Uint8Array): unknown;
  /** Texts that stand before numbers that matter, such as "PK": many changes are made right after them. */
  readonly marks?: readonly string[];
  /** Most bytes of array buffers that reading may take. Default: 32 MiB and 32 times the file. */
  memory?(length: number): number;
}

/**
 * Tests that a reader reads the files as they are, and of mutated ones either reads them or throws an error of the
 * library, in bounded time and memory, and leaves no file open.
 */
export function readsMutatedFiles(format: HostileFormat): void {
  describe(`mutated files of ${format.name}`, () => {
    const { memory = (length: number) => 2 ** 25 + 32 * length } = format;
    const files = Object.entries(format.files);

    test.each(files)("%s is read as it is", async (_, bytes) => {
      await limited(() => format.read(new Uint8Array(bytes)));
    });

    test(`${CALLS} of them give values or the library's own errors, in bounded time and memory`, async () => {
      const mutations = new Mutations(format.name + SEED, Object.values(format.files), format.marks);
      const open = openFiles();
      const resident = process.resourceUsage().maxRSS;
      const findings = new Set<string>();
      for (let i = 0; i < CALLS && findings.size < 10; i++) {
        const { bytes, what } = mutations.next();
        const before = process.memoryUsage().arrayBuffers;
        const fault = await faultOf(() => format.read(bytes));
        const taken = process.memoryUsage().arrayBuffers - before;
        const place = `file ${i} of ${bytes.length} bytes (${what})`;
        if (fault !== null) findings.add(`${place}: ${fault}`);
        if (taken > memory(bytes.length)) findings.add(`${place}: took ${taken} bytes of memory`);
      }
      expect([...findings]).toEqual([]);
      expect(process.resourceUsage().maxRSS - resident).toBeLessThan(MOST_RESIDENT / 1024);
      expect(openFiles()).toBe(open);
    }, 600_000);
  });
}

/** What is wrong with how the reader failed; null if it did not, or by an error of the library. */
async function faultOf(read: () => unknown): Promise<string | null> {
  try {
    await limited(read);
    return null;
  } catch (error) {
    if (error instanceof ThalwegError) return null;
    const { name, message, stack } = error as Error;
    const line = /lib\/\S+:\d+/.exec(stack ?? "")?.[0] ?? "";
    return `${name}: ${String(message).slice(0, 120)} (${line})`;
  }
}

const CALL = "thalwegHostileRead";
const script = new Script(`globalThis.${CALL}()`);

/** Calls the function. It is broken off if it runs too long before it first waits. */
function limited(run: () => unknown): unknown {
  Object.assign(globalThis, { [CALL]: run });
  return script.runInThisContext({ timeout: MOST_MILLISECONDS });
}

/** The number of open files of this process; 0 where the system does not tell. */
function openFiles(): number {
  return existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0;
}

const EXTREME = [0n, 1n, 0x7fn, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn];
const WIDE = [
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 62n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n - 8n,
];
const NUMBERS = [
  ...["0", "1", "-1", "255", "65536", "2147483647", "2147483648", "4294967295", "4294967296"],
  ...["9007199254740991", "9007199254740993", "9223372036854775807", "18446744073709551616"],
  ...["1e308", "1e999", "-0", "0.5", "NaN", "null", `${"9".repeat(400)}`, "[]", '""', "{}"],
];

/** Files changed by chance, the same for the same seed. */
class Mutations {
  readonly #dice: Dice;
  readonly #files: readonly Uint8Array[];
  readonly #marks: readonly string[];

  constructor(seed: string, files: readonly Uint8Array[], marks: readonly string[] = []) {
    this.#dice = new Dice(seed);
    this.#files = files;
    this.#marks = marks;
  }

  /** A file, one to four times changed. */
  next(): { bytes: Uint8Array; what: string } {
    let bytes = Buffer.from(this.#dice.of(this.#files));
    const changes = 1 + this.#dice.below(2) * this.#dice.below(4);
    const names: string[] = [];
    for (let i = 0; i < changes; i++) {
      const [name, change] = this.#dice.of(CHANGES);
      bytes = change(bytes, this.#dice, { files: this.#files, marks: this.#marks });
      names.push(name);
    }
    return { bytes: new Uint8Array(bytes), what: names.join(", ") };
  }
}

/** What changes may use besides the file. */
interface Around {
  readonly files: readonly Uint8Array[];
  readonly marks: readonly string[];
}
type Change = (bytes: Buffer<ArrayBuffer>, dice: Dice, around: Around) => Buffer<ArrayBuffer>;

/** Two places in order. */
function range(bytes: Uint8Array, dice: Dice): [number, number] {
  const [a, b] = [dice.below(bytes.length + 1), dice.below(bytes.length + 1)];
  return a < b ? [a, b] : [b, a];
}

const join = (...parts: Uint8Array[]): Buffer<ArrayBuffer> => Buffer.from(Buffer.concat(parts));

/** A place to change: after a mark, near the start or the end, where headers and directories mostly are, or anywhere. */
function place(bytes: Buffer, dice: Dice, marks: readonly string[]): number {
  const places = marks.length > 0 && dice.below(2) === 0 ? placesOf(bytes, dice.of(marks)) : [];
  if (places.length > 0) return Math.min(dice.of(places) + dice.below(48), bytes.length - 1);
  const near = Math.min(bytes.length, 128);
  const choice = dice.below(4);
  if (choice === 0) return dice.below(near);
  if (choice === 1) return bytes.length - 1 - dice.below(near);
  return dice.below(bytes.length);
}

function placesOf(bytes: Buffer, mark: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(mark, 0, "latin1"); at >= 0; at = bytes.indexOf(mark, at + 1, "latin1")) {
    places.push(at);
  }
  return places;
}

const CHANGES: readonly (readonly [name: string, change: Change])[] = [
  [
    "a bit",
    (bytes, dice, { marks }) =>
      edited(bytes, (copy) => {
        const at = place(copy, dice, marks);
        copy[at] = (copy[at] as number) ^ (1 << dice.below(8));
      }),
  ],
  [
    "a byte",
    (bytes, dice, { marks }) =>
      edited(bytes, (copy) => {
        copy[place(copy, dice, marks)] = dice.below(256);
      }),
  ],
  [
    "an extreme number",
    (bytes, dice, { marks }) =>
      edited(bytes, (copy) => {
        const width = dice.of([1, 2, 4, 8]);
        const value = BigInt.asUintN(8 * width, dice.of([...EXTREME, ...WIDE]));
        const digits = value.toString(16).padStart(2 * width, "0");
        const number = Buffer.from(digits, "hex");
        if (dice.below(4) > 0) number.reverse();
        number.copy(copy, place(copy, dice, marks));
      }),
  ],
  [
    "an extreme number in a text",
    (bytes, dice) => {
      const text = bytes.toString("latin1");
      const found = [...text.matchAll(/\d+/g)];
      if (found.length === 0) return bytes;
      const { index, 0: digits } = dice.of(found);
      return Buffer.from(
        text.slice(0, index) + dice.of(NUMBERS) + text.slice(index + digits.length),
        "latin1",
      );
    },
  ],
  ["cut off", (bytes, dice) => join(bytes.subarray(0, dice.below(bytes.length + 1)))],
  ["a start cut off", (bytes, dice) => join(bytes.subarray(dice.below(bytes.length + 1)))],
  [
    "a part left out",
    (bytes, dice) => {
      const [from, to] = range(bytes, dice);
      return join(bytes.subarray(0, from), bytes.subarray(to));
    },
  ],
  [
    "a part twice",
    (bytes, dice) => {
      const [from, to] = range(bytes, dice);
      return join(bytes.subarray(0, to), bytes.subarray(from));
    },
  ],
  [
    "a part over another",
    (bytes, dice) =>
      edited(bytes, (copy) => {
        const [from, to] = range(copy, dice);
        bytes.copy(copy, dice.below(copy.length), from, Math.min(to, from + 64));
      }),
  ],
  [
    "a part of zeros",
    (bytes, dice) =>
      edited(bytes, (copy) => {
        const [from, to] = range(copy, dice);
        copy.fill(dice.of([0, 0xff]), from, Math.min(to, from + 64));
      }),
  ],
  ["the file twice", (bytes) => join(bytes, bytes)],
  ["more bytes", (bytes, dice) => join(bytes, Buffer.alloc(1 + dice.below(100), dice.below(256)))],
  [
    "a head twice",
    (bytes, dice) => join(bytes.subarray(0, dice.below(Math.min(bytes.length, 256) + 1)), bytes),
  ],
  [
    "the end of another",
    (bytes, dice, { files }) => {
      const other = dice.of(files);
      return join(
        bytes.subarray(0, dice.below(bytes.length + 1)),
        other.subarray(dice.below(other.length + 1)),
      );
    },
  ],
  [
    "a part of another",
    (bytes, dice, { files }) =>
      edited(bytes, (copy) => {
        const other = dice.of(files);
        const [from, to] = range(other, dice);
        Buffer.from(other).copy(copy, dice.below(copy.length), from, Math.min(to, from + 256));
      }),
  ],
  [
    "open brackets",
    (bytes, dice) => {
      const at = dice.below(bytes.length + 1);
      return join(
        bytes.subarray(0, at),
        Buffer.alloc(5000, dice.of(["[", "(", "{", '{"a":'])),
        bytes.subarray(at),
      );
    },
  ],
];

/** A changed copy; an empty file stays empty. */
function edited(bytes: Buffer<ArrayBuffer>, edit: (copy: Buffer<ArrayBuffer>) => void): Buffer<ArrayBuffer> {
  const copy = join(bytes);
  if (copy.length > 0) edit(copy);
  return copy;
}
