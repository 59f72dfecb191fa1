import { extname } from "node:path";
import { ArgumentError, DataError } from "../../errors.js";
import { events } from "./events.js";
import type { Kind } from "./kind.js";
import { npy, npz } from "./numpy.js";
import { onnx } from "./onnx.js";
import { pytorch } from "./pytorch.js";
import { safetensors } from "./safetensors.js";

const KINDS: readonly Kind[] = [safetensors, pytorch, npy, npz, events, onnx];

/** For messages: the ends of the names of files that are known. */
export const KIND_NAMES = KINDS.map(({ extensions }) => `.${extensions[0]}`).join(", ");

/** The kind that a path's end names; undefined for no or another end. */
const byName = (path: string): Kind | undefined =>
  KINDS.find(({ extensions }) => extensions.includes(extname(path).slice(1).toLowerCase()));

/**
 * The kind of a file, by its first bytes; where several or none fit, by its name.
 * @throws DataError where it is none that is known.
 */
export function kindOf(path: string, bytes: Uint8Array): Kind {
  const named = byName(path);
  const fitting = KINDS.filter((kind) => kind.matches(bytes, path));
  const kind = named !== undefined && (fitting.length === 0 || fitting.includes(named)) ? named : fitting[0];
  if (kind !== undefined) return kind;
  throw new DataError(
    `${path}: neither its name nor its first bytes are of a kind that is known: ${KIND_NAMES}`,
  );
}

/**
 * The kind to write a file as.
 * @throws ArgumentError for a name whose end says none.
 */
export function kindToWrite(path: string): Kind {
  const kind = byName(path);
  if (kind !== undefined) return kind;
  throw new ArgumentError(`${path}: expected a name that ends with one of ${KIND_NAMES}`);
}
