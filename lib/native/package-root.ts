import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BackendError } from "../errors.js";

/**
 * The file that this code runs from: a source, a part of the package's bundle, or an application's bundle. In
 * CommonJS it is named by `__filename`, also where a bundler has put `import.meta` into CommonJS and left it empty.
 * Where code is text (`node -e`, a thread's), modules see a global of that name, which is no path.
 */
export const ownFile: string =
  typeof __filename === "string" && isAbsolute(__filename)
    ? __filename
    : import.meta.url
      ? fileURLToPath(import.meta.url)
      : join(process.cwd(), "bundle.js");

/** Whether a folder is that of this package. */
function isRoot(folder: string): boolean {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return false;
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { name?: unknown } | null)?.name === "thalweg";
  } catch {
    return false;
  }
}

/** The package's folder above a file; null if there is none, as of a file that a bundler made. */
function above(file: string): string | null {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (isRoot(folder)) return folder;
    if (folder === dirname(folder)) return null;
  }
}

/** The package that a file of that folder would import; null if there is none. */
function installedFor(file: string): string | null {
  try {
    return dirname(createRequire(file).resolve("thalweg/package.json"));
  } catch {
    return null;
  }
}

/** The package's folder that this code is in; null where an application's bundle has it. */
export const packageAround: string | null = above(ownFile);

let root: string | null | undefined = packageAround ?? undefined;

/**
 * The package's folder, that with its package.json: the one that this code is in or, where it is in an application's
 * bundle, the one installed beside the bundle, beside the program that was started, or in the working directory.
 * @returns null if there is none.
 */
export function packageRoot(): string | null {
  if (root !== undefined) return root;
  const started = process.argv[1];
  root =
    installedFor(ownFile) ??
    (started === undefined ? null : installedFor(join(dirname(started), "program.js"))) ??
    installedFor(join(process.cwd(), "program.js"));
  return root;
}

/**
 * The address of a file that a thread starts from.
 * @param name Its path in lib/ without its ending.
 * @throws BackendError where there is none: the library is in an application's bundle, and not installed beside it.
 */
export function entryUrl(name: string): string {
  const own = join(dirname(ownFile), "..");
  const isSource = ownFile.endsWith(".ts");
  const beside = join(own, isSource ? `${name}.ts` : `${name}.js`);
  if (packageAround !== null && existsSync(beside)) return pathToFileURL(beside).href;
  const installed = packageRoot();
  if (installed !== null) return pathToFileURL(join(installed, "dist", `${name}.js`)).href;
  throw new BackendError(
    `thalweg: threads start from a file of the package, which is not in node_modules of ${process.cwd()}, nor beside ${ownFile}; install thalweg there, or have the bundler leave it out of the bundle (external: ["thalweg"])`,
  );
}
