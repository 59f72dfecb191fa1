// From the bytes of an ONNX model to its messages and back, by protobufjs.
import { types } from "node:util";
import type { Root, Type } from "protobufjs";
import { ArgumentError, DataError } from "../errors.js";
import { optionalPackage } from "../optional-package.js";
import { describe } from "../options.js";
import { bufferOf } from "../realms.js";
import { type ModelProto, schema, type TensorProto } from "./schema.js";

/** A message to be written: fields may be left out, lists too. */
export type Draft<T> = T extends bigint | number | string | boolean | Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly Draft<E>[]
    : { readonly [K in keyof T]?: Draft<T[K]> };

interface Protobuf {
  readonly Root: typeof Root;
}

let root: Root | null = null;

/** @throws PackageError if protobufjs is not installed */
function messageType(where: string, name: string): Type {
  root ??= optionalPackage<Protobuf>(where, "protobufjs").Root.fromJSON(schema);
  return root.lookupType(`onnx.${name}`);
}

/**
 * The bytes of a model.
 * @throws PackageError if protobufjs is not installed
 */
export function encodeModel(where: string, model: Draft<ModelProto>): Uint8Array {
  const type = messageType(where, "ModelProto");
  return plain(type.encode(type.fromObject(model)).finish());
}

/** The same memory without the methods of Node's Buffer. */
const plain = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * The message of a model.
 * @throws PackageError if protobufjs is not installed; DataError if the bytes are not such a message
 */
export const decodeModel = (where: string, bytes: Uint8Array): ModelProto =>
  decode<ModelProto>(where, "ModelProto", bytes);

/**
 * The message of one tensor, as the `.pb` files of ONNX's test data have it.
 * @throws PackageError if protobufjs is not installed; DataError if the bytes are not such a message
 */
export const decodeTensor = (where: string, bytes: Uint8Array): TensorProto =>
  decode<TensorProto>(where, "TensorProto", bytes);

function decode<T>(where: string, name: string, bytes: Uint8Array): T {
  if (!types.isUint8Array(bytes))
    throw new ArgumentError(`${where}: expected the bytes as a Uint8Array, got ${describe(bytes)}`);
  const type = messageType(where, name);
  try {
    // Whole numbers of 64 bits become bigint: they are exact.
    return type.toObject(type.decode(bufferOf(bytes)), { longs: BigInt, arrays: true }) as T;
  } catch (cause) {
    const message = `${where}: expected an ONNX ${name} of ${bytes.length} bytes, which is not one (${(cause as Error).message})`;
    throw new DataError(message, { cause });
  }
}
