// The attributes of a node, read once and checked.
import { DataError } from "../errors.js";
import { type AttributeProto, AttributeType, type TensorProto } from "./schema.js";

/** The attributes of a node. What nobody has asked for is an attribute that the operator does not have. */
export class Attributes {
  private readonly asked = new Set<string>();

  constructor(
    private readonly where: string,
    private readonly attributes: ReadonlyMap<string, AttributeProto>,
  ) {}

  /** A whole number. */
  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  int(name: string, otherwise?: number): number | undefined {
    const found = this.#find(name, AttributeType.INT);
    return found === undefined ? otherwise : this.#whole(name, found.i ?? 0n);
  }

  /** 0 or 1. */
  flag(name: string, otherwise: boolean): boolean {
    const value = this.int(name);
    if (value === undefined) return otherwise;
    if (value === 0 || value === 1) return value === 1;
    throw new DataError(`${this.where}: expected attribute ${name} to be 0 or 1, found ${value}`);
  }

  ints(name: string): number[] | undefined {
    return this.#find(name, AttributeType.INTS)?.ints.map((value) => this.#whole(name, value));
  }

  float(name: string): number | undefined;
  float(name: string, otherwise: number): number;
  float(name: string, otherwise?: number): number | undefined {
    const found = this.#find(name, AttributeType.FLOAT);
    return found === undefined ? otherwise : exact(found.f ?? 0);
  }

  floats(name: string): number[] | undefined {
    return this.#find(name, AttributeType.FLOATS)?.floats.map(exact);
  }

  /** One of several words. */
  choice<T extends string>(name: string, otherwise: T, choices: readonly T[]): T {
    const found = this.#find(name, AttributeType.STRING);
    if (found === undefined) return otherwise;
    const text = Buffer.from(found.s ?? []).toString("utf8");
    const choice = choices.find((word) => word === text);
    if (choice !== undefined) return choice;
    const list = choices.map((word) => `"${word}"`).join(", ");
    throw new DataError(
      `${this.where}: expected attribute ${name} to be one of ${list}, found ${JSON.stringify(text.slice(0, 40))}`,
    );
  }

  string(name: string): string | undefined {
    const found = this.#find(name, AttributeType.STRING);
    return found === undefined ? undefined : Buffer.from(found.s ?? []).toString("utf8");
  }

  tensor(name: string): TensorProto | undefined {
    const found = this.#find(name, AttributeType.TENSOR);
    if (found === undefined || found.t !== undefined) return found?.t;
    throw new DataError(`${this.where}: attribute ${name} lacks its tensor`);
  }

  /** What the node must have. @throws DataError */
  required<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value;
    throw new DataError(`${this.where}: lacks the attribute ${name}`);
  }

  /** @throws DataError */
  refuse(name: string, value: unknown, why: string): never {
    throw new DataError(`${this.where}: attribute ${name} is ${String(value)}: ${why}`);
  }

  /** Takes note of an attribute that makes no difference here. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.asked.add(name);
  }

  /** @throws DataError for an attribute that the operator does not have. */
  checkAllAsked(): void {
    const unknown = [...this.attributes.keys()].filter((name) => !this.asked.has(name));
    if (unknown.length === 0) return;
    throw new DataError(`${this.where}: has the attributes ${unknown.join(", ")}, which are not supported`);
  }

  #find(name: string, type: number): AttributeProto | undefined {
    this.asked.add(name);
    const found = this.attributes.get(name);
    if (found === undefined || found.type === type) return found;
    const nameOf = (number: number | undefined): string =>
      Object.entries(AttributeType).find(([, own]) => own === number)?.[0] ?? `type ${number}`;
    throw new DataError(
      `${this.where}: expected attribute ${name} to be ${nameOf(type)}, found ${nameOf(found.type)}`,
    );
  }

  #whole(name: string, value: bigint): number {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    // "To the end", by the largest and the smallest number of 64 bits.
    if (value >= END || value <= -END) return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
    throw new DataError(`${this.where}: attribute ${name} has ${value}, above 2⁵³`);
  }
}

const END = 1n << 62n;

/**
 * The shortest decimal number that a float stands for: 0.1, not 0.10000000149011612. What a model's author wrote, and
 * what the same model has in float64.
 */
function exact(value: number): number {
  if (!Number.isFinite(value)) return value;
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === Math.fround(value) ? short : value;
}
