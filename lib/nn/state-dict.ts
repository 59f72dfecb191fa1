import { settingChanged } from "../context/trace.js";
import { checkAssignable } from "../eager/apply.js";
import { ArgumentError, ThalwegError } from "../errors.js";
import { checkFlag, checkFunction, checkOptions, describe } from "../options.js";
import type { TypedArray } from "../tensor/dtype.js";
import { type Shape, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { reword } from "./place.js";

/** Parameters and buffers by name, in PyTorch's naming: `"m0.weight"`. */
export type StateDict = Record<string, Tensor>;

export interface LoadStateDictOptions {
  /** Refuse names that are missing or unknown, and other shapes. Default: true. */
  readonly strict?: boolean;
  /** The module's name for a name of the state; null leaves the entry out. Default: the same name. */
  readonly rename?: (name: string) => string | null;
}

/** What `loadStateDict` did not load. With `strict`, all lists are empty. */
export interface LoadReport {
  /** Names of the module that the state does not have. */
  readonly missingKeys: readonly string[];
  /** Names of the state, as `rename` gives them, that the module does not have. */
  readonly unexpectedKeys: readonly string[];
  /** Entries of another shape than the module's. */
  readonly mismatched: readonly { readonly name: string; readonly expected: Shape; readonly found: Shape }[];
}

/** The tensors that a state goes into: those of `stateDict()` by name, and any of them by another name of it. */
export interface Held {
  readonly named: ReadonlyMap<string, Tensor>;
  at(name: string): Tensor | undefined;
}

/** Copies values into tensors by name, all or none: nothing is written before everything is found to be there. */
export function loadState(held: Held, state: StateDict, options: LoadStateDictOptions): LoadReport {
  const where = "loadStateDict";
  const { strict, rename } = readLoadOptions(where, options);
  if (state === null || typeof state !== "object") {
    throw new ArgumentError(`${where}: expected tensors by name, got ${describe(state)}`);
  }
  const entries: Entry[] = [];
  const unexpectedKeys: string[] = [];
  for (const [name, value] of renamed(where, state, rename)) {
    const target = held.named.get(name) ?? held.at(name);
    if (target === undefined) unexpectedKeys.push(name);
    else entries.push({ name, target, value });
  }
  const found = new Set(entries.map(({ target }) => target));
  const missingKeys = [...held.named].flatMap(([name, target]) => (found.has(target) ? [] : [name]));
  if (strict && missingKeys.length + unexpectedKeys.length > 0) {
    throw new ArgumentError(
      `${where}: missing: ${missingKeys.join(", ") || "none"}; unknown: ${unexpectedKeys.join(", ") || "none"}`,
    );
  }
  const { sources, mismatched } = fitting(where, entries, strict);
  write(sources);
  return { missingKeys, unexpectedKeys, mismatched };
}

export function readLoadOptions(
  where: string,
  options: LoadStateDictOptions,
): Required<LoadStateDictOptions> {
  checkOptions(where, options, ["strict", "rename"]);
  const { strict = true, rename = (name) => name } = options;
  checkFunction(where, "rename", rename);
  return { strict: checkFlag(where, "strict", strict), rename };
}

/** The entries by the names that `rename` gives them. */
function renamed(
  where: string,
  state: StateDict,
  rename: (name: string) => string | null,
): Map<string, unknown> {
  const given = new Map<string, unknown>();
  const origins = new Map<string, string>();
  for (const [origin, value] of Object.entries(state)) {
    const name: unknown = rename(origin);
    if (name === null) continue;
    if (typeof name !== "string") {
      throw new ArgumentError(
        `${where}: expected rename to give a name, or null, for "${origin}", got ${describe(name)}`,
      );
    }
    const other = origins.get(name);
    if (other !== undefined) {
      throw new ArgumentError(`${where}: rename gives both "${other}" and "${origin}" the name "${name}"`);
    }
    origins.set(name, origin);
    given.set(name, value);
  }
  return given;
}

/** An entry of the state, and the tensor of the module that it is for. */
interface Entry {
  readonly name: string;
  readonly target: Tensor;
  readonly value: unknown;
}

interface Source {
  readonly name: string;
  readonly source: Tensor;
}

/** What is written into each tensor, and the entries of other shapes. */
function fitting(
  where: string,
  entries: readonly Entry[],
  strict: boolean,
): { sources: ReadonlyMap<Tensor, Source>; mismatched: LoadReport["mismatched"] } {
  const sources = new Map<Tensor, Source>();
  const mismatched: { name: string; expected: Shape; found: Shape }[] = [];
  for (const { name, target, value } of entries) {
    const source = checkTensor(where, name, value);
    if (!strict && !sameShape(target.shape, source.shape)) {
      mismatched.push({ name, expected: target.shape, found: source.shape });
      continue;
    }
    checkAssignable(`${where}: ${name}`, target, source);
    const other = sources.get(target);
    if (other === undefined) sources.set(target, { name, source });
    else checkEqual(where, other, { name, source });
  }
  return { sources, mismatched };
}

/** The values of an entry of the state. */
const valuesOf = ({ name, source }: Source): TypedArray =>
  memoryOf(`${name} of the state`, () => source.storage.forReading());

/** @throws ArgumentError where a tensor that is shared has one value under one name and another under another. */
function checkEqual(where: string, one: Source, other: Source): void {
  const others = valuesOf(other);
  if (valuesOf(one).every((value, i) => Object.is(value, others[i]))) return;
  throw new ArgumentError(
    `${where}: "${one.name}" and "${other.name}" are one tensor of the module, but have different values in the state`,
  );
}

function write(sources: ReadonlyMap<Tensor, Source>): void {
  const writes = Array.from(sources, ([target, one]) => ({
    target,
    values: valuesOf(one),
    array: memoryOf(one.name, () => target.storage.forWriting()),
  }));
  // The state may be made of the module's own memory in other places: all is read before anything is written.
  const written = new Set(writes.map(({ array }) => array.buffer));
  const ready = writes.map((one) => ({
    ...one,
    values: written.has(one.values.buffer) ? one.values.slice() : one.values,
  }));
  for (const { target, array, values } of ready) {
    array.set(values);
    target.storage.version++;
  }
  // A module may have made something of a buffer's values, which a trace took for granted.
  settingChanged();
}

/** What `get` gives; where it refuses, the error says whose memory it is. */
function memoryOf(name: string, get: () => TypedArray): TypedArray {
  try {
    return get();
  } catch (error) {
    if (error instanceof ThalwegError) {
      reword(error, `loadStateDict: ${name}: ${error.message.replace(/^tensor: /, "")}`);
    }
    throw error;
  }
}
