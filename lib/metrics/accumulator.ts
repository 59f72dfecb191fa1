import { ArgumentError, DataError, ShapeError } from "../errors.js";
import { to } from "../ops/to.js";
import { describe } from "../options.js";
import { ones } from "../tensor/create.js";
import { isFloat, type TypedArray } from "../tensor/dtype.js";
import { format, type Shape, sameShape, sizeOf } from "../tensor/shape.js";
import { isTensor, Tensor } from "../tensor/tensor.js";
import type { MetricDefinition } from "./metric.js";
import { checkWeights, toTensor, toWeights, type Values } from "./values.js";

/** Whether a part is added up over the batches, or joined along the first axis. */
export type PartKind = "sum" | "rows";

/** A tensor that a metric computes from a batch. */
export interface Part {
  readonly key: string;
  readonly kind: PartKind;
  readonly tensor: Tensor;
}

/** What the metric computes from a batch, in ops. Shapes: y [B, ...], target [B, ...], weight [B]; null: all 1. */
export function partsOf(
  where: string,
  { update, collect }: MetricDefinition<unknown>,
  y: Tensor,
  target: Tensor,
  weight: Tensor | null,
): Part[] {
  const isNumber = isFloat(y.dtype) && sameShape(y.shape, target.shape);
  const precise = (x: Tensor): Tensor => (isNumber || isFloat(x.dtype) ? to(x, "float64") : x);
  const weights =
    weight === null ? ones([y.shape[0] as number], { dtype: "float64" }) : to(weight, "float64");
  const batch = [precise(y), precise(target), weights] as const;
  const sums = Object.entries(update?.(...batch) ?? {}).map((one) => ["sum", ...one] as const);
  const rows = Object.entries(collect?.(...batch) ?? {}).map((one) => ["rows", ...one] as const);
  return [...sums, ...rows].map(([kind, key, tensor]) => {
    if (!isTensor(tensor) || (kind === "rows" && tensor.rank === 0)) {
      const what = kind === "sum" ? "update" : "collect";
      const expected = kind === "sum" ? "a tensor" : "a tensor [samples, ...]";
      const got = isTensor(tensor) ? format(tensor.shape) : describe(tensor);
      throw new ArgumentError(`${where}: expected ${what} to give ${expected} for ${key}, got ${got}`);
    }
    return { key, kind, tensor };
  });
}

interface Rows {
  /** Of a row. */
  readonly shape: Shape;
  values: Float64Array;
  used: number;
}

/** Where a part lies in a log. */
export interface Place {
  readonly begin?: number;
  readonly stride?: number;
  readonly steps?: number;
}

/** Sums and rows in plain arrays, for a file. */
export type StateContents = Readonly<
  Record<string, { readonly kind: PartKind; readonly shape: Shape; readonly values: Float64Array }>
>;

/** What a metric has accumulated, in float64. */
export class MetricState {
  readonly #sums = new Map<string, { readonly shape: Shape; readonly values: Float64Array }>();
  readonly #rows = new Map<string, Rows>();

  /**
   * @param where The metric's name, for the error message.
   * @throws ShapeError unless a part has the shape that it had before, but for the number of rows
   */
  check(where: string, kind: PartKind, key: string, shape: Shape): void {
    const found = kind === "sum" ? this.#sums.get(key) : this.#rows.get(key);
    const own = kind === "sum" ? shape : shape.slice(1);
    if (found === undefined || sameShape(found.shape, own)) return;
    const text = (sizes: Shape): string =>
      kind === "sum" ? format(sizes) : `[${["samples", ...sizes].join(", ")}]`;
    throw new ShapeError(
      `${where}: expected ${key} as in the batches before, ${text(found.shape)}, got ${text(own)}`,
    );
  }

  /**
   * Adds a part of a batch, or of `steps` batches that lie in a log of `stride` numbers a step, from `begin` on.
   * Shapes: values [steps, stride] or as `shape`.
   */
  add(
    kind: PartKind,
    key: string,
    shape: Shape,
    values: TypedArray,
    { begin = 0, stride = 0, steps = 1 }: Place = {},
  ): void {
    if (kind === "sum") {
      const sums = this.#sumsOf(key, shape);
      for (let step = 0; step < steps; step++) {
        const at = begin + step * stride;
        for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (values[at + i] as number);
      }
      return;
    }
    const size = sizeOf(shape);
    for (let step = 0; step < steps; step++) {
      const at = begin + step * stride;
      this.#append(key, shape.slice(1), values.subarray(at, at + size));
    }
  }

