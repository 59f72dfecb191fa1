import { createRequire } from "node:module";
import { PackageError } from "./errors.js";

const require = createRequire(import.meta.url);

/**
 * A package that few users need, an optional peer dependency. It is loaded where it is used.
 * @throws PackageError with the command that installs it.
 * @example const { Root } = optionalPackage<typeof import("protobufjs")>("exportOnnx", "protobufjs");
 */
export function optionalPackage<T>(where: string, name: string): T {
  try {
    return require(name) as T;
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND"
        ? "is not installed"
        : `could not be loaded (${(cause as Error).message})`;
    const message = `${where}: needs the package ${name}, which ${reason}; npm install ${name}`;
    throw new PackageError(message, { cause });
  }
}
