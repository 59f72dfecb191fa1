import type { InspectOptionsStylized } from "node:util";
import { context } from "../context/context.js";
import { settingChanged, type Trace } from "../context/trace.js";
import type { Node } from "../eager/node.js";
import { ArgumentError, DTypeError, GraphError } from "../errors.js";
import { describe } from "../options.js";
import { type DType, isFloat, type TypedArray } from "./dtype.js";
import { type Shape, sizeOf } from "./shape.js";
import { showTensor } from "./show.js";
import { frozenValue, Storage } from "./storage.js";

/** Receives a tensor's gradient, and may return another gradient in its place. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
export type GradientHook = (gradient: Tensor) => Tensor | undefined | void;

/** All samples of a tensor under `vmap`. */
export interface Mapped {
  /** [samples, ...shape] */
  readonly all: Tensor;
  /** Number of samples. */
  readonly size: number;
  /** The level of its `vmap`: 1 for the outermost. */
  readonly level: number;
}

/** The elements of a tensor as nested arrays: a number or boolean, or arrays of them. */
export type Nested = number | boolean | Nested[];

/**
 * Whether the value is a tensor. A proxy of a tensor, as frameworks for user interfaces make, is not one, although
 * `instanceof` accepts it: it lacks the #private fields, and it would be another key in a map.
 */
export let isTensor: (value: unknown) => value is Tensor;

/** A tensor in JSON: its elements in row-major order. Numbers that JSON cannot express are strings. */
export interface TensorJSON {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: readonly (number | boolean | "NaN" | "Infinity" | "-Infinity" | "-0")[];
}