  #sumsOf(key: string, shape: Shape): Float64Array {
    const found = this.#sums.get(key)?.values;
    if (found !== undefined) return found;
    const values = new Float64Array(sizeOf(shape));
    this.#sums.set(key, { shape, values });
    return values;
  }

  #append(key: string, shape: Shape, values: TypedArray): void {
    let rows = this.#rows.get(key);
    if (rows === undefined) {
      rows = { shape, values: new Float64Array(values.length), used: 0 };
      this.#rows.set(key, rows);
    }
    const needed = rows.used + values.length;
    if (needed > rows.values.length) {
      const larger = new Float64Array(Math.max(needed, 2 * rows.values.length));
      larger.set(rows.values.subarray(0, rows.used));
      rows.values = larger;
    }
    rows.values.set(values, rows.used);
    rows.used = needed;
  }

  get isEmpty(): boolean {
    return this.#sums.size + this.#rows.size === 0;
  }

  /** The sums and the rows as tensors, by their names. */
  tensors(): Record<string, Tensor> {
    return Object.fromEntries(
      Object.entries(this.contents()).map(([key, { shape, values }]) => [
        key,
        new Tensor(values, shape, "float64"),
      ]),
    );
  }

  /** What `put` takes. */
  contents(): StateContents {
    const sums = Array.from(this.#sums, ([key, { shape, values }]) => {
      return [key, { kind: "sum", shape, values: values.slice() }] as const;
    });
    const rows = Array.from(this.#rows, ([key, { shape, values, used }]) => {
      const count = used / Math.max(1, sizeOf(shape));
      return [key, { kind: "rows", shape: [count, ...shape], values: values.slice(0, used) }] as const;
    });
    return Object.fromEntries([...sums, ...rows]);
  }

  /** Goes on from the contents of another state. */
  put(contents: StateContents): void {
    this.#sums.clear();
    this.#rows.clear();
    for (const [key, { kind, shape, values }] of Object.entries(contents)) this.add(kind, key, shape, values);
  }
}

/**
 * A metric that is computed batch by batch, in a loop of your own. The result does not depend on how the set is cut
 * into batches, but for rounding. Made by `metric.accumulate()`.
 * @example
 * const auc = metrics.rocAuc.accumulate();
 * auc.update([0.1, 0.4], [0, 0]);
 * auc.update([0.35, 0.8], [1, 1]);
 * auc.compute();   // 0.75
 */
export class Accumulator<R = number> {
  readonly #name: string;
  readonly #definition: MetricDefinition<R>;
  #state = new MetricState();
  #samples = 0;

  /** @internal */
  constructor(name: string, definition: MetricDefinition<R>) {
    this.#name = name;
    this.#definition = definition;
  }

  /** Number of samples so far. */
  get samples(): number {
    return this.#samples;
  }

  /**
   * Adds a batch.
   * Shapes: y [B, ...], target [B, ...], sampleWeight [B], default: 1 for each.
   * @throws ShapeError, ArgumentError, DataError
   */
  update(y: Values, target: Values, sampleWeight?: Values): this {
    const where = this.#name;
    const targets = toTensor(where, "target", target);
    const given = toTensor(where, "y", y);
    // An array of whole numbers beside one of others is of numbers, not of labels.
    const outputs = !isTensor(y) && isFloat(targets.dtype) ? to(given, "float64") : given;
    const [samples] = outputs.shape;
    if (samples === undefined || samples !== targets.shape[0]) {
      throw new ShapeError(
        `${where}: expected y [B, ...] and target [B, ...], got ${format(outputs.shape)} and ${format(targets.shape)}`,
      );
    }
    if (outputs.size === 0) throw new DataError(`${where}: expected at least one sample, got an empty set`);
    const weights = sampleWeight === undefined ? null : toWeights(where, sampleWeight, samples);
    if (weights !== null) checkWeights(where, "sampleWeight", weights.storage.forReading());
    const parts = partsOf(where, this.#definition, outputs, targets, weights);
    for (const { key, kind, tensor } of parts) this.#state.check(where, kind, key, tensor.shape);
    for (const { key, kind, tensor } of parts) {
      this.#state.add(kind, key, tensor.shape, tensor.storage.forReading());
    }
    this.#samples += samples;
    return this;
  }

  /**
   * The metric of all batches so far.
   * @throws DataError without a sample, and as the metric itself
   */
  compute(): R {
    if (this.#samples === 0)
      throw new DataError(`${this.#name}: expected at least one sample, got an empty set`);
    return this.#definition.compute(this.#state.tensors());
  }

  /** Begins anew. */
  reset(): void {
    this.#state = new MetricState();
    this.#samples = 0;
  }
}
