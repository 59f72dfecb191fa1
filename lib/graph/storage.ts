import { DetachedError } from "../errors.js";
import type { TypedArray } from "./dtype.js";

/** The memory of a tensor, shared by the tensors that are views of it. */
export class Storage {
  readonly #array: TypedArray;
  readonly #length: number;
  /** Counts the writes made through the library, so that a stale gradient is noticed. */
  version = 0;

  constructor(array: TypedArray) {
    this.#array = array;
    this.#length = array.length;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws DetachedError where the buffer was transferred or shrunk. */
  get array(): TypedArray {
    if (this.#array.length !== this.#length) {
      throw new DetachedError(
        `tensor: its buffer of ${this.#length} elements was transferred or detached; copy the data before transferring it`,
      );
    }
    return this.#array;
  }
}
