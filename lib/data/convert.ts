import { types } from "node:util";
import { ArgumentError, DataError, ShapeError } from "../errors.js";
import { checkFlag, checkList, checkNumber, checkOptions, describe, isPlainObject } from "../options.js";
import { fromTypedArray } from "../tensor/create.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { Bytes, type BytesOptions } from "./bytes.js";
import { type ClassName, sortClasses } from "./schema/target.js";
import { labelsOf, listOf } from "./split/set.js";

export interface ToClassesOptions {
  /** The classes, in the order of their positions. Default: those that occur, sorted. */
  readonly classes?: readonly ClassName[];
}

/**
 * Labels of any kind as positions of classes, for costs such as `crossEntropy`: texts, booleans, numbers, typed arrays of
 * numbers or bigints (IDX and NPY files have Uint8Array and BigInt64Array), tensors [P], columns.
 *
 * Classes are sorted: numbers by size, texts by code units, false before true. So labels 1 … 10 become 0 … 9, and
 * `classes` says which is which; labels 0 … K − 1 of which all occur stay as they are.
 * @returns y, int32 [P], with y[p] the position of the label in `classes`.
 * @throws DataError for a label that is not among `classes`, is missing, or of another kind than the others; ArgumentError,
 *   OptionError
 * @example
 * const { y: target, classes } = data.toClasses(["cat", "dog", "cat"]);
 * target.toArray()                                     // [0, 1, 0]
 * classes                                              // ["cat", "dog"]
 * data.toClasses(Uint8Array.of(5, 9)).classes          // [5, 9]
 */
export function toClasses(
  labels: Iterable<ClassName | bigint> | Tensor | object,
  options: ToClassesOptions = {},
): { readonly y: Tensor; readonly classes: readonly ClassName[] } {
  const where = "toClasses";
  checkOptions(where, options, ["classes"]);
  const isList = typeof labels === "object" && labels !== null && !isPlainObject(labels);
  if (!isList) throw new ArgumentError(`${where}: expected a list of labels, got ${describe(labels)}`);
  const given = listOf(where, "labels", labels, null);
  const list = isTensor(labels) && labels.dtype === "bool" ? Array.from(given, (one) => one === 1) : given;
  const { codes, names } = labelsOf(where, "labels", list, null, list.length);
  const unsafe = names.find((name) => typeof name === "bigint" && !Number.isSafeInteger(Number(name)));
  if (unsafe !== undefined) {
    throw new DataError(
      `${where}: the label ${describe(unsafe)} is beyond 2^53, which a number does not hold; give texts`,
    );
  }
  const found = names.map((name) => (typeof name === "bigint" ? Number(name) : (name as ClassName)));
  const odd = found.find((name) => typeof name !== typeof found[0]);
  if (odd !== undefined) {
    throw new DataError(
      `${where}: expected labels of one kind, got ${describe(found[0])} and ${describe(odd)}`,
    );
  }
  if (found.length === 0) throw new DataError(`${where}: expected at least one label, got none`);
  const classes = options.classes === undefined ? sortClasses(found) : readClasses(where, options.classes);
  const places = new Map(classes.map((name, i) => [name, i]));
  const place = found.map((name) => {
    const at = places.get(name);
    if (at !== undefined) return at;
    throw new DataError(
      `${where}: the label ${describe(name)} is none of the classes ${classes.slice(0, 12).map(describe).join(", ")}`,
    );
  });
  return { y: fromTypedArray(codes.map((code) => place[code] as number)), classes };
}

function readClasses(where: string, value: unknown): ClassName[] {
  const list = checkList(where, "classes to be a list", value);
  const isRight = list.every((one) => ["string", "number", "boolean"].includes(typeof one));
  if (isRight && new Set(list).size === list.length) return list as ClassName[];
  throw new ArgumentError(`${where}: expected classes to be different texts, numbers or booleans`);
}

export interface ImagesOptions extends BytesOptions {
  readonly width: number;
  readonly height: number;
  /** Channels of each pixel, one after the other in the buffers: 1 for grey, 3 for RGB, 4 for RGBA. */
  readonly channels: number;
  /** Whether the fourth or second channel, which says how opaque a pixel is, is left out. Default: false. */
  readonly dropAlpha?: boolean;
}

/**
 * Images as decoders give them (`sharp(file).raw().toBuffer()`: rows of pixels of channels) as samples [P, C, H, W], which
 * stay bytes.
 * @param images the buffer of each image, or one buffer of all.
 * @throws ShapeError for a buffer of another size, with its number; ArgumentError, OptionError
 * @example
 * const images = data.images([Uint8Array.of(1, 2, 3, 4, 5, 6)], { width: 2, height: 1, channels: 3 });
 * images.shape              // [1, 3, 1, 2]
 * Array.from(images.values)  // [1, 4, 2, 5, 3, 6]
 */
export function images(buffers: Uint8Array | Iterable<Uint8Array>, options: ImagesOptions): Bytes {
  const where = "images";
  checkOptions(where, options ?? null, [
    "width",
    "height",
    "channels",
    "dropAlpha",
    "scale",
    "zeroPoint",
    "dtype",
  ]);
  const { width, height, channels, dropAlpha = false, ...rest } = options;
  const size = (name: string, value: unknown) => checkNumber(where, name, value, { min: 1, integer: true });
  const pixels = size("width", width) * size("height", height);
  size("channels", channels);
  checkFlag(where, "dropAlpha", dropAlpha);
  if (dropAlpha && channels !== 2 && channels !== 4) {
    throw new ArgumentError(`${where}: expected 2 or 4 channels to drop one, got ${channels}`);
  }
  const kept = channels - Number(dropAlpha);
  const list = buffersOf(where, buffers, pixels * channels);
  const values = new Uint8Array(list.length * pixels * kept);
  list.forEach((buffer, image) => {
    for (let c = 0; c < kept; c++) {
      const at = (image * kept + c) * pixels;
      for (let p = 0; p < pixels; p++) values[at + p] = buffer[p * channels + c] as number;
    }
  });
  return new Bytes(values, [list.length, kept, height, width], rest);
}

function buffersOf(where: string, given: unknown, bytes: number): Uint8Array[] {
  if (types.isUint8Array(given) && given.length > 0 && given.length % bytes === 0) {
    return Array.from({ length: given.length / bytes }, (_, i) => given.subarray(i * bytes, (i + 1) * bytes));
  }
  const list = types.isUint8Array(given) ? [given] : checkList(where, "a list of buffers", given);
  if (list.length === 0) throw new DataError(`${where}: expected at least one image, got none`);
  return list.map((buffer, i) => {
    if (types.isUint8Array(buffer) && buffer.length === bytes) return buffer;
    const got = types.isUint8Array(buffer) ? `${buffer.length}` : describe(buffer);
    throw new ShapeError(`${where}: expected ${bytes} bytes for image ${i}, got ${got}`);
  });
}
