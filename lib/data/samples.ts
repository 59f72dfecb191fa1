import type { Source } from "../compiler/executable.js";
import type { NativeArray, NativeMemory } from "../native/binding.js";
import { indexSelect } from "../ops/index-select.js";
import { copyOf } from "../tensor/copy.js";
import { fromTypedArray } from "../tensor/create.js";
import { bytesOf } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { Bytes } from "./bytes.js";

/** The samples [begin, end). A slice of a tensor is over the same memory. */
export function slice(from: Tensor | Bytes, begin: number, end: number): Tensor {
  if (from instanceof Bytes) return from.slice(begin, end);
  const sample = from.size / (from.shape[0] as number);
  const part = from.storage.forReading().subarray(begin * sample, end * sample);
  return new Tensor(part, [end - begin, ...from.shape.slice(1)], from.dtype);
}

/** Some samples, in the given order. */
export function select(from: Tensor | Bytes, samples: Int32Array): Tensor {
  return from instanceof Bytes ? from.select(samples) : indexSelect(from, 0, fromTypedArray(samples));
}

/** As a tensor: bytes as the numbers that they stand for. */
export const asTensor = (part: Tensor | Bytes): Tensor => (part instanceof Bytes ? part.toTensor() : part);

/** A copy of the samples in new memory. */
export function copied(from: Tensor | Bytes): Tensor | Bytes {
  if (!(from instanceof Bytes)) return copyOf(from);
  const { values, shape, scale, zeroPoint, dtype } = from;
  return new Bytes(values.slice(), shape, { scale, zeroPoint, dtype });
}

/** The values as they are stored. */
export function stored(from: Tensor | Bytes): NativeArray {
  return from instanceof Bytes ? from.values : from.storage.forReading();
}

/** The samples as a source of a loop's mini-batches. `values` are the stored values or a copy of them. */
export function toSource(from: Tensor | Bytes, values: NativeArray | NativeMemory): Source {
  const rows = from.shape[0] as number;
  if (!(from instanceof Bytes)) return { values, rows, rowBytes: bytesOf(from) / rows };
  const { scale, zeroPoint } = from;
  return { values, rows, rowBytes: from.values.length / rows, scale, zeroPoint };
}
