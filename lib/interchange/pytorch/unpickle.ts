// Reads a pickle (Python's Lib/pickletools.py says what each instruction does) as torch.load(weights_only=True) does:
// a stack machine that knows containers, numbers and text, and a few names that it is told. It runs no code.
import { DataError } from "../../errors.js";
import { Callable, Dict, Items, kindOf, Tuple, type Value } from "./values.js";

/** What a pickle may refer to. Both throw a DataError for what is not known. */
export interface World {
  /** What a name such as `collections.OrderedDict` stands for. */
  find(name: string): Value;
  /** What a persistent id stands for. */
  persistent(id: Value): Value;
}

/** A value, and where its pickle ends. */
export interface Unpickled {
  readonly value: Value;
  readonly end: number;
}

/** More values than any model's file has: with the memory that they need, a limit for hostile files. */
const MOST_VALUES = 1 << 24;
const LONGEST_LINE = 1 << 16;
const LONGEST_INTEGER = 1024;

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Runs the pickle that begins at `start`.
 * @throws DataError for one that is cut short, wrong, or refers to what `world` does not know
 */
export function unpickle(where: string, bytes: Uint8Array, world: World, start = 0): Unpickled {
  const machine = new Machine(where, bytes, world, start);
  return { value: machine.run(), end: machine.at };
}

class Machine {
  at: number;
  readonly #where: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #world: World;
  readonly #stack: Value[] = [];
  /** Heights of the stack at which marks stand. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Value>();
  #values = 0;

  constructor(where: string, bytes: Uint8Array, world: World, start: number) {
    this.#where = where;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#world = world;
    this.at = start;
  }

  run(): Value {
    for (;;) {
      const at = this.at;
      const code = this.byte();
      if (code === STOP) return this.pop();
      const instruction = INSTRUCTIONS[code];
      if (instruction === undefined) {
        this.at = at;
        throw this.error(`unknown instruction 0x${code.toString(16).padStart(2, "0")}`);
      }
      instruction(this);
    }
  }

  error(what: string): DataError {
    return new DataError(`${this.#where}: the pickle at byte ${this.at}: ${what}`);
  }

  // Bytes

  take(length: number): Uint8Array {
    const left = this.#bytes.length - this.at;
    if (length > left) throw this.error(`expected ${length} more bytes, the file has ${left}`);
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1)[0] as number;
  }

  uint16(): number {
    this.take(2);
    return this.#view.getUint16(this.at - 2, true);
  }

  int32(): number {
    this.take(4);
    return this.#view.getInt32(this.at - 4, true);
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  uint64(): number {
    this.take(8);
    return Number(this.#view.getBigUint64(this.at - 8, true));
  }

  float64(): number {
    this.take(8);
    return this.#view.getFloat64(this.at - 8);
  }

  text(length: number): string {
    return this.decode(this.take(length));
  }

  decode(bytes: Uint8Array): string {
    try {
      return text.decode(bytes);
    } catch {
      throw this.error("expected text in UTF-8");
    }
  }

  /** The bytes up to the end of the line. */
  line(): Uint8Array {
    const end = this.#bytes.subarray(this.at, this.at + LONGEST_LINE).indexOf(NEWLINE);
    if (end < 0) throw this.error(`expected a line of less than ${LONGEST_LINE} bytes`);
    return this.take(end + 1).subarray(0, end);
  }

