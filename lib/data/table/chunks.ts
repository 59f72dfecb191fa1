import { createReadStream, promises } from "node:fs";
import process from "node:process";
import { TextDecoder, types } from "node:util";
import { ArgumentError, DataError, ThalwegError } from "../../errors.js";
import { checkPath, type FilePath, fileError } from "../../files/path.js";
import { checkNumber, describe } from "../../options.js";

/**
 * What a reader of texts reads: a path, a `file:` URL, the bytes, or a stream of bytes or texts. A path that ends in .gz
 * is decompressed.
 */
export type TextSource =
  | FilePath
  | Uint8Array
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/** The texts of a source, and its name for errors. */
export interface Texts {
  /** The function and the file, as errors begin: `"readCsv: iris.csv"`. */
  readonly where: string;
  /** The path without .gz, if it is a file. */
  readonly path: string | null;
  readonly texts: AsyncIterable<string>;
}

const CHUNK = 1 << 18;
const PACKED = /\.gz$/i;

/** How a source is read. */
export interface TextOptions {
  /**
   * The most bytes that a file .gz may have after decompression. Default: 16 MiB and 20 times the length of the file.
   */
  readonly maxBytes?: number;
}

/** The texts of a source. Bytes that are no such text are refused. @throws ArgumentError */
export function textsOf(
  where: string,
  source: unknown,
  { encoding = "utf-8", maxBytes }: TextOptions & { readonly encoding?: unknown } = {},
): Texts {
  const decoder = decoderOf(where, encoding);
  const most =
    maxBytes === undefined ? null : checkNumber(where, "maxBytes", maxBytes, { min: 0, integer: true });
  if (types.isUint8Array(source)) {
    const place = `${where}: the bytes`;
    return { where: place, path: null, texts: decoded(place, sliced(source), decoder) };
  }
  const isPath = typeof source !== "object" || source === null || "href" in source;
  if (isPath) {
    if (typeof source === "string" && /[\r\n]/.test(source)) {
      throw new ArgumentError(
        `${where}: expected the path of a file, its bytes, or a stream of them, got a text of several lines; Buffer.from(text) gives its bytes`,
      );
    }
    const path = checkPath(where, source);
    const place = `${where}: ${path}`;
    const bytes = PACKED.test(path) ? fromPacked(where, path, most) : fromFile(where, path);
    return { where: place, path: path.replace(PACKED, ""), texts: decoded(place, bytes, decoder) };
  }
  const isIterable = !types.isProxy(source) && (Symbol.asyncIterator in source || Symbol.iterator in source);
  if (!isIterable || Array.isArray(source) || ArrayBuffer.isView(source)) {
    throw new ArgumentError(
      `${where}: expected the path of a file, its bytes, or a stream of them, got ${describe(source)}`,
    );
  }
  const place = `${where}: the stream`;
  return { where: place, path: null, texts: decoded(place, source as AsyncIterable<unknown>, decoder) };
}

function decoderOf(where: string, encoding: unknown): TextDecoder {
  try {
    if (typeof encoding === "string") return new TextDecoder(encoding, { fatal: true });
  } catch {
    // Not an encoding: as another value.
  }
  throw new ArgumentError(
    `${where}: expected encoding to be the name of one, such as "utf-8" or "windows-1252", got ${describe(encoding)}`,
  );
}

async function* decoded(
  where: string,
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  decoder: TextDecoder,
): AsyncGenerator<string> {
  for await (const chunk of chunks) {
    if (typeof chunk === "string") yield chunk;
    else if (types.isUint8Array(chunk)) yield decode(where, decoder, chunk);
    else throw new DataError(`${where}: expected bytes or texts, got ${describe(chunk)}`);
  }
  yield decode(where, decoder);
}

function decode(where: string, decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw new DataError(
      `${where}: it has bytes that are not ${decoder.encoding}; say another encoding, such as "windows-1252"`,
      { cause },
    );
  }
}

async function* fromFile(where: string, path: string): AsyncGenerator<unknown> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK });
  } catch (error) {
    if (error instanceof ThalwegError) throw error;
    throw fileError(where, path, "read", error);
  }
}

/** The bytes of a file .gz after decompression. @throws DataError if it is broken, or has more than `most` bytes */
async function* fromPacked(where: string, path: string, most: number | null): AsyncGenerator<unknown> {
  try {
    yield* unpacked(`${where}: ${path}`, path, most ?? 2 ** 24 + 20 * (await promises.stat(path)).size);
  } catch (error) {
    if (error instanceof ThalwegError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith("Z_") !== true) throw fileError(where, path, "read", error);
    throw new DataError(`${where}: ${path}: it is no gzip file, or broken: ${message}`, { cause: error });
  }
}

async function* unpacked(where: string, path: string, most: number): AsyncGenerator<unknown> {
  const file = createReadStream(path, { highWaterMark: CHUNK });
  const isClosed = new Promise<void>((done) => file.once("close", done));
  const bytes = process.getBuiltinModule("node:zlib").createGunzip({ chunkSize: CHUNK });
  // The iteration gets the errors of both.
  process.getBuiltinModule("node:stream").pipeline(file, bytes, () => {});
  let given = 0;
  try {
    for await (const chunk of bytes) {
      given += (chunk as Uint8Array).length;
      if (given > most) {
        throw new DataError(
          `${where}: it has more than ${most} bytes after decompression; a larger maxBytes allows them`,
        );
      }
      yield chunk;
    }
  } finally {
    file.destroy();
    await isClosed;
  }
}

function* sliced(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}
