import { types } from "node:util";
import { ArgumentError, DetachedError, DTypeError, ShapeError } from "../errors.js";
import { checkFlag, checkNumber, checkOptions, describe } from "../options.js";
import { allocate, checkDType, checkElement, type DType, dtypeOf, holds, type TypedArray } from "./dtype.js";
import { checkShape, format, MAX_RANK, type Shape, sizeOf } from "./shape.js";
import { type Nested, Tensor } from "./tensor.js";

export interface CreateOptions {
  /** Default: float32. */
  readonly dtype?: DType;
  /** Whether `backward()` gives it a gradient. Default: false. */
  readonly requiresGrad?: boolean;
}

export interface TensorOptions extends CreateOptions {
  /** Default: the shape of the nested arrays; one axis for a typed array. */
  readonly shape?: Shape;
}

/** Numbers, nested arrays of numbers or booleans, or a typed array. */
export type TensorLike =
  | Nested
  | readonly TensorLike[]
  | TypedArray
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array;

/**
 * Makes a tensor from values, which are copied.
 * dtype: the option; without it, the dtype of a Float32Array, Float64Array or Int32Array, bool for booleans, and
 * float32 for all else. Conversion to bool: x ≠ 0.
 *
 * @example
 * tensor([[1, 2], [3, 4]]);                                    // [2, 2] float32
 * tensor(new Float64Array(6), { shape: [2, 3] });              // [2, 3] float64
 * tensor([3, 1], { dtype: "int32" });                          // labels
 * tensor(Uint8Array.of(3, 1), { dtype: "int32" });             // labels kept as bytes
 * @throws ShapeError if nested arrays have uneven lengths, or if the shape does not fit the number of values.
 * @throws ArgumentError for a value that is not a number; DetachedError for an array whose buffer was transferred;
 *   DTypeError, OptionError
 */
export function tensor(values: TensorLike, options: TensorOptions = {}): Tensor {
  checkOptions("tensor", options, ["dtype", "requiresGrad", "shape"]);
  const { data, shape } = ArrayBuffer.isView(values)
    ? fromTyped(values, options)
    : fromNested(values, options);
  return finish(
    "tensor",
    data,
    options.shape === undefined ? shape : fit("tensor", data, options.shape),
    options,
  );
}

export interface ViewOptions {
  /** The dtype of the array. Default: by the array's type. Must be given as "bool" for a Uint8Array. */
  readonly dtype?: DType;
}

/**
 * Makes a tensor over a typed array without a copy: writes to one are visible in the other.
 * A Uint8Array holds bool, in bytes of 0 and 1. The dtype must be given for it, since its bytes could also be
 * numbers such as labels or pixels. For labels use `tensor(bytes, { dtype: "int32" })`, which copies; for pixels
 * `data.Bytes`.
 * @param shape default: one axis.
 * @example
 * fromTypedArray(new Float32Array(6), [2, 3]);
 * fromTypedArray(Uint8Array.of(0, 1), [2], { dtype: "bool" });
 * @throws ArgumentError for another type of array, an array over shared memory, or bytes above 1; DTypeError if the
 *   dtype is not that of the array; DetachedError if its buffer was transferred; ShapeError, OptionError
 */
export function fromTypedArray(data: TypedArray, shape?: Shape, options: ViewOptions = {}): Tensor {
  checkOptions("fromTypedArray", options, ["dtype"]);
  const dtype = dtypeOf(data);
  if (dtype === undefined) {
    throw new ArgumentError(
      `fromTypedArray: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got ${describe(data)}`,
    );
  }
  checkAttached("fromTypedArray", data);
  checkHeld(data, dtype, options.dtype);
  if (types.isSharedArrayBuffer(data.buffer)) {
    throw new ArgumentError(
      "fromTypedArray: expected memory of this thread, got a SharedArrayBuffer; copy it with tensor()",
    );
  }
  const tensor = new Tensor(data, fit("fromTypedArray", data, shape ?? [data.length]), dtype);
  tensor.storage.expose();
  return tensor;
}

/** @throws DetachedError for an array whose buffer was transferred. Otherwise it would look like an empty array. */
function checkAttached(where: string, array: TypedArray): void {
  if (array.byteLength > 0) return;
  try {
    new Uint8Array(array.buffer);
  } catch {
    throw new DetachedError(`${where}: the array's buffer was transferred or detached; copy it before`);
  }
}

