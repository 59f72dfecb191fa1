import { context, withinScratch } from "../context/context.js";
import { allocateUnset, bytesOf, type DType, type TypedArray } from "./dtype.js";
import { Storage } from "./storage.js";
import type { Tensor } from "./tensor.js";

// In bytes. Below this size, new memory costs no more than reused memory.
const WORTH_KEEPING = 1024;
// At this many arrays all are dropped, so that arrays of sizes no longer in use do not accumulate.
const MOST_KEPT = 1024;

/** Arrays of dead results, by dtype and length. The garbage collector may still take them. */
const free: Record<DType, Map<number, WeakRef<TypedArray>[]>> = {
  float32: new Map(),
  float64: new Map(),
  int32: new Map(),
  bool: new Map(),
};
let kept = 0;

/**
 * Runs `run`, in which only the library runs. The results made in it are private until code outside the library
 * receives one. `each` is called with the memory of each.
 */
export function withScratch<T>(run: () => T, each: (storage: Storage) => void = () => {}): T {
  return withinScratch(each, run);
}

/** Runs `run` with no result private: code outside the library may receive one of them unnoticed. */
export function withoutScratch<T>(run: () => T): T {
  return withinScratch(null, run);
}

/** Memory for a result that will be written whole. */
export function resultStorage(dtype: DType, size: number, where: string): Storage {
  const storage = new Storage(takeUnset(dtype, size, where));
  if (context.scratch !== null) {
    storage.isPrivate = true;
    context.scratch(storage);
  }
  return storage;
}

/** A typed array that will be written whole. Reuses an array of that size that was given back, if there is one. */
function takeUnset(dtype: DType, size: number, where: string): TypedArray {
  const found = bytesOf({ size, dtype }) < WORTH_KEEPING ? undefined : free[dtype].get(size);
  while (found !== undefined && found.length > 0) {
    const array = (found.pop() as WeakRef<TypedArray>).deref();
    kept--;
    if (array !== undefined) return array;
  }
  return allocateUnset(dtype, size, where);
}

/** Gives back the memory of a dead result, unless code outside the library has received it. */
export function giveBack(storage: Storage): void {
  // The program being recorded may read it.
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

/** Drops a tensor's gradient and gives back its memory. */
export function dropGradient(tensor: Tensor): void {
  const gradient = tensor.heldGrad;
  tensor.grad = null;
  if (gradient !== null) giveBack(gradient.storage);
}
