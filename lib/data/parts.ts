// Samples in one part or in several: what they are, taken apart and put together.

import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import { describe, isInstance, isPlainObject } from "../options.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { Bytes } from "./bytes.js";

/** Samples along the first axis. */
export type Part = Tensor | Bytes;

/** Samples in one part, or in several of the same number of samples: a list or an object of parts. */
export type Parts = Part | readonly Part[] | { readonly [name: string]: Part };

/** Some of the samples as tensors, in the form of the parts. */
export type TensorsOf<P> = P extends Part ? Tensor : { readonly [K in keyof P]: Tensor };

/** In which form samples have their parts. */
export interface Form {
  readonly kind: "one" | "list" | "names";
  /** What each part is called: its name or its position. A single part is called "". */
  readonly names: readonly string[];
}

/** Parts as a list, and their form. */
export interface Apart<P = Part> {
  readonly form: Form;
  readonly parts: readonly P[];
}

/** Equal for equal forms. */
export const keyOf = ({ kind, names }: Form): string => `${kind} ${JSON.stringify(names)}`;

/** The name of a part of `name`, as code has it: `data.x`, `data.x.image`, `data.x[0]`. */
export function partName(name: string, { kind, names }: Form, at: number): string {
  const own = names[at] as string;
  if (kind === "one") return name;
  return kind === "list" ? `${name}[${own}]` : `${name}.${own}`;
}

/** The names of parts, for error messages. */
export const partNames = (name: string, form: Form): string =>
  form.names.map((_, at) => partName(name, form, at)).join(", ");

const isPart = (value: unknown): value is Part => isTensor(value) || isInstance(value, Bytes);

/** @throws ArgumentError unless the value is a part, or a list or an object of parts. */
export const takePartsApart = (where: string, name: string, value: unknown): Apart =>
  apart(where, name, value, { isOne: isPart, one: "a tensor or Bytes", hintFor: hintForSet });

/** @throws ArgumentError unless the value is a tensor, or a list or an object of tensors. */
export const takeTensorsApart = (where: string, name: string, value: unknown): Apart<Tensor> =>
  apart(where, name, value, { isOne: isTensor, one: "a tensor", hintFor: () => "" });

/** What a part is. */
interface Kind<P> {
  readonly isOne: (value: unknown) => value is P;
  /** In words. */
  readonly one: string;
  /** The end of the message of an error about that value. */
  readonly hintFor: (value: unknown) => string;
}

function apart<P>(where: string, name: string, value: unknown, { isOne, one, hintFor }: Kind<P>): Apart<P> {
  if (isOne(value)) return { form: ONE, parts: [value] };
  const isList = !types.isProxy(value) && Array.isArray(value);
  if (!isList && (types.isProxy(value) || !isPlainObject(value))) {
    throw new ArgumentError(
      `${where}: expected ${name} to be ${one}, or a list or an object of them, got ${describe(value)}${hintFor(value)}`,
    );
  }
  const entries: [string, unknown][] = isList
    ? Array.from(value, (part: unknown, i) => [String(i), part])
    : Object.entries(value);
  if (entries.length === 0) throw new ArgumentError(`${where}: expected ${name} to have parts, got none`);
  const form: Form = { kind: isList ? "list" : "names", names: entries.map(([own]) => own) };
  const parts = entries.map(([, part], at): P => {
    if (isOne(part)) return part;
    throw new ArgumentError(
      `${where}: expected ${partName(name, form, at)} to be ${one}, got ${describe(part)}${hintFor(part)}`,
    );
  });
  return { form, parts };
}

/** What makes a tensor of values of a set that are none. */
const hintForSet = (value: unknown): string =>
  types.isTypedArray(value) || ["string", "number", "bigint", "boolean"].includes(typeof value)
    ? "; tensor makes one of numbers, data.toClasses of labels"
    : "";

/** The form of a single part. */
export const ONE: Form = { kind: "one", names: [""] };

/** The whole from one value for each part. */
export function putTogether<T>({ kind, names }: Form, values: readonly T[]): unknown {
  if (kind === "one") return values[0];
  return kind === "list" ? [...values] : Object.fromEntries(names.map((name, at) => [name, values[at]]));
}

/** The parts in the order of a form, by their names; null where it has another kind or other names. */
export function inForm<P>({ form, parts }: Apart<P>, wanted: Form): readonly P[] | null {
  if (keyOf(form) === keyOf(wanted)) return parts;
  const places = wanted.names.map((name) => form.names.indexOf(name));
  const isAlike = form.kind === wanted.kind && parts.length === places.length && !places.includes(-1);
  return isAlike ? places.map((at) => parts[at] as P) : null;
}

/** The parts as a list, of a value that was checked. */
export function partsIn(parts: Parts): readonly Part[] {
  if (isPart(parts)) return [parts];
  return Array.isArray(parts) ? parts : Object.values(parts);
}

/** The form of parts that were checked. */
export function formOf(parts: Parts): Form {
  if (isPart(parts)) return ONE;
  return { kind: Array.isArray(parts) ? "list" : "names", names: Object.keys(parts) };
}

/** The only part. @throws ArgumentError if there are several */
export function onlyPart(where: string, name: string, parts: Parts): Part {
  if (isPart(parts)) return parts;
  throw new ArgumentError(`${where}: expected ${name} to be one tensor, got ${describe(parts)} of them`);
}
