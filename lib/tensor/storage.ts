import { Buffer } from "node:buffer";
import { context } from "../context/context.js";
import { lineOf, userLine } from "../context/user-line.js";
import { BusyError, DetachedError, TraceError } from "../errors.js";
import { type NativeMemory, newMemory } from "../native/binding.js";
import { allocate, type DType, dtypeOf, type TypedArray, viewOf } from "./dtype.js";
import { describeStorage, type Run } from "./run.js";

/** The runs on another thread that read or write a storage. */
interface Claims {
  readonly readers: readonly Run[];
  readonly writer: Run | null;
  /** The values of an exposed array when the writer began. */
  readonly before: TypedArray | null;
}

// A JavaScript symbol cannot be cloned, and the error shows its description. Without it, a clone would silently be an
// object without the elements, which are in #private fields.
const NOT_CLONEABLE = Symbol(
  "a Tensor; send { data, shape, dtype } and make it anew with tensor(), or the bytes of serialize()",
);

/**
 * The memory of a tensor, shared by the tensors that are views of it. The values are in a typed array of JavaScript,
 * in native memory for programs, or in both. A write to one is copied to the other when the other is needed. After a
 * program has run on the native memory, the array is kept only as long as code outside the library holds it.
 *
 * An array that code outside the library may hold is exposed. Before each run its values are copied in. After a run
 * that wrote the native memory, the new values are copied out to it.
 */
export class Storage {
  readonly notCloneable = NOT_CLONEABLE;
  readonly length: number;
  readonly dtype: DType;
  /** The id of the trace in which it was made; 0 outside a trace. */
  readonly bornIn = context.trace?.id ?? 0;
  /** Number of writes through the library, so that `backward()` detects a changed input. */
  version = 0;
  /** Whether its value cannot be read. */
  readonly isSymbolic: boolean;
  /** Whether only the library holds it. The library knows then when it is dead. */
  isPrivate = false;
  #array: TypedArray | null;
  /** The array, weakly held, while the native memory has the same or newer values. */
  #lastArray: WeakRef<TypedArray> | null = null;
  /** The buffer of an exposed array: code outside the library may hold another view of it. */
  #lastBuffer: { readonly buffer: WeakRef<ArrayBuffer>; readonly at: number } | null = null;
  #isShared = false;
  #memory: NativeMemory | null = null;
  #arrayIsStale = false;
  #memoryIsStale = true;
  /** The runs on another thread that use it; null if there are none, the common case. */
  #claims: Claims | null = null;

  readonly #refusal: (() => Error) | null;

  /** Takes an array, or the size and dtype of a value that cannot be read and the error for an attempt to read it. */
  constructor(
    array: TypedArray | { readonly length: number; readonly dtype: DType; readonly refusal: () => Error },
  ) {
    this.length = array.length;
    this.isSymbolic = !ArrayBuffer.isView(array);
    if (ArrayBuffer.isView(array)) {
      this.#array = array;
      this.#refusal = null;
      this.dtype = dtypeOf(array) as DType;
    } else {
      this.#array = null;
      this.#refusal = array.refusal;
      this.dtype = array.dtype;
    }
  }

