import { BusyError, DetachedError, TraceError } from "../errors.js";
import { binding, type NativeMemory } from "../native/binding.js";
import { allocate, type DType, dtypeOf, type TypedArray } from "./dtype.js";
import { userLine } from "./user-line.js";

/** Numbers traces, so that a tensor knows whether it was made within one. */
export const tracing = { current: 0, last: 0 };

/**
 * The memory of a tensor, shared by the tensors that are views of it. It has up to two homes: a typed
 * array of JavaScript's, and native memory that programs run on. What was written in one is copied to
 * the other when the other is asked for. Once programs run on it, the array is kept only as long as
 * somebody else holds it.
 */
export class Storage {
  readonly length: number;
  readonly dtype: DType;
  /** The trace it was made in; 0 outside of any. */
  readonly bornIn = tracing.current;
  /** Counts the writes made through the library, so that a stale gradient is noticed. */
  version = 0;
  /** Whether its value cannot be read. */
  readonly isSymbolic: boolean;
  /** Whether only the library holds it, which knows when it is dead. */
  isPrivate = false;
  #array: TypedArray | null;
  /** The array where the memory holds the same or something newer. */
  #lastArray: WeakRef<TypedArray> | null = null;
  #memory: NativeMemory | null = null;
  #arrayIsStale = false;
  #memoryIsStale = true;
  #readers = 0;
  #writers = 0;

  readonly #refusal: (() => Error) | null;

  /**
   * An array, or the size and dtype of a value that cannot be read: one that is known only when a program
   * runs, unless `refusal` says otherwise.
   */
  constructor(
    array: TypedArray | { readonly length: number; readonly dtype: DType; readonly refusal?: () => Error },
  ) {
    this.length = array.length;
    this.isSymbolic = !ArrayBuffer.isView(array);
    if (ArrayBuffer.isView(array)) {
      this.#array = array;
      this.#refusal = null;
      this.dtype = dtypeOf(array) as DType;
    } else {
      this.#array = null;
      this.#refusal = array.refusal ?? null;
      this.dtype = array.dtype;
    }
  }

  /**
   * The typed array, for a reader that may also write: the next program takes over what it holds then.
   * @throws TraceError within `compile`, DetachedError where the buffer was transferred, BusyError while a
   *   program runs on it.
   */
  get array(): TypedArray {
    if (this.#readers > 0) this.#refuse();
    const array = this.readOnly;
    this.#memoryIsStale = true;
    return array;
  }

  /** The typed array, for a reader that only reads. */
  get readOnly(): TypedArray {
    if (this.isSymbolic) throw this.#refusal?.() ?? new TraceError(traceMessage());
    if (this.#writers > 0) this.#refuse();
    const array = this.#heldArray();
    if (array.length !== this.length) {
      throw new DetachedError(
        `tensor: its buffer of ${this.length} elements was transferred or detached; copy the data before transferring it`,
      );
    }
    if (this.#arrayIsStale) {
      this.#memory?.read(array);
      this.#arrayIsStale = false;
    }
    return array;
  }

  /** The array, or where nobody held it any more another one to be filled. */
  #heldArray(): TypedArray {
    this.#array ??= this.#lastArray?.deref() ?? null;
    if (this.#array === null) {
      this.#array = allocate(this.dtype, this.length);
      this.#arrayIsStale = true;
    }
    this.#lastArray = null;
    return this.#array;
  }

  /**
   * The array, for another storage to have: this one is dead. Null where there is none to give. Whoever asks
   * for it still is refused, as for one that was transferred.
   */
  giveUp(): TypedArray | null {
    const array = this.#array;
    this.isPrivate = false;
    if (array === null || array.length !== this.length || this.#memory !== null) return null;
    this.#array = array.subarray(0, 0);
    return array;
  }

  /** The native memory, whatever it holds now: a program is made over it. */
  get place(): NativeMemory {
    this.#memory ??= new binding.Memory(this.readOnly.byteLength);
    return this.#memory;
  }

  /** The native memory, filled if need be: a program is about to run on it. */
  get memory(): NativeMemory {
    if (this.#writers > 0) this.#refuse();
    if (this.#memoryIsStale) {
      this.place.write(this.readOnly);
      this.#memoryIsStale = false;
    }
    if (this.#array !== null) {
      this.#lastArray = new WeakRef(this.#array);
      this.#array = null;
    }
    return this.place;
  }

  /** Tells that a program wrote to the native memory. */
  wroteMemory(): void {
    this.#arrayIsStale = true;
    this.version++;
  }

  /**
   * Holds the native memory for a run on another thread: readers may share it, a writer has it alone.
   * @throws BusyError where another run is in the way.
   */
  claim(writes: boolean): void {
    if (this.#writers > 0 || (writes && this.#readers > 0)) this.#refuse();
    if (writes) this.#writers++;
    else this.#readers++;
  }

  release(writes: boolean): void {
    if (writes) this.#writers--;
    else this.#readers--;
  }

  #refuse(): never {
    throw new BusyError("tensor: a program that runs is using it; wait for that run to end");
  }
}

/** Says what a symbolic value is, and which line of the user's asked for it. */
function traceMessage(): string {
  const line = userLine();
  const where = line === null ? "" : ` Read ${line}.`;
  return `compile: the value of a tensor is not known while a function is traced: it becomes known each time the compiled function runs. Control flow that depends on values cannot be compiled; use ops such as where, or return the tensor and read it outside.${where}`;
}