  /** Two's complement, little-endian. */
  integer(length: number): Value {
    if (length > LONGEST_INTEGER)
      throw this.error(`expected an integer of at most ${LONGEST_INTEGER} bytes, got ${length}`);
    const bytes = this.take(length);
    if (length === 0) return 0;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).reverse();
    return shortest(BigInt.asIntN(8 * length, BigInt(`0x${hex.join("")}`)));
  }

  // Stack

  push(value: Value): void {
    if (++this.#values > MOST_VALUES) throw this.error(`expected at most ${MOST_VALUES} values`);
    this.#stack.push(value);
  }

  pop(): Value {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.error("the stack is empty");
    return this.#stack.pop() as Value;
  }

  top(): Value {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    if (this.#marks.length >= MOST_VALUES) throw this.error(`expected at most ${MOST_VALUES} marks`);
    this.#marks.push(this.#stack.length);
  }

  popMark(): Value[] {
    const height = this.#marks.pop();
    if (height === undefined) throw this.error("there is no mark");
    return this.#stack.splice(height);
  }

  /** Drops the last value, or the mark above it. */
  drop(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  popMany(count: number): Value[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  popText(): string {
    const value = this.pop();
    if (typeof value !== "string") throw this.error(`expected a name, got ${kindOf(value)}`);
    return value;
  }

  // Memo

  remember(key: number): void {
    this.#memo.set(key, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) throw this.error(`there is nothing remembered as ${key}`);
    this.push(value);
  }

  key(): number {
    const key = Number(this.decode(this.line()));
    if (!Number.isSafeInteger(key) || key < 0) throw this.error("expected a whole number ≥ 0");
    return key;
  }

  // Containers

  append(items: readonly Value[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.error(`appends to ${kindOf(list)}`);
    for (const item of items) list.push(item);
  }

  add(items: readonly Value[]): void {
    const set = this.top();
    if (!(set instanceof Items)) throw this.error(`adds to ${kindOf(set)}`);
    for (const item of items) set.items.push(item);
  }

  setItems(pairs: readonly Value[], dict = this.top()): void {
    if (!(dict instanceof Dict)) throw this.error(`sets entries of ${kindOf(dict)}`);
    if (pairs.length % 2 !== 0) throw this.error("there is a key without a value");
    for (const item of pairs) dict.pairs.push(item);
  }

  // Names

  find(module: string, name: string): Value {
    return this.#told(() => this.#world.find(`${module === "__builtin__" ? "builtins" : module}.${name}`));
  }

  persistent(): void {
    const id = this.pop();
    this.push(this.#told(() => this.#world.persistent(id)));
  }

  call(callable: Value, args: Value): void {
    if (!(args instanceof Tuple)) throw this.error(`expected a tuple of arguments, got ${kindOf(args)}`);
    if (!(callable instanceof Callable)) throw this.error(`calls ${kindOf(callable)}, which is refused`);
    this.push(this.#told(() => callable.apply(args.items)));
  }

  /** Attributes are left out: of what is known none has any that matter. */
  build(): void {
    this.pop();
    const target = this.top();
    if (!(target instanceof Dict)) throw this.error(`sets attributes of ${kindOf(target)}, which is refused`);
  }

  /** Says where in the pickle it was refused. */
  #told<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof Refusal) throw this.error(error.message);
      throw error;
    }
  }
}

/** Why `World` or a callable does not go on: becomes a DataError that says where. */
export class Refusal extends Error {}

/** An integer as a number, where that is exact. */
const shortest = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

function decimal(machine: Machine, line: string): Value {
  if (line.length > LONGEST_INTEGER || !/^[-+]?\d+L?$/.test(line))
    throw machine.error("expected a whole number");
  return shortest(BigInt(line.replace(/^\+|L$/g, "")));
}

function real(machine: Machine, line: string): Value {
  const special = /^([-+]?)(inf|nan)/.exec(line);
  if (special !== null) return special[2] === "nan" ? Number.NaN : special[1] === "-" ? -Infinity : Infinity;
  const value = Number(line);
  if (line === "" || Number.isNaN(value)) throw machine.error("expected a number");
  return value;
}

/** Python 2 wrote text and bytes alike. */
function textOrBytes(machine: Machine, length: number): Value {
  const bytes = machine.take(length);
  try {
    return text.decode(bytes);
  } catch {
    return bytes.slice();
  }
}

const HEX = "[0-9a-fA-F]";
const ESCAPES = new RegExp(`\\\\(?:u(${HEX}{4})|U(${HEX}{8}))`, "g");
const QUOTED = new RegExp(`\\\\(?:x(${HEX}{2})|([\\s\\S]))`, "g");
const CONTROL: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", 0: "\0" };

/** The escapes of protocol 0's text. */
const unescaped = (machine: Machine, line: string): string =>
  line.replace(ESCAPES, (_, short?: string, long?: string) => {
    const point = Number.parseInt((short ?? long) as string, 16);
    if (point > 0x10ffff) throw machine.error("expected text");
    return String.fromCodePoint(point);
  });

function quoted(machine: Machine, line: string): string {
  const [, , inner] = /^(['"])([\s\S]*)\1$/.exec(line) ?? [];
  if (inner === undefined) throw machine.error("expected text in quotes");
  return inner.replace(QUOTED, (_, hex?: string, one?: string) =>
    hex === undefined
      ? (CONTROL[one as string] ?? (one as string))
      : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const NEWLINE = 0x0a;
const STOP = 0x2e;

type Instruction = (machine: Machine) => void;

const refused =
  (what: string): Instruction =>
  (machine) => {
    throw machine.error(`${what}, which is refused`);
  };

const BY_CHARACTER: Readonly<Record<string, Instruction>> = {
  // Numbers, truths and None
  N: (m) => m.push(null),
  I: (m) => {
    const line = latin1(m.line());
    m.push(line === "00" ? false : line === "01" ? true : decimal(m, line));
  },
  J: (m) => m.push(m.int32()),
  K: (m) => m.push(m.byte()),
  M: (m) => m.push(m.uint16()),
  L: (m) => m.push(decimal(m, latin1(m.line()))),
  F: (m) => m.push(real(m, latin1(m.line()))),
  G: (m) => m.push(m.float64()),
  "\x8a": (m) => m.push(m.integer(m.byte())),
  "\x8b": (m) => m.push(m.integer(m.uint32())),
  "\x88": (m) => m.push(true),
  "\x89": (m) => m.push(false),
  // Text and bytes
  S: (m) => m.push(quoted(m, latin1(m.line()))),
  T: (m) => m.push(textOrBytes(m, m.uint32())),
  U: (m) => m.push(textOrBytes(m, m.byte())),
  V: (m) => m.push(unescaped(m, latin1(m.line()))),
  X: (m) => m.push(m.text(m.uint32())),
  "\x8c": (m) => m.push(m.text(m.byte())),
  "\x8d": (m) => m.push(m.text(m.uint64())),
  B: (m) => m.push(m.take(m.uint32()).slice()),
  C: (m) => m.push(m.take(m.byte()).slice()),
  "\x8e": (m) => m.push(m.take(m.uint64()).slice()),
  "\x96": (m) => m.push(m.take(m.uint64()).slice()),
  // Containers
  "]": (m) => m.push([]),
  l: (m) => m.push(m.popMark()),
  a: (m) => {
    const item = m.pop();
    m.append([item]);
  },
  e: (m) => m.append(m.popMark()),
  ")": (m) => m.push(new Tuple([])),
  t: (m) => m.push(new Tuple(m.popMark())),
  "\x85": (m) => m.push(new Tuple(m.popMany(1))),
  "\x86": (m) => m.push(new Tuple(m.popMany(2))),
  "\x87": (m) => m.push(new Tuple(m.popMany(3))),
  "}": (m) => m.push(new Dict()),
  d: (m) => {
    const dict = new Dict();
    m.setItems(m.popMark(), dict);
    m.push(dict);
  },
  s: (m) => m.setItems(m.popMany(2)),
  u: (m) => m.setItems(m.popMark()),
  "\x8f": (m) => m.push(new Items()),
  "\x90": (m) => m.add(m.popMark()),
  "\x91": (m) => {
    const items = m.popMark();
    m.push(new Items());
    m.add(items);
  },
  // Stack and memo
  "(": (m) => m.mark(),
  "0": (m) => m.drop(),
  "1": (m) => m.popMark(),
  "2": (m) => m.push(m.top()),
  p: (m) => m.remember(m.key()),
  q: (m) => m.remember(m.byte()),
  r: (m) => m.remember(m.uint32()),
  "\x94": (m) => m.rememberNext(),
  g: (m) => m.recall(m.key()),
  h: (m) => m.recall(m.byte()),
  j: (m) => m.recall(m.uint32()),
  // Names
  c: (m) => m.push(m.find(m.decode(m.line()), m.decode(m.line()))),
  "\x93": (m) => {
    const name = m.popText();
    m.push(m.find(m.popText(), name));
  },
  R: (m) => {
    const args = m.pop();
    m.call(m.pop(), args);
  },
  "\x81": (m) => {
    const args = m.pop();
    m.call(m.pop(), args);
  },
  "\x92": (m) => {
    const [callable, args, named] = m.popMany(3) as [Value, Value, Value];
    if (!(named instanceof Dict) || named.pairs.length > 0) throw m.error("calls with arguments by name");
    m.call(callable, args);
  },
  i: (m) => {
    const callable = m.find(m.decode(m.line()), m.decode(m.line()));
    m.call(callable, new Tuple(m.popMark()));
  },
  o: (m) => {
    const [callable = null, ...args] = m.popMark();
    m.call(callable, new Tuple(args));
  },
  b: (m) => m.build(),
  P: refused("has a persistent id in text"),
  Q: (m) => m.persistent(),
  "\x82": refused("has a code of copyreg's extension registry"),
  "\x83": refused("has a code of copyreg's extension registry"),
  "\x84": refused("has a code of copyreg's extension registry"),
  "\x97": refused("has a buffer outside the file"),
  "\x98": refused("has a buffer outside the file"),
  // Form
  "\x80": (m) => {
    const protocol = m.byte();
    if (protocol > 5) throw m.error(`expected a protocol of at most 5, got ${protocol}`);
  },
  "\x95": (m) => {
    m.take(8);
  },
};

const INSTRUCTIONS: readonly (Instruction | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => BY_CHARACTER[String.fromCharCode(code)],
);