/** @throws unless an array of this dtype can be used as a tensor of dtype `wanted`. */
function checkHeld(data: TypedArray, dtype: DType, wanted: unknown): void {
  if (wanted === undefined && dtype === "bool") {
    throw new DTypeError(
      'fromTypedArray: the bytes of a Uint8Array may be truths or numbers: pass { dtype: "bool" } for a mask of 0 and 1; for labels use tensor(bytes, { dtype: "int32" }), for images data.Bytes',
    );
  }
  if (wanted !== undefined && checkDType("fromTypedArray", wanted) !== dtype) {
    throw new DTypeError(
      `fromTypedArray: ${describe(data)} holds ${dtype}, not ${wanted}; convert a copy with tensor(values, { dtype: "${wanted}" })`,
    );
  }
  const bad = dtype === "bool" ? data.findIndex((byte) => byte > 1) : -1;
  if (bad < 0) return;
  throw new ArgumentError(
    `fromTypedArray: expected bytes of 0 and 1 for bool, got ${data[bad]} at position ${bad}; tensor(bytes, { dtype: "bool" }) takes all but 0 for true`,
  );
}

/** Zeros. @example zeros([2, 3]) */
export function zeros(shape: Shape, options: CreateOptions = {}): Tensor {
  return filled("zeros", shape, 0, options);
}

/** Ones. @example ones([2, 3], { dtype: "float64" }) */
export function ones(shape: Shape, options: CreateOptions = {}): Tensor {
  return filled("ones", shape, 1, options);
}

/**
 * A tensor filled with one value.
 * @throws ArgumentError unless the dtype can hold the value: int32 whole numbers, bool 0, 1, true and false;
 *   ShapeError, DTypeError, OptionError
 * @example full([2, 3], 0.5)
 */
export function full(shape: Shape, value: number | boolean, options: CreateOptions = {}): Tensor {
  return filled("full", shape, value, options);
}

function filled(where: string, shape: Shape, value: number | boolean, options: CreateOptions): Tensor {
  checkOptions(where, options, ["dtype", "requiresGrad"]);
  const checked = checkShape(where, shape);
  const dtype = readDType(where, options);
  const element = checkElement(where, "value", dtype, value);
  const data = allocate(dtype, sizeOf(checked), where);
  if (element !== 0) data.fill(element);
  return finish(where, data, checked, options);
}

/** The identity matrix [n, n]. @example eye(3) */
export function eye(n: number, options: CreateOptions = {}): Tensor {
  checkOptions("eye", options, ["dtype", "requiresGrad"]);
  checkNumber("eye", "n", n, { min: 0, integer: true });
  const data = allocate(readDType("eye", options), n * n, "eye");
  for (let i = 0; i < n; i++) data[i * n + i] = 1;
  return finish("eye", data, [n, n], options);
}

/** 0, 1, … n − 1. @example arange(5) */
export function arange(n: number, options: CreateOptions = {}): Tensor {
  checkOptions("arange", options, ["dtype", "requiresGrad"]);
  const dtype = readDType("arange", options);
  const most = dtype === "int32" ? { max: 2 ** 31 } : {};
  checkNumber("arange", "n", n, { min: 0, integer: true, ...most });
  const data = allocate(dtype, n, "arange");
  for (let i = 0; i < n; i++) data[i] = dtype === "bool" ? Number(i !== 0) : i;
  return finish("arange", data, [n], options);
}

/**
 * `steps` numbers from start to end, both included, in equal distances (torch.linspace); from the nearer end, so that
 * both ends are exact. One step is the start alone. For int32 towards 0.
 * @example linspace(0, 1, 5)   // [0, 0.25, 0.5, 0.75, 1]
 * @throws ArgumentError unless start and end are numbers that the dtype can hold and steps a whole number ≥ 0;
 *   DTypeError, OptionError
 */
export function linspace(start: number, end: number, steps: number, options: CreateOptions = {}): Tensor {
  checkOptions("linspace", options, ["dtype", "requiresGrad"]);
  const dtype = readDType("linspace", options);
  checkElement("linspace", "start", dtype, checkNumber("linspace", "start", start));
  checkElement("linspace", "end", dtype, checkNumber("linspace", "end", end));
  checkNumber("linspace", "steps", steps, { min: 0, integer: true });
  const data = allocate(dtype, steps, "linspace");
  const distance = steps > 1 ? (end - start) / (steps - 1) : 0;
  for (let i = 0; i < steps; i++) {
    data[i] = i < steps / 2 ? start + distance * i : end - distance * (steps - 1 - i);
  }
  return finish("linspace", data, [steps], options);
}

