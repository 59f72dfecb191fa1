import type { ArrayFile, StoredArray } from "../../formats/stored-array.js";

/** A table of an inspection. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What is shown of a file, besides its arrays. */
export interface Contents {
  /** What the file is, in words: "safetensors", "NumPy 1.0". */
  readonly format: string;
  /** Plain values by name, in order. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  /** Its arrays, in order; none where the format has none. */
  readonly arrays: ReadonlyMap<string, StoredArray>;
  /** Longer texts by title: the model as it prints itself. */
  readonly texts: Readonly<Record<string, string>>;
  readonly tables: readonly Table[];
}

/** A kind of file. */
export interface Kind {
  /** The ends of its files' names, without the dot. The first is the usual one. */
  readonly extensions: readonly string[];
  /** Whether these bytes begin like such a file. */
  matches(bytes: Uint8Array, path: string): boolean;
  /** @throws DataError, PackageError */
  inspect(bytes: Uint8Array, source: string): Contents;
  /**
   * Its arrays by name.
   * @throws DataError, PackageError
   */
  read?(bytes: Uint8Array, source: string): ArrayFile;
  /** @throws DataError, DTypeError, PackageError where these arrays cannot be written so. */
  write?(file: ArrayFile): readonly Uint8Array[];
}
