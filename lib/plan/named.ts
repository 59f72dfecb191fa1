import type { Names } from "../native/instruction-names.js";
import { descriptionOf } from "../native/instructions.js";
import type { Instruction, Value } from "./ir.js";
import { layoutOf, type Span } from "./layout.js";

/** A family of instructions. Its operands and parameters have the same names. */
export type Family = keyof Names;
type Operand<F extends Family> = Names[F]["operand"];
type Param<F extends Family> = Names[F]["param"];

/** New operands and parameters of an instruction, by name. */
export interface Changes<F extends Family> {
  readonly operands?: { readonly [K in Operand<F>]?: Value | null };
  readonly params?: { readonly [K in Param<F>]?: number };
}

/** An instruction with access to its operands and parameters by the names in its description. */
export class Named<F extends Family> {
  readonly instruction: Instruction;

  constructor(instruction: Instruction) {
    this.instruction = instruction;
  }

  get name(): string {
    return this.instruction.name;
  }

  param(name: Param<F>): number {
    return this.instruction.params[this.#span("params", name).at] as number;
  }

  /** The name of a choice: a parameter whose values have names. */
  choice(name: Param<F>): string {
    const { choices } = descriptionOf(this.name).params.find((param) => param.name === name) ?? {};
    return choices?.[this.param(name)] as string;
  }

  /** A parameter that is a list. */
  params(name: Param<F>): readonly number[] {
    const { at, count } = this.#span("params", name);
    return this.instruction.params.slice(at, at + count);
  }

  /** The operand; null if it is left out. In an update of several tensors, that of the tensor at position `tensor`. */
  operand(name: Operand<F>, tensor = 0): Value | null {
    const { width } = layoutOf(this.instruction);
    return this.instruction.operands[this.#span("operands", name).at + tensor * width] ?? null;
  }

  /** An operand that must not be left out. */
  required(name: Operand<F>, tensor = 0): Value {
    const value = this.operand(name, tensor);
    if (value === null) throw new Error(`${this.name}: ${name} is left out`);
    return value;
  }

  /** Operands that are a list. */
  operands(name: Operand<F>): readonly Value[] {
    const { at, count } = this.#span("operands", name);
    return this.instruction.operands.slice(at, at + count) as Value[];
  }

  /** Whether instructions of this exact name have such an operand. */
  has(name: Operand<F>): boolean {
    return layoutOf(this.instruction).operands.has(name);
  }

  /** Whether all of these operands are left out. */
  lacks(...names: readonly Operand<F>[]): boolean {
    return names.every((name) => this.operand(name) === null);
  }

  /** The instruction with some operands and parameters replaced. */
  with({ operands = {}, params = {} }: Changes<F>): Instruction {
    const [newOperands, newParams] = [[...this.instruction.operands], [...this.instruction.params]];
    for (const [name, value] of Object.entries<Value | null | undefined>(operands)) {
      const { at } = this.#span("operands", name);
      while (newOperands.length <= at) newOperands.push(null);
      newOperands[at] = value ?? null;
    }
    for (const [name, value] of Object.entries<number | undefined>(params)) {
      newParams[this.#span("params", name).at] = value as number;
    }
    return { ...this.instruction, operands: newOperands, params: newParams };
  }

  #span(kind: "params" | "operands", name: string): Span {
    const span = layoutOf(this.instruction)[kind].get(name);
    if (span === undefined) throw new Error(`${this.name} has no ${kind.slice(0, -1)} ${name}`);
    return span;
  }
}

/** The instruction with access by name; null if it is not of this family. */
export function named<F extends Family>(instruction: Instruction | undefined, family: F): Named<F> | null {
  if (instruction === undefined || descriptionOf(instruction.name).family !== family) return null;
  return new Named<F>(instruction);
}

/** As `named`; also null if the instruction does not have exactly this name. */
export function isNamed<F extends Family>(
  instruction: Instruction | undefined,
  family: F,
  name: string,
): Named<F> | null {
  return instruction?.name === name ? named(instruction, family) : null;
}

type Params = Readonly<Record<string, number | readonly number[]>>;
type Operands = Readonly<Record<string, Value | null | readonly Value[]>>;

/** Makes an instruction. Puts its parameters and operands in the native order. */
export function make(name: string, params: Params, operands: Operands): Instruction {
  const described = descriptionOf(name).operands;
  checkKeys(name, operands, described);
  return {
    name,
    params: paramsOf(name, params),
    operands: described.flatMap((operand) =>
      operand.optional && !Object.hasOwn(operands, operand.name)
        ? [null]
        : pick<Value | null>(name, operands, operand.name),
    ),
  };
}

/** The parameters of an instruction in the native order. */
export function paramsOf(name: string, params: Params): readonly number[] {
  const described = descriptionOf(name).params;
  checkKeys(name, params, described);
  return described.flatMap((param) => pick<number>(name, params, param.name));
}

function checkKeys(name: string, given: object, described: readonly { readonly name: string }[]): void {
  const unknown = Object.keys(given).find((key) => !described.some((one) => one.name === key));
  if (unknown !== undefined) throw new Error(`${name} has no ${unknown}`);
}

function pick<T>(
  name: string,
  values: Readonly<Record<string, T | readonly T[]>>,
  key: string,
): readonly T[] {
  if (!Object.hasOwn(values, key)) throw new Error(`${name}: ${key} is missing`);
  const value = values[key] as T | readonly T[];
  return Array.isArray(value) ? value : [value as T];
}