function readDType(where: string, options: CreateOptions): DType {
  return options.dtype === undefined ? "float32" : checkDType(where, options.dtype);
}

/** The dtype in the options, for values that need float32 or float64. @throws DTypeError */
export function readFloat(where: string, options: CreateOptions): DType {
  const dtype = readDType(where, options);
  if (dtype === "float32" || dtype === "float64") return dtype;
  throw new DTypeError(`${where}: expected dtype float32 or float64, got ${dtype}`);
}

function finish(where: string, data: TypedArray, shape: Shape, options: CreateOptions): Tensor {
  return withGradient(where, new Tensor(data, shape, dtypeOf(data) as DType), options);
}

/** Sets `requiresGrad` of a new tensor from the options. */
export function withGradient(where: string, result: Tensor, options: CreateOptions): Tensor {
  if (options.requiresGrad !== undefined) {
    result.requiresGrad = checkFlag(where, "requiresGrad", options.requiresGrad);
  }
  return result;
}

function fit(where: string, data: TypedArray, shape: Shape): Shape {
  const checked = checkShape(where, shape);
  if (sizeOf(checked) !== data.length) {
    throw new ShapeError(
      `${where}: ${data.length} values do not fit ${format(checked)}, which holds ${sizeOf(checked)}`,
    );
  }
  return checked;
}

function fromTyped(values: ArrayBufferView, options: TensorOptions): { data: TypedArray; shape: Shape } {
  if (types.isDataView(values) || types.isBigInt64Array(values) || types.isBigUint64Array(values)) {
    throw new ArgumentError(`tensor: expected an array of numbers, got ${describe(values)}`);
  }
  const source = values as TypedArray;
  checkAttached("tensor", source);
  const natural = dtypeOf(source);
  const dtype =
    options.dtype === undefined
      ? natural === undefined || natural === "bool"
        ? "float32"
        : natural
      : checkDType("tensor", options.dtype);
  const data = allocate(dtype, source.length);
  if (dtype === "bool" || (dtype === "int32" && natural !== "int32")) {
    source.forEach((value, i) => {
      data[i] = toElement("tensor", dtype, value, ` at position ${i}`);
    });
  } else data.set(source);
  return { data, shape: [source.length] };
}

function fromNested(values: unknown, options: TensorOptions): { data: TypedArray; shape: Shape } {
  const shape: number[] = [];
  // An array may contain itself: stops at one axis too many, which is then refused.
  for (let level = values; Array.isArray(level) && shape.length <= MAX_RANK; level = level[0]) {
    shape.push(level.length);
  }
  const checked = checkShape("tensor", shape);
  const flat: unknown[] = [];
  collect(values, checked, 0, flat);
  const booleans = flat.length > 0 && flat.every((value) => typeof value === "boolean");
  const dtype =
    options.dtype === undefined ? (booleans ? "bool" : "float32") : checkDType("tensor", options.dtype);
  const data = allocate(dtype, flat.length);
  flat.forEach((value, i) => {
    if (typeof value !== "number" && typeof value !== "boolean") {
      throw new ArgumentError(`tensor: expected numbers, got ${describe(value)} at position ${i}`);
    }
    data[i] = toElement("tensor", dtype, Number(value), ` at position ${i}`);
  });
  return { data, shape: checked };
}

/** The number as an element of that dtype. Refuses an int32 that would be rounded or wrapped around. */
function toElement(where: string, dtype: DType, value: number, place = ""): number {
  if (dtype === "bool") return Number(value !== 0);
  if (!holds(dtype, value)) {
    throw new ArgumentError(
      `${where}: expected whole numbers in [-2^31, 2^31) for int32, got ${value}${place}`,
    );
  }
  return value;
}

function collect(values: unknown, shape: Shape, dim: number, flat: unknown[]): void {
  if (dim === shape.length) {
    if (Array.isArray(values))
      throw new ShapeError(`tensor: nested arrays go deeper in some places than in others`);
    flat.push(values);
    return;
  }
  if (!Array.isArray(values) || values.length !== shape[dim]) {
    throw new ShapeError(
      `tensor: expected ${shape[dim]} entries at depth ${dim} everywhere, got ${describe(values)} in one place`,
    );
  }
  for (const value of values) collect(value, shape, dim + 1, flat);
}
