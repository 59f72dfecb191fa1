// What a value is, whichever realm made it. Each realm (a `vm` context, the sandbox of a test runner, jsdom) has classes of
// its own, and `instanceof` asks for the class of one of them: lib/ asks it of its own classes alone, which
// scripts/check-realms.mjs holds. Of typed arrays, maps, dates and what else the language has, `types` of node:util asks
// what they are by their internal slots.
import { types } from "node:util";
import { describe } from "./options.js";

const tagOf = (value: object): string => Object.prototype.toString.call(value).slice("[object ".length, -1);

/** Whether the value is a URL: of Node.js, of jsdom or of another realm. */
export function isUrl(value: unknown): value is { readonly href: string } {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  return tagOf(value) === "URL" && typeof (value as { readonly href?: unknown }).href === "string";
}

/** Whether the value is a promise, or another object that `await` waits for. */
export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Partial<PromiseLike<unknown>>).then === "function";

/**
 * Whether the value is an error. A DOMException, such as the reason of an abort, is one too, and so is what Node.js makes
 * of an error that a worker has thrown: an object with its name, message and stack.
 */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true;
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  if (tagOf(value) === "DOMException") return true;
  const { name, message, stack } = value as { readonly [key: string]: unknown };
  return [name, message, stack].every((text) => typeof text === "string");
}

/** The message of what was thrown, which may be no error. */
export const messageOf = (thrown: unknown): string => (isError(thrown) ? thrown.message : describe(thrown));

/** The same memory as a Buffer, of which there is one class in all realms: packages take it from each of them. */
export const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
