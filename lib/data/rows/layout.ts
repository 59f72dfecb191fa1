// Where the values of each row are in a file, from what the user says or from the file's own header.
import { ArgumentError, DataError, DTypeError, ShapeError } from "../../errors.js";
import { isNpy, readNpyHeader } from "../../formats/npy.js";
import { STORED_SIZES, type StoredDType, storedBytes } from "../../formats/stored-array.js";
import { checkChoice, checkNumber, checkOptions, checkRequired } from "../../options.js";
import { checkDType, type DType, isFloat } from "../../tensor/dtype.js";
import { checkShape, format, MAX_RANK, type Shape } from "../../tensor/shape.js";
import { isGzip, isIdx, readHeader as readIdxHeader } from "../idx.js";

/** The values of a row that become one tensor. */
export interface RowPart {
  /** How they are stored: little-endian. Required, but for NPY and IDX files, which say it themselves. */
  readonly dtype?: StoredDType;
  /** Their shape. Default: [], one number; NPY and IDX files say it themselves. */
  readonly shape?: Shape;
  /** The first byte in the row. Default: after the part before. */
  readonly offset?: number;
  /** The dtype of the tensor. Default: as `load` has it: int32 for whole numbers, float32 for halves. */
  readonly as?: DType;
  /** For uint8: they stand for scale · (b − zeroPoint), as of `Bytes`, and become floats. Default: none. */
  readonly scale?: number;
  /** Default: 0. */
  readonly zeroPoint?: number;
}

export interface RowsOptions {
  /** Bytes before the first row. Default: 0; NPY and IDX files say it themselves. */
  readonly header?: number;
  /** Bytes from the start of a row to the start of the next. Default: the end of the last part. */
  readonly rowBytes?: number;
}

/** A part with all that is known of it. */
export interface Part {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: Shape;
  /** The first byte in the row. */
  readonly offset: number;
  readonly bytes: number;
  readonly as: DType | undefined;
  /** Of bytes that stand for floats. */
  readonly scale: number | undefined;
  readonly zeroPoint: number;
}

/** The rows of one file. */
export interface Layout {
  readonly parts: readonly Part[];
  readonly rowBytes: number;
  /** The byte of the first row. */
  readonly start: number;
  readonly length: number;
}

/** More rows than this have no place in an Int32Array. */
const MOST_ROWS = 2 ** 31 - 1;
/** Enough of a file for any header that is read. */
export const HEAD_BYTES = 16_384;

/** What the user says of the parts. */
export function readParts(where: string, parts: unknown): [name: string, part: RowPart][] {
  if (parts === undefined) return [];
  checkRequired(where, parts, Object.keys(Object(parts)));
  return Object.entries(parts as Readonly<Record<string, RowPart>>).map(([name, part]) => {
    const own = `${where}: ${name}`;
    checkRequired(own, part, ["dtype", "shape", "offset", "as", "scale", "zeroPoint"]);
    const { dtype, shape, offset, as, scale, zeroPoint } = part;
    if (dtype !== undefined) {
      checkChoice(own, "dtype", dtype, Object.keys(STORED_SIZES) as StoredDType[]);
    }
    if (shape !== undefined) checkShape(own, shape);
    if (offset !== undefined) checkNumber(own, "offset", offset, { min: 0, integer: true });
    if (as !== undefined) checkDType(own, as);
    if (scale !== undefined) checkNumber(own, "scale", scale);
    if (zeroPoint !== undefined) checkNumber(own, "zeroPoint", zeroPoint);
    return [name, part];
  });
}

export function checkRowsOptions(where: string, options: RowsOptions): void {
  checkOptions(where, options, ["header", "rowBytes"]);
  const { header, rowBytes } = options;
  if (header !== undefined) checkNumber(where, "header", header, { min: 0, integer: true });
  if (rowBytes !== undefined) checkNumber(where, "rowBytes", rowBytes, { min: 1, integer: true });
}

/**
 * The layout of a file.
 * @param head its first bytes.
 * @param size all its bytes.
 * @throws DataError unless these are whole rows; ShapeError, DTypeError for parts that cannot be
 */
export function layoutOf(
  where: string,
  parts: readonly [name: string, part: RowPart][],
  options: RowsOptions,
  head: Uint8Array,
  size: number,
): Layout {
  if (parts.some(([, { dtype }]) => dtype !== undefined)) {
    if (options.header === undefined) refuseHeader(where, head, size);
    return ofRaw(where, parts, options, size);
  }
  const found = headerOf(where, head);
  const [[name, part] = ["x", {}]] = parts;
  const said = [...Object.keys(options), ...Object.keys(part)].find((one) => !LEFT_OPEN.includes(one));
  if (said !== undefined || parts.length > 1) {
    const what = said === undefined ? "one part" : `no ${said}`;
    throw new DataError(`${where}: expected ${what}: the file's header says what its rows are`);
  }
  const [rows, ...shape] = found.shape as [number, ...number[]];
  const own = partOf(where, name, { ...part, dtype: found.dtype, shape }, 0);
  const layout = { parts: [own], rowBytes: own.bytes, start: found.start, length: rows };
  return checkLength(where, layout, size, rows * own.bytes);
}

const LEFT_OPEN = ["as", "scale", "zeroPoint"];