/**
 * A typed array and a shape: contiguous, row-major. Made by `tensor(…)`, `zeros(…)`, … and by ops.
 *
 * JavaScript's garbage collector owns its memory: there is nothing to dispose of.
 *
 * `JSON.stringify` writes a tensor, and `JSON.parse(text, reviveTensors)` reads it. `structuredClone` and
 * `postMessage` refuse it: send `{ data, shape, dtype }` and make a tensor again with `tensor(data, { shape, dtype })`,
 * or send the bytes of `serialize({ x })`.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * x.shape;            // [2, 2]
 * x.data;             // Float32Array [1, 2, 3, 4]
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Number of elements. */
  readonly size: number;
  /** @internal */
  readonly storage: Storage;
  /** @internal The gradient, for use within the library. Reading it leaves its memory private. */
  heldGrad: Tensor | null = null;
  /** @internal The application of an op that made this tensor; null for a leaf. */
  producer: Node | null = null;
  /** @internal Under `vmap`: the samples that this tensor stands for; null otherwise. */
  mapped: Mapped | null = null;
  /** @internal See `registerHook` and `retainGrad`. */
  hooks: Set<GradientHook> | null = null;
  /** @internal */
  retainsGrad = false;
  /** @internal An op between the inputs and this tensor that has no gradient, such as argmin. */
  cutBy: string | null = null;
  #requiresGrad = false;

  static {
    isTensor = (value): value is Tensor =>
      typeof value === "object" && value !== null && #requiresGrad in value;
  }

  /** @internal Use `tensor(…)`. */
  constructor(storage: Storage | TypedArray, shape: Shape, dtype: DType) {
    this.storage = storage instanceof Storage ? storage : new Storage(storage);
    this.shape = shape;
    this.dtype = dtype;
    this.size = this.storage.length;
  }

  /** The gradient from `backward()`, of this tensor's shape; null before the first `backward()`. */
  get grad(): Tensor | null {
    if (this.heldGrad !== null) this.heldGrad.storage.isPrivate = false;
    return this.heldGrad;
  }

  set grad(gradient: Tensor | null) {
    context.trace?.noteGradient(this);
    // A compiled function may have assumed that it is null.
    if (gradient !== null && this.heldGrad === null) settingChanged();
    this.heldGrad = gradient;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /**
   * The elements in row-major order: the tensor's own memory, not a copy. The array may be kept. Compiled functions
   * and `fit` see writes to it between two runs, and it shows their results when they end.
   * If a kept array is written to during a run on the engine's own thread that writes the tensor too, the promise of
   * that run is rejected with a BusyError.
   * @throws DetachedError if the buffer was transferred to another thread; BusyError while a run on the engine's own
   *   thread uses the tensor
   */
  get data(): TypedArray {
    this.#checkRead();
    return this.storage.expose();
  }

  /** @throws TraceError in a traced function: the program would use the same value in all later runs. */
  #checkRead(): void {
    const { trace } = context;
    if (trace === null || this.storage.isSymbolic || this.storage.bornIn === trace.id) return;
    throw frozenValue();
  }

  /** Whether `backward()` gives this tensor a gradient. A compiled function has a specialization for each value. */
  get requiresGrad(): boolean {
    if (context.trace !== null) this.#tellTrace(context.trace);
    return this.#requiresGrad;
  }

  /** Makes a trace depend on whether this tensor requires a gradient. */
  #tellTrace(trace: Trace): void {
    if (this.producer !== null || this.storage.bornIn === trace.id) return;
    trace.assume(this, () => this.#requiresGrad);
  }

  /**
   * @throws DTypeError for a dtype without gradients.
   * @throws GraphError if the tensor is the result of an op and the value is false: use `detach()` instead.
   */
  set requiresGrad(value: boolean) {
    if (typeof value !== "boolean") {
      throw new ArgumentError(`requiresGrad: expected true or false, got ${describe(value)}`);
    }
    if (value && !isFloat(this.dtype)) {
      throw new DTypeError(`requiresGrad: a gradient needs float32 or float64, this tensor is ${this.dtype}`);
    }
    if (!value && this.producer !== null) {
      throw new GraphError(
        `requiresGrad: this tensor is the result of ${this.producer.op.name}; use detach() for one without gradient`,
      );
    }
    context.trace?.overrule(this);
    if (this.producer === null && value !== this.#requiresGrad) settingChanged();
    this.#requiresGrad = value;
  }

  /**
   * Makes `backward()` set `.grad` of this tensor although it is the result of an op (torch.Tensor.retain_grad).
   * @throws GraphError unless the tensor requires a gradient.
   */
  retainGrad(): void {
    this.#checkHasGradient("retainGrad");
    this.retainsGrad = true;
  }

  /**
   * Calls `hook` with this tensor's gradient each time the complete gradient has been computed. A tensor that the hook
   * returns takes its place, in `.grad` and for the gradients computed from it (torch.Tensor.register_hook).
   * @returns a function that removes the hook.
   * @throws GraphError unless the tensor requires a gradient; ArgumentError
   * @example h.registerHook((dh) => ops.clamp(dh, { min: -1, max: 1 }));
   */
  registerHook(hook: GradientHook): () => void {
    if (typeof hook !== "function") {
      throw new ArgumentError(`registerHook: expected a function, got ${describe(hook)}`);
    }
    this.#checkHasGradient("registerHook");
    this.hooks ??= new Set();
    const own: GradientHook = (gradient) => hook(gradient);
    this.hooks.add(own);
    return () => {
      this.hooks?.delete(own);
    };
  }

  #checkHasGradient(name: string): void {
    if (this.#requiresGrad) return;
    throw new GraphError(`${name}: this tensor does not require a gradient`);
  }

  /** Whether it is not the result of an op on tensors that require gradients. */
  get isLeaf(): boolean {
    return this.producer === null;
  }

  /**
   * The one number of a tensor of size 1.
   * @throws ArgumentError for any other size.
   */
  item(): number {
    if (this.size !== 1) throw new ArgumentError(`item: expected one element, this tensor has ${this.size}`);
    this.#checkRead();
    const value = this.storage.forReading()[0] as number;
    return this.dtype === "bool" ? Number(value !== 0) : value;
  }

  /** The elements as nested arrays; for bool, of booleans. */
  toArray(): Nested {
    this.#checkRead();
    const data = this.storage.forReading();
    const nest = (dim: number, start: number): Nested => {
      if (dim === this.rank) {
        const value = data[start] as number;
        return this.dtype === "bool" ? value !== 0 : value;
      }
      const step = sizeOf(this.shape.slice(dim + 1));
      return Array.from({ length: this.shape[dim] as number }, (_, i) => nest(dim + 1, start + i * step));
    };
    return nest(0, 0);
  }

  /**
   * What `JSON.stringify` writes: `{ dtype, shape, data }`. `reviveTensors` makes the same tensor from it, bit for
   * bit except which NaN it is. `requiresGrad` is not written.
   * @example JSON.stringify(tensor([1, NaN]));   // {"dtype":"float32","shape":[2],"data":[1,"NaN"]}
   */
  toJSON(): TensorJSON {
    const element = this.dtype === "bool" ? (value: number) => value !== 0 : toJSONNumber;
    return {
      dtype: this.dtype,
      shape: [...this.shape],
      data: Array.from(this.storage.forReading(), element),
    };
  }

  /**
   * Its values as NumPy prints them, its shape and dtype, and whether it requires a gradient or which op gave it. Of more
   * than 1000 elements, it shows three at each end of an axis. If the values cannot be read now, because a run writes
   * them for instance, it says so instead.
   * @example String(tensor([1, 0.25]));   // "Tensor([1.  , 0.25], shape=[2], dtype=float32)"
   */
  toString(): string {
    return showTensor(this);
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](depth: number, options?: InspectOptionsStylized): string {
    const stylize = options?.stylize ?? ((text: string) => text);
    if (depth < 0) return stylize(`[${this.constructor.name}]`, "special");
    return showTensor(this, (text) => stylize(text, "number"));
  }
}

function toJSONNumber(value: number): TensorJSON["data"][number] {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : (String(value) as "NaN" | "Infinity" | "-Infinity");
}

/** @throws ArgumentError unless the value is a tensor. */
export function checkTensor(where: string, name: string, value: unknown): Tensor {
  if (isTensor(value)) return value;
  throw new ArgumentError(`${where}: expected ${name} to be a tensor, got ${describe(value)}`);
}
