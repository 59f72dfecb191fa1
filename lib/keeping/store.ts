// States to files and from files: on a thread of its own, or on this one.

import { resolve } from "node:path";
import { checkPath, type FilePath } from "../files/path.js";
import { readWhole, readWholeSync } from "../files/read.js";
import { inTurn } from "../files/write.js";
import { decodeState, decodeStateSync, type StateFile } from "./state-file.js";
import { Target } from "./target.js";
import type { StateValue } from "./tree.js";

/** The state in a file. @throws FileError, DataError, MemoryError */
export async function readState(where: string, path: FilePath): Promise<StateValue> {
  return decodeState(`${where}: ${checkPath(where, path)}`, await readWhole(where, path));
}

/** As `readState`, on this thread. */
export function readStateSync(where: string, path: FilePath): StateValue {
  return decodeStateSync(`${where}: ${checkPath(where, path)}`, readWholeSync(where, path));
}

/** Writes a file when the writes of its path that were asked for before have ended. */
export async function writeState(where: string, path: FilePath, file: StateFile): Promise<void> {
  await inTurn(resolve(checkPath(where, path)), async () => {
    const target = new Target(where, path);
    try {
      await target.write(file);
    } finally {
      target.close();
    }
  });
}

/** As `writeState`, at once. */
export function writeStateSync(where: string, path: FilePath, file: StateFile): void {
  const target = new Target(where, path);
  try {
    target.writeSync(file);
  } finally {
    target.close();
  }
}
