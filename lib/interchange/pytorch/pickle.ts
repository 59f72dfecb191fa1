// Writes pickles of protocol 2, with no more than what torch.load(weights_only=True) reads.
import { types } from "node:util";
import { ArgumentError } from "../../errors.js";
import { HALF_A_PAIR, quote } from "../../formats/stored-array.js";
import { describe, isPlainObject } from "../../options.js";

/** A call of a name: `collections.Counter`, … */
export class Call {
  readonly name: string;
  readonly args: Tuple;

  constructor(name: string, args: readonly unknown[]) {
    this.name = name;
    this.args = new Tuple(args);
  }
}

/** Python's tuple: arrays are written as lists. */
export class Tuple {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A name that stands for itself: `torch.FloatStorage`. */
export class Name {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What a persistent id stands for. */
export class Persistent {
  readonly id: Tuple;

  constructor(id: readonly unknown[]) {
    this.id = new Tuple(id);
  }
}

const MOST_DEPTH = 500;

/**
 * The pickle of a value.
 * @param where for error messages.
 * @param reduce what stands for an object, a tensor for instance; undefined where it stands for itself.
 * @throws ArgumentError for what has no counterpart in Python, and for objects that contain themselves
 */
export function pickle(
  where: string,
  value: unknown,
  reduce: (value: object, place: string) => unknown,
): Uint8Array {
  const pickler = new Pickler(where, reduce);
  pickler.write(value, "");
  return pickler.bytes();
}

class Pickler {
  readonly #where: string;
  readonly #reduce: (value: object, place: string) => unknown;
  readonly #parts: Uint8Array[] = [Uint8Array.of(0x80, 2)];
  readonly #open = new Set<object>();

  constructor(where: string, reduce: (value: object, place: string) => unknown) {
    this.#where = where;
    this.#reduce = reduce;
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat([...this.#parts, codes(".")]));
  }

  write(value: unknown, place: string): void {
    if (value === null) this.#put(codes("N"));
    else if (typeof value === "boolean") this.#put(codes(value ? "\x88" : "\x89"));
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "bigint") this.#integer(value, place);
    else if (typeof value === "string") this.#text(value, place);
    else if (typeof value === "object") this.#within(value, place);
    else throw this.#refusal(value, place);
  }

  #within(value: object, place: string): void {
    if (this.#open.has(value)) {
      throw new ArgumentError(`${this.#where}: ${place || "the value"} contains itself`);
    }
    if (this.#open.size >= MOST_DEPTH) {
      throw new ArgumentError(`${this.#where}: ${place.slice(0, 80)} is nested more than ${MOST_DEPTH} deep`);
    }
    this.#open.add(value);
    this.#object(value, place);
    this.#open.delete(value);
  }

  #object(value: object, place: string): void {
    const instead = this.#reduce(value, place);
    if (instead !== undefined) this.write(instead, place);
    else if (Array.isArray(value)) this.#list(value, place);
    else if (value instanceof Tuple) this.#tuple(value.items, place);
    else if (value instanceof Name) this.#name(value.name);
    else if (value instanceof Call) {
      this.#name(value.name);
      this.#tuple(value.args.items, place);
      this.#put(codes("R"));
    } else if (value instanceof Persistent) {
      this.#tuple(value.id.items, place);
      this.#put(codes("Q"));
    } else if (types.isMap(value)) this.#dict(value, place);
    else if (types.isSet(value)) this.write(new Call("builtins.set", [[...value]]), place);
    else if (types.isUint8Array(value)) {
      const text = Buffer.from(value).toString("latin1");
      this.write(new Call("_codecs.encode", [text, "latin1"]), place);
    } else if (isPlainObject(value)) this.#dict(Object.entries(value), place);
    else throw this.#refusal(value, place);
  }

  #list(items: readonly unknown[], place: string): void {
    this.#put(codes("]("));
    for (let i = 0; i < items.length; i++) this.write(items[i], `${place}[${i}]`);
    this.#put(codes("e"));
  }

  #tuple(items: readonly unknown[], place: string): void {
    this.#put(codes("("));
    for (const item of items) this.write(item, place);
    this.#put(codes("t"));
  }

  #dict(entries: Iterable<readonly [unknown, unknown]>, place: string): void {
    this.#put(codes("}("));
    for (const [key, value] of entries) {
      this.write(key, `a key of ${place || "the value"}`);
      this.write(value, place === "" ? String(key) : `${place}.${String(key)}`);
    }
    this.#put(codes("u"));
  }

  #name(name: string): void {
    const dot = name.lastIndexOf(".");
    this.#put(codes(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`));
  }

  #text(text: string, place: string): void {
    if (HALF_A_PAIR.test(text)) {
      throw new ArgumentError(
        `${this.#where}: ${place || "the value"}: ${quote(text)} has half of a surrogate pair`,
      );
    }
    const bytes = Buffer.from(text, "utf8");
    const head = Buffer.alloc(5, "X");
    head.writeUInt32LE(bytes.length, 1);
    this.#put(head, bytes);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#whole(value);
    else {
      const bytes = Buffer.alloc(9, "G");
      bytes.writeDoubleBE(value, 1);
      this.#put(bytes);
    }
  }

  #whole(value: number): void {
    if (value !== (value | 0)) this.#integer(BigInt(value), "");
    else {
      const bytes = Buffer.alloc(5, "J");
      bytes.writeInt32LE(value, 1);
      this.#put(bytes);
    }
  }

  /** Two's complement, little-endian, in at most 255 bytes. */
  #integer(value: bigint, place: string): void {
    const magnitude = value < 0n ? -value - 1n : value;
    const length = Math.floor(magnitude.toString(16).length / 2) + 1;
    if (length > 255) throw new ArgumentError(`${this.#where}: ${place}: an integer of ${length} bytes`);
    const hex = BigInt.asUintN(8 * length, value)
      .toString(16)
      .padStart(2 * length, "0");
    this.#put(Uint8Array.of(0x8a, length), Buffer.from(hex, "hex").reverse());
  }

  #put(...parts: Uint8Array[]): void {
    this.#parts.push(...parts);
  }

  #refusal(value: unknown, place: string): ArgumentError {
    return new ArgumentError(
      `${this.#where}: expected ${place || "the value"} to be a tensor, a model, an optimizer, a schedule or a plain value, got ${describe(value)}`,
    );
  }
}

const codes = (text: string): Uint8Array => Buffer.from(text, "latin1");
