import { ArgumentError } from "../errors.js";
import { writeAtomically } from "../files/write.js";
import { toStored, toTensor } from "../formats/convert.js";
import type { ArrayFile, StoredArray, StoredDType } from "../formats/stored-array.js";
import { checkChoice } from "../options.js";
import { kindOf, kindToWrite } from "./kinds/index.js";

const FLOATS = ["float16", "bfloat16", "float32", "float64"] as const;

export interface ConvertOptions {
  readonly dtype?: string;
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
  const source = kindOf(from, bytes);
  if (source.read === undefined)
    throw new ArgumentError(`convert: ${from}: this kind of file has no arrays to convert`);
  if (target.write === undefined)
    throw new ArgumentError(`convert: ${to}: this kind of file cannot be written`);
  const dtype =
    options.dtype === undefined ? undefined : checkChoice("convert", "--dtype", options.dtype, FLOATS);
  const file = source.read(bytes, from);
  await writeAtomically("convert", to, target.write(dtype === undefined ? file : inDType(file, dtype)));
}

/** The file with its floats in another dtype. */
function inDType({ arrays, metadata }: ArrayFile, dtype: StoredDType): ArrayFile {
  const converted = Array.from(arrays, ([name, array]): [string, StoredArray] => [
    name,
    isFloat(array) ? toStored(toTensor("convert", name, array), dtype, `convert: ${name}`) : array,
  ]);
  return { arrays: new Map(converted), metadata };
}

const isFloat = ({ dtype }: StoredArray): boolean => FLOATS.some((float) => float === dtype);