  /**
   * The typed array, to be read at once. It must not leave the library.
   * @throws TraceError within `compile`; DetachedError if the buffer was transferred; BusyError while a program on
   *   another thread writes it.
   */
  forReading(): TypedArray {
    if (this.#refusal !== null) throw this.#refusal();
    if (this.#claims !== null) this.checkFree(false);
    const array = this.#anyArray();
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

  /**
   * The typed array, to be written at once. The next program copies its values.
   * @throws as `forReading`; BusyError also while a program on another thread reads it.
   */
  forWriting(): TypedArray {
    this.checkFree(true);
    const array = this.forReading();
    this.#memoryIsStale = true;
    return array;
  }

  /** @throws as `forWriting` */
  checkWritable(): void {
    this.checkFree(true);
    this.forReading();
  }

  /**
   * Copies the current bytes to memory of the caller. Values that only the native memory has are copied once.
   * @throws as `forReading`
   */
  copyTo(target: Uint8Array): void {
    if (this.#refusal === null && !this.#memoryIsStale && this.#exposedArray() === null) {
      this.checkFree(false);
      this.#memory?.read(target);
    } else {
      target.set(bytesIn(this.forReading()));
    }
  }

  /**
   * The typed array for code outside the library, which may keep it, read it and write to it.
   * @throws as `forWriting`
   */
  expose(): TypedArray {
    const array = this.forWriting();
    this.#isShared = true;
    return array;
  }

  /** The array. If it was collected, a new one, still to be filled. */
  #anyArray(): TypedArray {
    this.#array ??= this.#heldArray();
    if (this.#array === null) {
      this.#array = allocate(this.dtype, this.length);
      this.#arrayIsStale = true;
      this.#isShared = false;
    }
    this.#lastArray = null;
    this.#lastBuffer = null;
    return this.#array;
  }

  /** The array if it is still held, or a new one over the buffer if that is held; null if neither is. */
  #heldArray(): TypedArray | null {
    const array = this.#lastArray?.deref();
    if (array !== undefined) return array;
    const buffer = this.#lastBuffer?.buffer.deref();
    if (buffer === undefined) return null;
    const made = viewOf(this.dtype, buffer, this.#lastBuffer?.at ?? 0, this.length);
    this.#lastArray = new WeakRef(made);
    return made;
  }

  /** The exposed array, if it is still held and not detached; null otherwise. */
  #exposedArray(): TypedArray | null {
    if (!this.#isShared) return null;
    const array = this.#array ?? this.#heldArray();
    if (array === null) this.#isShared = false;
    return array === null || array.length !== this.length ? null : array;
  }

  /**
   * Gives the array of a dead storage away for another storage; null if there is none to give. A later use of
   * this storage throws, as after a transfer of its buffer.
   */
  giveUp(): TypedArray | null {
    const array = this.#array;
    this.isPrivate = false;
    if (array === null || array.length !== this.length || this.#memory !== null) return null;
    this.#array = array.subarray(0, 0);
    return array;
  }

  /** The native memory, even with old values: for making a program over it. */
  nativeMemory(): NativeMemory {
    this.#memory ??= newMemory(this.forReading().byteLength);
    return this.#memory;
  }

  /** The native memory with the current values: for running a program on it. */
  moveToNative(): NativeMemory {
    if (this.#claims !== null) this.checkFree(false);
    const isThere = !this.#memoryIsStale && !this.#isShared && this.#array === null;
    if (isThere && this.#memory !== null) return this.#memory;
    const exposed = this.#memoryIsStale ? null : this.#exposedArray();
    if (this.#memoryIsStale) this.nativeMemory().write(this.forReading());
    else if (exposed !== null) this.nativeMemory().write(exposed);
    this.#memoryIsStale = false;
    if (this.#array !== null) {
      const { buffer, byteOffset } = this.#array;
      this.#lastArray = new WeakRef(this.#array);
      if (this.#isShared) this.#lastBuffer = { buffer: new WeakRef(buffer as ArrayBuffer), at: byteOffset };
      this.#array = null;
    }
    return this.nativeMemory();
  }

  /** The current values, for a run on this thread to read in place. An exposed array needs no copy then. */
  inPlace(): TypedArray | NativeMemory {
    return this.#exposedArray() === null ? this.moveToNative() : this.forReading();
  }

  /** To be called after a program has written to the native memory. */
  wroteMemory(): void {
    this.version++;
    if (!this.#isShared) {
      this.#arrayIsStale = true;
      return;
    }
    const exposed = this.#exposedArray();
    if (exposed !== null) this.#memory?.read(exposed);
    this.#arrayIsStale = exposed === null;
  }

  /** The run on another thread that conflicts with a reader or a writer; null if there is none. */
  runInTheWay(writes: boolean): Run | null {
    if (this.#claims === null) return null;
    const { writer, readers } = this.#claims;
    return writer ?? (writes ? (readers[0] ?? null) : null);
  }

  /** @throws BusyError if a run on another thread conflicts. */
  checkFree(writes: boolean): void {
    const run = this.runInTheWay(writes);
    if (run !== null) this.#refuse(run);
  }

  /** Claims the native memory for a run on another thread; see `claim` in run.ts. */
  claim(run: Run, writes: boolean): void {
    this.checkFree(writes);
    this.#claims = writes
      ? { readers: [], writer: run, before: this.#exposedArray()?.slice() ?? null }
      : { readers: [...(this.#claims?.readers ?? []), run], writer: null, before: null };
  }

  /** Ends a claim. @returns whether the run wrote the memory while code outside the library wrote the array. */
  release(run: Run): boolean {
    const { readers = [], writer = null, before = null } = this.#claims ?? {};
    if (writer !== run) {
      const left = readers.filter((one) => one !== run);
      this.#claims = left.length === 0 ? null : { readers: left, writer, before };
      return false;
    }
    this.#claims = null;
    const exposed = before === null ? null : this.#exposedArray();
    const isLost = exposed !== null && before !== null && !bytesIn(before).equals(bytesIn(exposed));
    this.wroteMemory();
    return isLost;
  }

  #refuse(run: Run): never {
    const what = describeStorage(run, this);
    const does = this.#claims?.writer === run ? "written" : "read";
    throw new BusyError(`tensor: ${what} is ${does} by ${run.name}; wait for that run to end`);
  }
}

const bytesIn = ({ buffer, byteOffset, byteLength }: TypedArray): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** A storage whose values are known only when the traced program runs. */
export function symbol(length: number, dtype: DType): Storage {
  const made = {};
  Error.captureStackTrace(made, symbol);
  const trace = context.trace?.id;
  return new Storage({
    length,
    dtype,
    refusal: () => new TraceError(trace === context.trace?.id ? traceMessage() : leakMessage(made)),
  });
}

/** The message for a read of a symbol: what a symbol is, and the user's line that read it. */
function traceMessage(): string {
  return `compile: the value of a tensor is not known while a function is traced: it becomes known each time the compiled function runs. Control flow that depends on values cannot be compiled; use ops such as where, or return the tensor and read it outside.${sentence("Read", userLine())}`;
}

/** The error for a read, while a function is traced, of a value of a tensor from outside the trace. */
export function frozenValue(): TraceError {
  return new TraceError(
    `compile: a value is read from a tensor while a function is traced, and would be taken for the same in all later runs. Use ops, which read it anew in each run, or read it before and give it as an input.${sentence("Read", userLine())}`,
  );
}

/** The message for a symbol used after its trace, with the user's line that made it. */
function leakMessage(made: { stack?: string }): string {
  const line = lineOf(made.stack);
  return `compile: a tensor that was made while a function was traced is used after the end of that trace, where it has no value. A function must not keep such a tensor, in a field of a module for instance: compute it in each call, make it before the first, or return it.${sentence("Made", line)}`;
}

const sentence = (verb: string, line: string | null): string => (line === null ? "" : ` ${verb} ${line}.`);
