// Lists the C++ files of native/, for the checks.
import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { root } from "./toolchain.mjs";

/** Paths of all C++ sources and headers, relative to the repository, in order. */
export function nativeFiles() {
  return readdirSync(join(root, "native"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(cc|h)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}
