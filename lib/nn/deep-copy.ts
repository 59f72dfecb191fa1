import { types } from "node:util";
import { ArgumentError, DetachedError, GraphError } from "../errors.js";
import { isPlainObject } from "../options.js";
import type { TypedArray } from "../tensor/dtype.js";
import { Storage } from "../tensor/storage.js";
import { isTensor, Tensor } from "../tensor/tensor.js";
import { Buffer } from "./buffer.js";
import { Parameter } from "./parameter.js";
import { isTied, ownPrivateMember } from "./private-members.js";

export const copyWith = Symbol("copyWith");

/** What makes a copy of itself out of copies of its fields. */
export interface Copyable {
  [copyWith](copies: Copies): object;
}

/** Originals and their copies: of tensors, their memory, and all that holds them. */
export type Copies = Map<object, object>;

/** Stands for the copy of a module whose class is still making it. */
export const inTheMaking = {};

/**
 * A copy of a value and of all that it holds; what is there twice is copied once, and tensors that share memory
 * share it in the copy. Functions are shared, and so are objects of other classes, unless tensors or modules are
 * among what they hold.
 * @param where names the value in messages.
 * @throws ArgumentError for what stays tied to the original: a function, or an object with members that begin
 *   with #; GraphError for a tensor that is the result of an op and requires a gradient.
 */
export function deepCopy<T>(value: T, copies: Copies, where: string): T {
  if (typeof value === "function") checkFree(value as () => unknown, where);
  if (typeof value !== "object" || value === null) return value;
  const known = copies.get(value);
  if (known === inTheMaking) {
    throw new ArgumentError(`clone: ${where} holds the module itself, of which there is no copy yet`);
  }
  if (known !== undefined) return known as T;
  if (copyWith in value) return (value as Copyable)[copyWith](copies) as T;
  if (isTensor(value)) return keep(copies, value, copyTensor(value, copies, where)) as T;
  if (isMemory(value)) return copyMemory(value, copies, where) as T;
  if (Array.isArray(value)) {
    const copy = keep<unknown[]>(copies, value, []);
    for (const item of value) copy.push(deepCopy(item, copies, where));
    return copy as T;
  }
  if (types.isMap(value)) {
    const copy = keep(copies, value, new Map());
    for (const [key, item] of value) copy.set(deepCopy(key, copies, where), deepCopy(item, copies, where));
    return copy as T;
  }
  if (types.isSet(value)) {
    const copy = keep(copies, value, new Set());
    for (const item of value) copy.add(deepCopy(item, copies, where));
    return copy as T;
  }
  const prototype = Object.getPrototypeOf(value);
  if (!isPlainObject(value)) {
    if (!holdsTensors(value, new Set())) return value;
    checkOpen(value, where);
  }
  const copy = keep(copies, value, Object.create(prototype));
  copyFields(value, copy, copies, () => where);
  return copy as T;
}

function keep<C extends object>(copies: Copies, value: object, copy: C): C {
  copies.set(value, copy);
  return copy;
}

/** Gives an object copies of another's fields, but not of those that `skip` names. */
export function copyFields(
  from: object,
  to: object,
  copies: Copies,
  where: (key: string | symbol) => string,
  skip: (key: string | symbol) => boolean = () => false,
): void {
  for (const key of Reflect.ownKeys(from)) {
    if (skip(key)) continue;
    const field = Object.getOwnPropertyDescriptor(from, key) as PropertyDescriptor;
    if ("value" in field) field.value = deepCopy(field.value, copies, where(key));
    Object.defineProperty(to, key, field);
  }
}

function checkFree(value: () => unknown, where: string): void {
  if (!isTied(value)) return;
  throw new ArgumentError(
    `clone: ${where} holds a function that is bound to an object, or an arrow function that says "this", which the copy would share with the original: make it a method of the class`,
  );
}

/** @throws ArgumentError where a class of the object gives it members that begin with #. */
function checkOpen(value: object, where: string): void {
  for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    const member = ownPrivateMember(at);
    if (member === null) continue;
    throw new ArgumentError(
      `clone: ${where} holds tensors by a ${value.constructor.name}, which has private members (${member}) that cannot be copied from outside`,
    );
  }
}

function copyTensor(value: Tensor, copies: Copies, where: string): Tensor {
  if (value.producer !== null && value.requiresGrad) {
    throw new GraphError(
      `clone: ${where} holds the result of ${value.producer.op.name}, which requires a gradient; only leaves can be copied: keep its detach()`,
    );
  }
  const { storage, shape, dtype } = value;
  const memory =
    (copies.get(storage) as Storage | undefined) ??
    keep(copies, storage, new Storage(copyMemory(storage.forReading(), copies, where) as TypedArray));
  const copy = new Tensor(memory, shape, dtype);
  if (value instanceof Buffer) return new Buffer(copy);
  if (value instanceof Parameter) return new Parameter(copy, value.requiresGrad);
  copy.requiresGrad = value.requiresGrad;
  return copy;
}

function isMemory(value: object): value is ArrayBufferView | ArrayBufferLike {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);
}

/** A copy of memory, and of a view of memory one of the memory's copy. */
function copyMemory(value: ArrayBufferView | ArrayBufferLike, copies: Copies, where: string): object {
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (!ArrayBuffer.isView(value)) return keep(copies, value, bytesOf(value, where));
  const buffer = copyMemory(value.buffer, copies, where) as ArrayBuffer;
  // The name of the built-in class, of which a Buffer of Node's is a Uint8Array.
  const kind = (globalThis as unknown as Record<string, Float32ArrayConstructor>)[
    (value as Float32Array)[Symbol.toStringTag]
  ] as Float32ArrayConstructor;
  const length = types.isDataView(value) ? value.byteLength : (value as Float32Array).length;
  const copy = new kind(buffer, value.byteOffset, length);
  return keep(copies, value, Object.setPrototypeOf(copy, Object.getPrototypeOf(value)));
}

function bytesOf(buffer: ArrayBufferLike, where: string): ArrayBufferLike {
  try {
    return buffer.slice(0);
  } catch (error) {
    if (!types.isNativeError(error) || error.name !== "TypeError") throw error;
    throw new DetachedError(`clone: ${where} holds memory that was transferred or detached`);
  }
}

/** Whether tensors or modules are among what an object holds in its fields. */
function holdsTensors(value: unknown, seen: Set<object>): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  if (isTensor(value) || copyWith in value) return true;
  if (isMemory(value)) return false;
  seen.add(value);
  if (types.isMap(value)) return [...value].flat().some((item) => holdsTensors(item, seen));
  if (types.isSet(value)) return [...value].some((item) => holdsTensors(item, seen));
  return Reflect.ownKeys(value).some((key) =>
    holdsTensors(Object.getOwnPropertyDescriptor(value, key)?.value, seen),
  );
}
