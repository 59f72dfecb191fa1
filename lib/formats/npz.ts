import { DataError } from "../errors.js";
import { decodeNpy, encodeNpy } from "./npy.js";
import { type ArrayFile, quote, type StoredArray } from "./stored-array.js";
import { openZip, type ZipLimits } from "./zip.js";
import { encodeZip, type ZipOptions } from "./zip-encode.js";

const EXTENSION = ".npy";

/**
 * A `.npz` file, as `numpy.savez` and `numpy.savez_compressed` write: a zip file with a `.npy` file for each array.
 * @throws ArgumentError for a name that is no name of a file within the folder, and for bfloat16.
 */
export function encodeNpz(
  where: string,
  arrays: ReadonlyMap<string, StoredArray>,
  options: ZipOptions = {},
): Uint8Array[] {
  const files = Array.from(
    arrays,
    ([name, array]) => [`${name}${EXTENSION}`, encodeNpy(where, name, array)] as const,
  );
  return encodeZip(where, new Map(files), options);
}

/**
 * The arrays of a `.npz` file in its order.
 * @param where the function and the file, as errors begin: `"readNpz: a.npz"`.
 * @throws DataError, also if a file in it is no `.npy` file; ArgumentError for a wrong limit
 */
export function decodeNpz(bytes: Uint8Array, where = "npz", limits: ZipLimits = {}): ArrayFile {
  const arrays = new Map<string, StoredArray>();
  for (const entry of openZip(where, bytes, limits).values()) {
    if (!entry.name.endsWith(EXTENSION)) {
      throw new DataError(`${where}: expected only .npy files in a .npz file, got ${quote(entry.name)}`);
    }
    const name = entry.name.slice(0, -EXTENSION.length);
    arrays.set(name, decodeNpy(entry.read(), `${where}: ${quote(name)}`));
  }
  return { arrays, metadata: {} };
}
