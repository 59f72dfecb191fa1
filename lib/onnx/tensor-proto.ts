// Arrays in ONNX's TensorProto.
import { DataError } from "../errors.js";
import type { StoredArray, StoredDType } from "../formats/stored-array.js";
import type { Draft } from "./proto.js";
import { DataLocation, DataType, type TensorProto } from "./schema.js";

type TypeName = keyof typeof DataType;
type Field = "float_data" | "double_data" | "int32_data" | "int64_data" | "uint64_data";

/** How ONNX stores a dtype: its name for it, bytes of an element, and the field of numbers that may have its elements. */
interface Stored {
  readonly type: TypeName;
  readonly bytes: number;
  readonly field: Field;
  /** Writes an element of that field. float16 and bfloat16 are there as their bits. */
  readonly set: (view: DataView, at: number, value: number | bigint) => void;
}

const STORED: Readonly<Record<StoredDType, Stored>> = {
  bool: {
    type: "BOOL",
    bytes: 1,
    field: "int32_data",
    set: (view, at, value) => view.setUint8(at, Number(value !== 0)),
  },
  uint8: {
    type: "UINT8",
    bytes: 1,
    field: "int32_data",
    set: (view, at, value) => view.setUint8(at, Number(value)),
  },
  int8: {
    type: "INT8",
    bytes: 1,
    field: "int32_data",
    set: (view, at, value) => view.setInt8(at, Number(value)),
  },
  uint16: {
    type: "UINT16",
    bytes: 2,
    field: "int32_data",
    set: (view, at, value) => view.setUint16(at, Number(value), true),
  },
  int16: {
    type: "INT16",
    bytes: 2,
    field: "int32_data",
    set: (view, at, value) => view.setInt16(at, Number(value), true),
  },
  uint32: {
    type: "UINT32",
    bytes: 4,
    field: "uint64_data",
    set: (view, at, value) => view.setUint32(at, Number(value), true),
  },
  int32: {
    type: "INT32",
    bytes: 4,
    field: "int32_data",
    set: (view, at, value) => view.setInt32(at, Number(value), true),
  },
  uint64: {
    type: "UINT64",
    bytes: 8,
    field: "uint64_data",
    set: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
  },
  int64: {
    type: "INT64",
    bytes: 8,
    field: "int64_data",
    set: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  },
  float16: {
    type: "FLOAT16",
    bytes: 2,
    field: "int32_data",
    set: (view, at, value) => view.setUint16(at, Number(value), true),
  },
  bfloat16: {
    type: "BFLOAT16",
    bytes: 2,
    field: "int32_data",
    set: (view, at, value) => view.setUint16(at, Number(value), true),
  },
  float32: {
    type: "FLOAT",
    bytes: 4,
    field: "float_data",
    set: (view, at, value) => view.setFloat32(at, Number(value), true),
  },
  float64: {
    type: "DOUBLE",
    bytes: 8,
    field: "double_data",
    set: (view, at, value) => view.setFloat64(at, Number(value), true),
  },
};

/** The number that ONNX gives to a dtype. */
export const dataTypeOf = (dtype: StoredDType): number => DataType[STORED[dtype].type];

const byDataType = new Map<number, StoredDType>(
  Object.keys(STORED).map((name) => [dataTypeOf(name as StoredDType), name as StoredDType]),
);

/** The dtype that has this number in ONNX; undefined for one that no array here has (strings, complex, 4 bits, …). */
export const dtypeOfDataType = (type: number): StoredDType | undefined => byDataType.get(type);

/** The name of a number of `DataType`, for messages. */
export const dataTypeName = (type: number): string =>
  Object.entries(DataType).find(([, number]) => number === type)?.[0] ?? `data type ${type}`;

/** An array as a message, with its elements as bytes. */
export function toTensorProto(name: string, { dtype, shape, bytes }: StoredArray): Draft<TensorProto> {
  return { name, dims: shape.map(BigInt), data_type: dataTypeOf(dtype), raw_data: bytes };
}

/**
 * The array in a message.
 * @throws DataError for elements in another file, a dtype that no array here has, and sizes that do not fit
 */
export function fromTensorProto(where: string, tensor: TensorProto): StoredArray {
  const what = `${where}: tensor "${tensor.name ?? ""}"`;
  if (tensor.data_location === DataLocation.EXTERNAL || tensor.external_data.length > 0) {
    const file = tensor.external_data.find(({ key }) => key === "location")?.value ?? "another file";
    throw new DataError(`${what}: expected its elements in the model, they are in ${file}`);
  }
  if (tensor.segment !== undefined) throw new DataError(`${what}: is in segments, which are not supported`);
  const type = tensor.data_type ?? DataType.UNDEFINED;
  const dtype = dtypeOfDataType(type);
  if (dtype === undefined)
    throw new DataError(`${what}: has the dtype ${dataTypeName(type)}, which no tensor has`);
  const { bytes: width, field, set } = STORED[dtype];
  const elements = tensor.dims.reduce((product, dim) => {
    if (dim < 0n) throw new DataError(`${what}: has a negative size, ${dim}`);
    return product * dim;
  }, 1n);
  const shape = tensor.dims.map((dim) => {
    if (dim > BigInt(Number.MAX_SAFE_INTEGER))
      throw new DataError(`${what}: has a size of ${dim}, above 2⁵³`);
    return Number(dim);
  });
  if (tensor.raw_data !== undefined) {
    const found = BigInt(tensor.raw_data.length);
    if (found !== elements * BigInt(width)) {
      const expected = `expected ${elements * BigInt(width)} bytes for shape [${shape.join(", ")}] of ${dtype}`;
      throw new DataError(`${what}: ${expected}, found ${found}`);
    }
    return { dtype, shape, bytes: bytesOf(tensor.raw_data) };
  }
  const values = tensor[field];
  if (BigInt(values.length) !== elements) {
    const expected = `expected ${elements} elements for shape [${shape.join(", ")}]`;
    throw new DataError(`${what}: ${expected}, found ${values.length} in ${field}`);
  }
  const view = new DataView(new ArrayBuffer(values.length * width));
  for (let i = 0; i < values.length; i++) set(view, i * width, values[i] as number | bigint);
  return { dtype, shape, bytes: new Uint8Array(view.buffer) };
}

/** The same memory as a plain array of bytes: `slice` of a Buffer copies nothing. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
