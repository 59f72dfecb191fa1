// A state in a file: a safetensors file whose arrays are the tensors, and whose metadata has the rest as JSON
// (`tree.ts`) and a CRC-32 of all bytes of the file. Any change of one byte is found, of more bytes all but one in 2³².

import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { TextDecoder } from "node:util";
import { DataError } from "../errors.js";
import { decodeSafetensors, encodeSafetensors } from "../formats/safetensors.js";
import { copyArrays, readTree, type StateValue, writeTree } from "./tree.js";

const FORMAT = "thalweg.state.1";
const NO_DIGITS = "00000000";
const CHECKSUM = '"checksum":"crc32:';

/** A file that is still without its checksum, which `replaceFiles` writes. */
export interface StateFile {
  readonly chunks: readonly Uint8Array[];
  /** Where the checksum's digits stand in the first chunk. */
  readonly checksumAt: number;
}

/**
 * The file of a state as it is now: every array is copied.
 * @param spare memory of a file that is no longer needed, for this one.
 * @throws ArgumentError for values that cannot be kept; DetachedError, BusyError, MemoryError
 */
export function encodeState(where: string, state: unknown, spare: readonly ArrayBuffer[] = []): StateFile {
  const { text, arrays } = writeTree(where, state);
  const copies = copyArrays(where, arrays, spare);
  const metadata = { format: FORMAT, checksum: `crc32:${NO_DIGITS}`, state: text };
  const chunks = encodeSafetensors(copies, metadata, where);
  return { chunks, checksumAt: findChecksum(chunks[0] as Uint8Array) };
}

/** The position of the checksum's digits; −1 if there is none. In JSON, its key cannot be a part of another text. */
function findChecksum(bytes: Uint8Array): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(CHECKSUM);
  return at < 0 ? -1 : at + CHECKSUM.length;
}

// Long enough that the calls cost nothing, short enough that the event loop goes on between two.
const SLICE_BYTES = 32 << 20;

/** The CRC-32 of a file with zeros in the place of its own digits, slice by slice. */
function* checksums(bytes: Uint8Array, at: number): Generator<undefined, string> {
  // Loaded here, since few programs need it.
  const { crc32 } = process.getBuiltinModule("node:zlib");
  let checksum = 0;
  const zeros = new Uint8Array(NO_DIGITS.length).fill("0".charCodeAt(0));
  for (const part of [bytes.subarray(0, at), zeros, bytes.subarray(at + zeros.length)]) {
    for (let start = 0; start < part.length; start += SLICE_BYTES) {
      checksum = crc32(part.subarray(start, start + SLICE_BYTES), checksum);
      yield;
    }
  }
  return checksum.toString(16).padStart(NO_DIGITS.length, "0");
}

/** Reads a state. It may stop between two slices of the checksum. */
function* decoding(where: string, bytes: Uint8Array): Generator<undefined, StateValue> {
  const { arrays, metadata } = decodeSafetensors(bytes, where);
  const { format, checksum, state } = metadata;
  if (format !== FORMAT || checksum === undefined || state === undefined) {
    throw new DataError(
      `${where}: expected a state or checkpoint of thalweg (${FORMAT}), got a safetensors file without one`,
    );
  }
  const at = findChecksum(bytes);
  const found = at < 0 ? "" : new TextDecoder().decode(bytes.subarray(at, at + NO_DIGITS.length));
  const computed = yield* checksums(bytes, Math.max(at, 0));
  if (computed !== found) {
    throw new DataError(
      `${where}: the file was changed after it was written: its checksum is ${computed}, and it says ${JSON.stringify(found)}`,
    );
  }
  return readTree(where, state, arrays);
}

/**
 * The state in a file. The checksum over all of its bytes is verified first, in slices between which the event loop
 * goes on.
 * @param where The calling function and the file, for messages.
 * @throws DataError if the file is another one, was cut short, or has changed.
 */
export async function decodeState(where: string, bytes: Uint8Array): Promise<StateValue> {
  const steps = decoding(where, bytes);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await setImmediate();
  }
}

/** As `decodeState`, at once. */
export function decodeStateSync(where: string, bytes: Uint8Array): StateValue {
  const steps = decoding(where, bytes);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
