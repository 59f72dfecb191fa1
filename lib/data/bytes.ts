import { types } from "node:util";
import { ArgumentError, DetachedError, DTypeError, IndexError, ShapeError } from "../errors.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { fromTypedArray } from "../tensor/create.js";
import { checkDType, type DType, isFloat } from "../tensor/dtype.js";
import { checkShape, format, type Shape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

export interface BytesOptions {
  /** The change of the value for a change of 1 of the byte, ≠ 0. Default: 1. */
  readonly scale?: number;
  /** The byte that stands for the value 0. Need not be a whole number. Default: 0. */
  readonly zeroPoint?: number;
  /** The dtype of the values that the bytes stand for: float32 or float64. Default: float32. */
  readonly dtype?: DType;
}

/**
 * Samples stored as bytes b that stand for x = scale · (b − zeroPoint), such as the pixels of images. They take a
 * quarter of the memory of float32. `fit`, `evaluate` and `predict` convert each mini-batch when they need it.
 *
 * Shape: [P, ...]. The values are a Uint8Array or Uint8ClampedArray in row-major order. They are not copied.
 *
 * @example
 * const { shape, values } = await data.readIdx("train-images-idx3-ubyte");
 * const images = new data.Bytes(values, shape, { scale: 1 / 255 });            // pixels in [0, 1]
 * // mean 0 and variance 1: scale = 1 / (255·std), zeroPoint = 255·mean
 * @throws ArgumentError unless the values are bytes and the scale is a number ≠ 0; ShapeError if the shape does not
 *   fit the number of values; DTypeError, OptionError
 */
export class Bytes {
  readonly values: Uint8Array;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly scale: number;
  readonly zeroPoint: number;

  constructor(values: ArrayLike<number>, shape: Shape, options: BytesOptions = {}) {
    checkOptions("Bytes", options, ["scale", "zeroPoint", "dtype"]);
    if (!types.isUint8Array(values) && !types.isUint8ClampedArray(values)) {
      throw new ArgumentError(`Bytes: expected the values as a Uint8Array, got ${describe(values)}`);
    }
    this.values = new Uint8Array(values.buffer, values.byteOffset, values.length);
    this.shape = checkShape("Bytes", shape);
    if (shape.length === 0 || sizeOf(shape) !== values.length) {
      throw new ShapeError(`Bytes: expected a shape for ${values.length} values, got ${format(shape)}`);
    }
    this.scale = checkNumber("Bytes", "scale", options.scale ?? 1);
    if (this.scale === 0) throw new ArgumentError("Bytes: expected scale to be a number other than 0, got 0");
    this.zeroPoint = checkNumber("Bytes", "zeroPoint", options.zeroPoint ?? 0);
    this.dtype = checkDType("Bytes", options.dtype ?? "float32");
    if (!isFloat(this.dtype)) {
      throw new DTypeError(`Bytes: expected dtype to be float32 or float64, got ${this.dtype}`);
    }
  }

  /** Number of samples. */
  get length(): number {
    return this.shape[0] as number;
  }

  /**
   * The values of the samples [begin, end).
   * @throws ArgumentError unless 0 ≤ begin ≤ end ≤ `length`.
   */
  slice(begin: number, end: number): Tensor {
    checkNumber("Bytes", "begin", begin, { min: 0, max: this.length, integer: true });
    checkNumber("Bytes", "end", end, { min: begin, max: this.length, integer: true });
    return this.select(Array.from({ length: end - begin }, (_, i) => begin + i));
  }

  /**
   * The values of some samples, in the given order.
   * @throws IndexError for a sample outside [0, `length`); DetachedError if the values' buffer was transferred;
   *   ArgumentError unless the samples are a list or an Int32Array.
   */
  select(samples: readonly number[] | Int32Array): Tensor {
    if (!Array.isArray(samples) && !types.isInt32Array(samples)) {
      throw new ArgumentError(`Bytes: expected samples as a list or an Int32Array, got ${describe(samples)}`);
    }
    if (this.values.length !== sizeOf(this.shape)) {
      throw new DetachedError("Bytes: the values' buffer was transferred or detached; copy it before");
    }
    for (const sample of samples) this.#checkSample(sample);
    const size = this.values.length / this.length;
    const { values, scale, zeroPoint } = this;
    const Floats = this.dtype === "float32" ? Float32Array : Float64Array;
    const floats = new Floats(samples.length * size);
    for (let i = 0; i < samples.length; i++) {
      const from = (samples[i] as number) * size;
      for (let j = 0; j < size; j++)
        floats[i * size + j] = scale * ((values[from + j] as number) - zeroPoint);
    }
    return fromTypedArray(floats, [samples.length, ...this.shape.slice(1)]);
  }

  #checkSample(sample: unknown): void {
    if (Number.isInteger(sample) && (sample as number) >= 0 && (sample as number) < this.length) return;
    throw new IndexError(`Bytes: expected samples in [0, ${this.length}), got ${describe(sample)}`);
  }

  /** The values of all samples. */
  toTensor(): Tensor {
    return this.slice(0, this.length);
  }
}
