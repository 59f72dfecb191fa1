import { createRequire } from "node:module";
import { PackageError } from "./errors.js";

const require = createRequire(import.meta.url);

/** "@scope/name/file.js" → "@scope/name" */
const packageOf = (name: string): string =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");

/**
 * A package that few users need, an optional peer dependency. It is loaded where it is used. T is its type,
 * `typeof import("protobufjs")`.
 * @throws PackageError with the command that installs it.
 */
export function optionalPackage<T>(where: string, name: string): T {
  try {
    return require(name) as T;
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND"
        ? "is not installed"
        : `could not be loaded (${(cause as Error).message})`;
    throw packageError(where, packageOf(name), reason, cause);
  }
}

/** The error for a package that cannot be used, which `reason` explains. It names the command that installs it. */
export function packageError(where: string, name: string, reason: string, cause: unknown): PackageError {
  const message = `${where}: needs the package ${name}, which ${reason}; npm install ${name}`;
  return new PackageError(message, { cause });
}
