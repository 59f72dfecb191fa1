// The storages of a file of PyTorch's, and the tensors over them.
import { DataError } from "../../errors.js";
import { STORED_SIZES, type StoredArray, type StoredDType } from "../../formats/stored-array.js";
import { format, sizeOf } from "../../tensor/shape.js";
import type { StoredTensor } from "./values.js";

/** Memory of a file that tensors are over. */
export interface StorageView {
  /** Which memory it is: tensors over the same have the same. */
  readonly key: string;
  /** The dtype of its class, `torch.uint8` for bytes. */
  readonly dtype: string;
  /** In bytes. */
  readonly length: number;
  /** Its bytes; of the older form only after the whole file was read. */
  read(): Uint8Array;
}

/** PyTorch's dtypes whose elements are read, which have the names of those in files: `torch.float32`. */
export const DTYPES: ReadonlyMap<string, StoredDType> = new Map(
  Object.keys(STORED_SIZES).map((name) => [`torch.${name}`, name as StoredDType]),
);

/** Bytes of an element of one of these. */
export const widthOf = (dtype: string): number => STORED_SIZES[DTYPES.get(dtype) as StoredDType];

/** PyTorch's classes of storages, and their dtypes. */
export const STORAGES: Readonly<Record<string, string>> = {
  "torch.FloatStorage": "torch.float32",
  "torch.DoubleStorage": "torch.float64",
  "torch.HalfStorage": "torch.float16",
  "torch.BFloat16Storage": "torch.bfloat16",
  "torch.LongStorage": "torch.int64",
  "torch.IntStorage": "torch.int32",
  "torch.ShortStorage": "torch.int16",
  "torch.CharStorage": "torch.int8",
  "torch.ByteStorage": "torch.uint8",
  "torch.BoolStorage": "torch.bool",
  "torch.storage.UntypedStorage": "torch.uint8",
};

/**
 * The elements of a tensor in row-major order.
 * @throws DataError where it reaches beyond its storage
 */
export function elementsOf(where: string, tensor: StoredTensor): StoredArray {
  const { storage, offset, shape, strides } = tensor;
  const dtype = DTYPES.get(tensor.dtype) as StoredDType;
  const width = widthOf(tensor.dtype);
  const size = sizeOf(shape);
  const last = shape.reduce((sum, length, d) => sum + (length - 1) * (strides[d] as number), offset);
  const available = Math.floor(storage.length / width);
  if (!Number.isSafeInteger(size) || (size > 0 && last >= available)) {
    throw new DataError(
      `${where}: a tensor ${format(shape)} with strides ${format(strides)} from element ${offset} on reaches beyond its storage of ${available} elements`,
    );
  }
  const bytes = storage.read();
  if (size === 0) return { dtype, shape, bytes: bytes.subarray(0, 0) };
  if (isContiguous(shape, strides)) {
    return { dtype, shape, bytes: bytes.subarray(offset * width, (offset + size) * width) };
  }
  return { dtype, shape, bytes: gathered(bytes, width, tensor, size) };
}

/** Whether the elements stand one after the other. The stride of an axis of length 1 says nothing. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const length = shape[d] as number;
    if (length !== 1 && strides[d] !== step) return false;
    step *= length;
  }
  return true;
}

/** Typed arrays for elements of that many bytes: moved, not looked at. */
const ELEMENTS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

function gathered(bytes: Uint8Array, width: number, tensor: StoredTensor, size: number): Uint8Array {
  const kind = ELEMENTS[width as keyof typeof ELEMENTS];
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, length } = aligned;
  const source = new kind(buffer as ArrayBuffer, byteOffset, Math.floor(length / width));
  const target = new kind(size);
  const { shape, strides } = tensor;
  let at = 0;
  const walk = (d: number, from: number): void => {
    if (d === shape.length) {
      target[at++] = source[from] as never;
      return;
    }
    const step = strides[d] as number;
    for (let i = 0, next = from; i < (shape[d] as number); i++, next += step) walk(d + 1, next);
  };
  walk(0, tensor.offset);
  return new Uint8Array(target.buffer);
}
