import { createRequire } from "node:module";
import { PackageError } from "./errors.js";
import { ownFile } from "./native/package-root.js";

// By a name that bundlers cannot read: they would fail where the package is absent.
const load = createRequire(ownFile);

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
    return load(name) as T;
  } catch (cause) {
    throw loadingError(where, name, cause);
  }
}

/** As `optionalPackage`, for what can also be done without: null where the package is not there or cannot be loaded. */
export function packageIfThere<T>(name: string): T | null {
  try {
    return load(name) as T;
  } catch {
    return null;
  }
}

/** As `optionalPackage`, for a package of ES modules alone. */
export async function optionalModule<T>(where: string, name: string): Promise<T> {
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as T;
  } catch (cause) {
    throw loadingError(where, name, cause);
  }
}

/** What Node.js says of a module that is not there: to `require`, and to `import`. */
const ABSENT: readonly unknown[] = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"];

function loadingError(where: string, name: string, cause: unknown): PackageError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = ABSENT.includes(code) ? "is not installed" : `could not be loaded (${message})`;
  return packageError(where, packageOf(name), reason, cause);
}

/** The error for a package that cannot be used, which `reason` explains. It names the command that installs it. */
export function packageError(where: string, name: string, reason: string, cause: unknown): PackageError {
  const message = `${where}: needs the package ${name}, which ${reason}; npm install ${name}`;
  return new PackageError(message, { cause });
}
