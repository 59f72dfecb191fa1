import { context, withinScratch } from "../context/context.js";
import { allocateUnset, bytesOf, type DType, type TypedArray } from "./dtype.js";
import { Storage } from "./storage.js";
import type { Tensor } from "./tensor.js";

// Below that, new memory costs no more than memory that is kept.
const WORTH_KEEPING = 1024;
// Sizes that are asked for no more must not gather: so many arrays, and all are forgotten.
const MOST_KEPT = 1024;

/** Arrays of results that are known to be dead, by dtype and length: the collector may still take them. */
const free: Record<DType, Map<number, WeakRef<TypedArray>[]>> = {
  float32: new Map(),
  float64: new Map(),
  int32: new Map(),
  bool: new Map(),
};
let kept = 0;

/**
 * Runs `run`, in which only the library has a part: the results made meanwhile are private, until somebody is
 * given one. `each` is told of their memory.
 */
export function withScratch<T>(run: () => T, each: (storage: Storage) => void = () => {}): T {
  return withinScratch(each, run);
}

/** Runs `run`, of whose results somebody may be given one unseen: none is private. */
export function withoutScratch<T>(run: () => T): T {
  return withinScratch(null, run);
}

/** The memory of a result, which is written whole. */
export function resultStorage(dtype: DType, size: number, where: string): Storage {
  const storage = new Storage(takeUnset(dtype, size, where));
  if (context.scratch !== null) {
    storage.isPrivate = true;
    context.scratch(storage);
  }
  return storage;
}

/** A typed array to be written whole, from what was given back where there is one of that size. */
function takeUnset(dtype: DType, size: number, where: string): TypedArray {
  const found = bytesOf({ size, dtype }) < WORTH_KEEPING ? undefined : free[dtype].get(size);
  while (found !== undefined && found.length > 0) {
    const array = (found.pop() as WeakRef<TypedArray>).deref();
    kept--;
    if (array !== undefined) return array;
  }
  return allocateUnset(dtype, size, where);
}

/** Gives back the memory of a result that is dead, unless somebody else was given it. */
export function giveBack(storage: Storage): void {
  // A program that is being recorded may read it.
  if (context.trace !== null) return;
  if (!storage.isPrivate || bytesOf({ size: storage.length, dtype: storage.dtype }) < WORTH_KEEPING) return;
  const array = storage.giveUp();
  if (array === null) return;
  if (kept === MOST_KEPT) forget();
  kept++;
  const list = free[storage.dtype].get(storage.length);
  if (list === undefined) free[storage.dtype].set(storage.length, [new WeakRef(array)]);
  else list.push(new WeakRef(array));
}

function forget(): void {
  for (const lists of Object.values(free)) lists.clear();
  kept = 0;
}

/** Lets go of a tensor's gradient. */
export function dropGradient(tensor: Tensor): void {
  const gradient = tensor.heldGrad;
  tensor.grad = null;
  if (gradient !== null) giveBack(gradient.storage);
}
