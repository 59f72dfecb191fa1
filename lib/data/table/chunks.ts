import { createReadStream } from "node:fs";
import { TextDecoder, types } from "node:util";
import { ArgumentError, DataError, ThalwegError } from "../../errors.js";
import { checkPath, type FilePath, fileError } from "../../files/path.js";
import { describe } from "../../options.js";

/** What a reader of texts reads: a path, a `file:` URL, the bytes, or a stream of bytes or texts. */
export type TextSource =
  | FilePath
  | Uint8Array
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/** The texts of a source, and its name for errors. */
export interface Texts {
  /** The function and the file, as errors begin: `"readCsv: iris.csv"`. */
  readonly where: string;
  /** The path, if it is a file. */
  readonly path: string | null;
  readonly texts: AsyncIterable<string>;
}

const CHUNK = 1 << 18;

/** The texts of a source. Bytes that are no such text are refused. @throws ArgumentError */
export function textsOf(where: string, source: unknown, encoding: unknown = "utf-8"): Texts {
  const decoder = decoderOf(where, encoding);
  if (types.isUint8Array(source)) {
    const place = `${where}: the bytes`;
    return { where: place, path: null, texts: decoded(place, sliced(source), decoder) };
  }
  const isPath = typeof source !== "object" || source === null || "href" in source;
  if (isPath) {
    const path = checkPath(where, source);
    const place = `${where}: ${path}`;
    return { where: place, path, texts: decoded(place, fromFile(where, path), decoder) };
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

function* sliced(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}