/** @throws DataError where the rows would begin with the header of a file that says itself what it is. */
function refuseHeader(where: string, head: Uint8Array, size: number): void {
  const kind = isNpy(head) ? "an NPY" : isWholeIdx(where, head, size) ? "an IDX" : null;
  if (kind !== null) {
    throw new DataError(
      `${where}: the file is ${kind} file, which says its dtype itself: leave dtype and shape out, or say how long its header is`,
    );
  }
  if (isGzip(head) && head[2] === DEFLATE) {
    throw new DataError(
      `${where}: the file is gzipped, and has no rows in fixed places; unzip it first, or say header: 0 if these are rows`,
    );
  }
}

// The one method of gzip, its third byte.
const DEFLATE = 8;

/** Whether it is an IDX file of the size that its header promises: rows may begin as one does by chance. */
function isWholeIdx(where: string, head: Uint8Array, size: number): boolean {
  const [, , , rank = 0] = head;
  const isHeader = isIdx(head) && rank >= 1 && rank <= MAX_RANK && head.length >= 4 + 4 * rank;
  return isHeader && readIdxHeader(where, head).bytes === size;
}

function ofRaw(
  where: string,
  given: readonly [name: string, part: RowPart][],
  { header = 0, rowBytes }: RowsOptions,
  size: number,
): Layout {
  let end = 0;
  const parts = given.map(([name, part]) => {
    const own = partOf(where, name, part, part.offset ?? end);
    end = own.offset + own.bytes;
    return own;
  });
  const least = parts.reduce((most, { offset, bytes }) => Math.max(most, offset + bytes), 0);
  const stride = rowBytes ?? least;
  if (!Number.isSafeInteger(least) || stride < least) {
    throw new ShapeError(`${where}: expected rowBytes to hold the parts, ${least} bytes, got ${stride}`);
  }
  const length = Math.floor((size - header) / stride);
  return checkLength(where, { parts, rowBytes: stride, start: header, length }, size, length * stride);
}

function checkLength(where: string, layout: Layout, size: number, bytes: number): Layout {
  const { start, length, rowBytes } = layout;
  if (start + bytes !== size || length < 1) {
    const rows = length < 1 ? "at least one row" : "whole rows";
    throw new DataError(
      `${where}: expected a header of ${start} bytes and ${rows} of ${rowBytes} bytes, got a file of ${size} bytes`,
    );
  }
  if (length > MOST_ROWS) {
    throw new DataError(`${where}: expected at most ${MOST_ROWS} rows, got ${length}`);
  }
  return layout;
}

function partOf(where: string, name: string, part: RowPart, offset: number): Part {
  const { dtype, shape = [], as, scale, zeroPoint = 0 } = part;
  const own = `${where}: ${name}`;
  if (dtype === undefined) throw new DTypeError(`${own}: expected the dtype of the values in the file`);
  const bytes = storedBytes(dtype, shape);
  if (bytes === undefined || bytes === 0 || !Number.isSafeInteger(offset + bytes)) {
    throw new ShapeError(`${own}: expected a shape with values that fit into a file, got ${format(shape)}`);
  }
  if (shape.length >= MAX_RANK) {
    throw new ShapeError(`${own}: expected at most ${MAX_RANK - 1} axes of a row, got ${shape.length}`);
  }
  if (scale === undefined && part.zeroPoint === undefined) {
    return { name, dtype, shape, offset, bytes, as, scale: undefined, zeroPoint };
  }
  if (scale === 0) throw new ArgumentError(`${own}: expected scale to be a number other than 0, got 0`);
  if (dtype !== "uint8") throw new DTypeError(`${own}: expected uint8 for a scale, got ${dtype}`);
  if (as !== undefined && !isFloat(as)) {
    throw new DTypeError(`${own}: expected floats of a scale, got as: "${as}"`);
  }
  return { name, dtype, shape, offset, bytes, as, scale: scale ?? 1, zeroPoint };
}

/** What an NPY or IDX file says of itself. */
function headerOf(where: string, head: Uint8Array): { dtype: StoredDType; shape: Shape; start: number } {
  if (isIdx(head)) {
    const { dtype, shape, start } = readIdxHeader(where, head);
    if (STORED_SIZES[dtype] > 1) throw bigEndian(where, dtype);
    return { dtype, shape, start };
  }
  if (isGzip(head)) {
    throw new DataError(`${where}: the file is gzipped, and has no rows in fixed places; unzip it first`);
  }
  if (!isNpy(head)) {
    throw new DataError(
      `${where}: expected an NPY or IDX file, or parts that say the dtype of what is in it`,
    );
  }
  const { dtype, shape, start, isBigEndian, isFortran } = readNpyHeader(where, head);
  if (shape.length === 0) throw new DataError(`${where}: expected rows, got one number`);
  if (isBigEndian && STORED_SIZES[dtype] > 1) throw bigEndian(where, dtype);
  if (isFortran && shape.length > 1) {
    throw new DataError(`${where}: expected rows one after the other, got Fortran's order`);
  }
  return { dtype, shape, start };
}

const bigEndian = (where: string, dtype: StoredDType): DataError =>
  new DataError(`${where}: expected little-endian numbers, got ${dtype} in big-endian order`);
