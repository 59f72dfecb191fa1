// The tensors that a model has in its file.
import { toTensor } from "../formats/convert.js";
import type { StoredArray, StoredDType } from "../formats/stored-array.js";
import type { DType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Attributes } from "./attributes.js";
import type { TensorProto } from "./schema.js";
import { dataTypeName, dtypeOfDataType, fromTensorProto } from "./tensor-proto.js";

/** The dtype of the tensors that have the values of such an array. */
const held = (dtype: StoredDType): DType =>
  toTensor("importOnnx", "", { dtype, shape: [0], bytes: new Uint8Array(0) }).dtype;

/** The dtype of tensors for a number of ONNX's DataType; undefined for one that no tensor has. */
export function heldDType(type: number): DType | undefined {
  const stored = dtypeOfDataType(type);
  return stored === undefined ? undefined : held(stored);
}

/**
 * The dtype that an attribute names. Whole numbers narrower than 32 bits would have to wrap around: refused.
 * @throws DataError
 */
export function tensorDType(attributes: Attributes, name: string, type: number): DType {
  const stored = dtypeOfDataType(type);
  if (stored === undefined || NARROW.has(stored))
    attributes.refuse(name, dataTypeName(type), "there are no tensors of that dtype");
  return held(stored);
}

const NARROW: ReadonlySet<StoredDType> = new Set(["int8", "uint8", "int16", "uint16"]);

/**
 * A tensor of the model: float32 from narrower floats, int32 from whole numbers, which must fit. Numbers from
 * ±(2⁵³ − 1) on stand for "to the end", as far as int32 goes.
 * @throws DataError
 */
export function readTensor(where: string, proto: TensorProto): Tensor {
  const stored = fromTensorProto(where, proto);
  return toTensor(where, proto.name ?? "", stored.dtype === "int64" ? withinReach(stored) : stored);
}

// Writers whose numbers are float64 have no larger whole number for it.
const FAR = 2n ** 53n - 1n;

function withinReach(stored: StoredArray): StoredArray {
  const bytes = new Uint8Array(stored.bytes);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const value = view.getBigInt64(at, true);
    if (value >= FAR) view.setBigInt64(at, 2n ** 31n - 1n, true);
    else if (value <= -FAR) view.setBigInt64(at, -(2n ** 31n), true);
  }
  return { ...stored, bytes };
}
