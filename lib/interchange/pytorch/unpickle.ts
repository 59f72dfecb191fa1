// Reads a pickle (Python's Lib/pickletools.py says what each instruction does) as torch.load(weights_only=True) does:
// a stack machine that knows containers, numbers and text, and a few names that it is told. It runs no code.
import { DataError } from "../../errors.js";
import { INSTRUCTIONS } from "./instructions.js";
import { binary, LONGEST_INTEGER, utf8 } from "./scalars.js";
import { Callable, Dict, Items, kindOf, Tuple, type Value } from "./values.js";

/** What a pickle may refer to. Both throw a Refusal for what is not known. */
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
const NEWLINE = 0x0a;
const STOP = 0x2e;

/**
 * Runs the pickle that begins at `start`.
 * @throws DataError for one that is cut short, wrong, or refers to what `world` does not know
 */
export function unpickle(where: string, bytes: Uint8Array, world: World, start = 0): Unpickled {
  const machine = new Machine(where, bytes, world, start);
  return { value: machine.run(), end: machine.at };
}

/** The stack, the memo and the place in the bytes, for the instructions. */
export class Machine {
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
    return this.right(utf8(bytes), "text in UTF-8");
  }

  /** Python 2 wrote text and bytes alike. */
  textOrBytes(length: number): Value {
    const bytes = this.take(length);
    return utf8(bytes) ?? bytes.slice();
  }

  /** @throws DataError for undefined */
  right<T>(value: T | undefined, what: string): T {
    if (value === undefined) throw this.error(`expected ${what}`);
    return value;
  }

  /** The bytes up to the end of the line. */
  line(): Uint8Array {
    const end = this.#bytes.subarray(this.at, this.at + LONGEST_LINE).indexOf(NEWLINE);
    if (end < 0) throw this.error(`expected a line of less than ${LONGEST_LINE} bytes`);
    return this.take(end + 1).subarray(0, end);
  }

  integer(length: number): Value {
    if (length > LONGEST_INTEGER) {
      throw this.error(`expected an integer of at most ${LONGEST_INTEGER} bytes, got ${length}`);
    }
    return binary(this.take(length));
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
