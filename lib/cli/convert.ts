import { ArgumentError } from "../errors.js";
import { writeAtomically } from "../files/write.js";
import { toStored, toTensor } from "../formats/convert.js";
import {
  type ArrayFile,
  isStoredFloat,
  STORED_FLOATS,
  type StoredArray,
  type StoredDType,
} from "../formats/stored-array.js";
import { deserialize } from "../keeping/load.js";
import { exportOnnx } from "../onnx/index.js";
import { checkChoice } from "../options.js";
import { zeros } from "../tensor/create.js";
import { checkDType } from "../tensor/dtype.js";
import { kindOf, kindToWrite } from "./kinds/index.js";
import { onnx } from "./kinds/onnx.js";
import { safetensors } from "./kinds/safetensors.js";

export interface ConvertOptions {
  readonly dtype?: string;
  /** For ONNX: the shape of the model's input. */
  readonly input?: string;
  /** For ONNX: the dtype of the model's input. */
  readonly inputDtype?: string;
}

/**
 * Writes the arrays of one file as another kind of file.
 * @throws ArgumentError, DataError, DTypeError, FileError, PackageError; then nothing is written.
 */
export async function convert(
  from: string,
  bytes: Uint8Array,
  to: string,
  options: ConvertOptions,
): Promise<void> {
  const target = kindToWrite(to);
  if (target === onnx) {
    if (kindOf(from, bytes) !== safetensors) {
      throw new ArgumentError(
        `convert: ${from} has weights and no model; load them into one, and write it with exportOnnx of thalweg/onnx`,
      );
    }
    await writeAtomically("convert", to, [exported(bytes, options)]);
    return;
  }
  if (options.input !== undefined || options.inputDtype !== undefined) {
    throw new ArgumentError("convert: --input and --input-dtype are for .onnx alone");
  }
  const source = kindOf(from, bytes);
  if (source.read === undefined)
    throw new ArgumentError(`convert: ${from}: this kind of file has no arrays to convert`);
  if (target.write === undefined)
    throw new ArgumentError(`convert: ${to}: this kind of file cannot be written`);
  const dtype =
    options.dtype === undefined ? undefined : checkChoice("convert", "--dtype", options.dtype, STORED_FLOATS);
  const file = source.read(bytes, from);
  await writeAtomically("convert", to, target.write(dtype === undefined ? file : inDType(file, dtype)));
}

/** A saved model as ONNX, for an input of that shape. */
function exported(bytes: Uint8Array, { input, inputDtype, dtype }: ConvertOptions): Uint8Array {
  if (dtype !== undefined) throw new ArgumentError("convert: --dtype is not for .onnx");
  if (input === undefined || !/^\d+(,\d+)*$/.test(input)) {
    throw new ArgumentError(
      "convert: .onnx needs the shape of the model's input, with the batch: --input 1,784",
    );
  }
  const model = deserialize(bytes);
  const usual = model.parameters()[0]?.dtype ?? "float32";
  const sample = zeros(input.split(",").map(Number), { dtype: checkDType("convert", inputDtype ?? usual) });
  return exportOnnx(model, sample);
}

/** The file with its floats in another dtype. */
function inDType({ arrays, metadata }: ArrayFile, dtype: StoredDType): ArrayFile {
  const converted = Array.from(arrays, ([name, array]): [string, StoredArray] => [
    name,
    isStoredFloat(array.dtype)
      ? toStored(toTensor("convert", name, array), dtype, `convert: ${name}`)
      : array,
  ]);
  return { arrays: new Map(converted), metadata };
}
