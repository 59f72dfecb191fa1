// Where the values of a run came from: which node of the diagram gave a tensor.
import type { DType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";

/** Where a value came from. */
export interface Source {
  readonly node: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly result: Storage;
  /** How much was given before. */
  readonly order: number;
}

export class Sources {
  /** The last node that gave a tensor, the last that wrote its memory, and the last that gave any view of it. */
  readonly #byTensor = new Map<Tensor, Source>();
  readonly #byWrite = new Map<Storage, Source>();
  readonly #byStorage = new Map<Storage, Source>();
  readonly #views: ReadonlyMap<Tensor, Tensor>;
  #given = 0;

  /** @param views the tensor that a view was made of. */
  constructor(views: ReadonlyMap<Tensor, Tensor>) {
    this.#views = views;
  }

  /** What gave it or the tensor that it is a view of, or what has written its memory since. */
  of(tensor: Tensor): Source | undefined {
    let given = this.#byTensor.get(tensor);
    for (let base = this.#views.get(tensor); given === undefined && base !== undefined; ) {
      given = this.#byTensor.get(base);
      base = this.#views.get(base);
    }
    const written = this.#byWrite.get(tensor.storage);
    if (given === undefined) return written ?? this.#byStorage.get(tensor.storage);
    return written !== undefined && written.order > given.order ? written : given;
  }

  /** The node gives the tensor. */
  give(node: string, tensor: Tensor): void {
    this.#byStorage.set(tensor.storage, this.reshape(node, tensor));
  }

  /** The node gives the tensor as another shape of memory that others gave. */
  reshape(node: string, tensor: Tensor): Source {
    const { shape, dtype, storage } = tensor;
    const source = { node, shape, dtype, result: storage, order: this.#given++ };
    this.#byTensor.set(tensor, source);
    return source;
  }

  /** The node gives the tensor by writing its memory. */
  write(node: string, tensor: Tensor): void {
    this.give(node, tensor);
    this.#byWrite.set(tensor.storage, this.#byTensor.get(tensor) as Source);
  }
}
