import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { ArgumentError, FileError, ThalwegError } from "../errors.js";
import { describe } from "../options.js";
import { isUrl } from "../realms.js";

/** What a URL is made of. Programs without Node's types have no class of that name. */
export interface FileUrl {
  readonly protocol: string;
  readonly href: string;
}

/** Where a file is: a path, or a `file:` URL. */
export type FilePath = string | FileUrl;

/** @throws ArgumentError unless the value is a path or a `file:` URL. */
export function checkPath(where: string, path: unknown): string {
  const text = isUrl(path) ? fromUrl(where, path) : path;
  if (typeof text === "string" && text !== "" && !text.includes("\0")) return text;
  throw new ArgumentError(`${where}: expected the path of a file, got ${describe(path)}`);
}

function fromUrl(where: string, { href }: { readonly href: string }): string {
  try {
    return fileURLToPath(href);
  } catch (error) {
    throw new ArgumentError(`${where}: expected a file: URL, got ${href} (${(error as Error).message})`);
  }
}

/** What the system's codes mean for someone who reads or writes a file. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "there is no permission for it",
  EPERM: "there is no permission for it",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left on the device",
  EDQUOT: "the quota of disk space is used up",
  EFBIG: "the file would be larger than the file system allows",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  ELOOP: "its symbolic links form a circle",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EBUSY: "it is in use",
  EIO: "the device failed",
};

const ABSENT = { read: "there is no such file", written: "the folder for it does not exist" } as const;

/** A system's error as a FileError; an error of the library as it is. */
export function fileError(where: string, path: string, verb: keyof typeof ABSENT, cause: unknown): Error {
  if (cause instanceof ThalwegError || !types.isNativeError(cause)) return cause as Error;
  const { code = "" } = cause as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? ABSENT[verb] : REASONS[code];
  const why = reason === undefined ? cause.message : `${reason} (${code})`;
  return new FileError(`${where}: ${path} could not be ${verb}: ${why}`, { cause });
}
