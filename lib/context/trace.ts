import { types } from "node:util";
import { TraceError } from "../errors.js";
import { isPlainObject } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { context, within } from "./context.js";
import { withFrames } from "./user-line.js";

/** One instruction as it was recorded: what it reads and writes, in the instruction's own order. */
export interface Recorded {
  readonly instruction: number;
  readonly params: readonly number[];
  readonly operands: readonly (Tensor | null)[];
  readonly written: readonly Tensor[];
}

/** A recorded instruction, with which recomputation it belongs to: 0 for none. */
export type RecordedWithin = Recorded & { readonly recomputation: number };

/** A setting that a trace took for granted: its program is for this value alone. */
export interface Assumption {
  holds(): boolean;
  /** What has changed, where that has a name. */
  changed?(): string | null;
}

/** What computed a value, and the line that asked for it. */
export interface Maker {
  readonly what: string;
  readonly line: string | null;
}

/** What a program and a run ask of what random numbers come from; nobody else does. */
export const take = Symbol("take");
export const fork = Symbol("fork");
export const copy = Symbol("copy");

/** What random numbers come from. */
export interface RandomSource {
  /** The state for the next `blocks` blocks, which are drawn with this: [3], as the native draws take it. */
  [take](blocks: number): Float64Array;
  /** Another source that goes its own way from here: what either draws does not change the other. */
  [fork](): RandomSource;
  /** Another source that draws the same from here. */
  [copy](): RandomSource;
}

/** What a traced function draws from a source in one run. */
export interface Draws {
  readonly source: RandomSource;
  /** The state that the program's draws read and move on. */
  readonly state: Tensor;
  readonly blocks: number;
}

type Owner = object & Readonly<Record<string, unknown>>;

// How deep a specialization looks into lists and plain objects of a module's fields, and at how many of their entries: it does
// so before each run.
const DEPTH = 3;
const MOST_ENTRIES = 256;

/** A place that held a value when the trace met it: a field, or an entry of a list or of a plain object. */
interface Slot {
  readonly holder: Owner;
  readonly key: string;
  readonly value: unknown;
}

/** What a map or a set held; of a large one only how much. */
interface Collection {
  readonly held: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>;
  readonly size: number;
  readonly items: readonly unknown[] | null;
}

/** The fields of objects as a trace met them. */
class Fields {
  readonly owners = new Set<Owner>();
  readonly slots: Slot[] = [];
  readonly collections: Collection[] = [];

  /** Notes the fields of an object, and of the objects among them that have a `forward`: modules. */
  add(owner: object): void {
    if (this.owners.has(owner as Owner)) return;
    this.owners.add(owner as Owner);
    for (const [key, value] of Object.entries(owner)) this.#note(owner as Owner, key, value, 0);
  }

  #note(holder: Owner, key: string, value: unknown, depth: number): void {
    this.slots.push({ holder, key, value });
    if (typeof value !== "object" || value === null || depth === DEPTH) return;
    if (typeof (value as Owner)["forward"] === "function") this.add(value);
    else if (Array.isArray(value) || isPlainObject(value))
      this.#noteEntries(value as unknown as Owner, depth);
    else if (types.isMap(value) || types.isSet(value)) this.#noteCollection(value, depth);
  }

  #noteEntries(holder: Owner, depth: number): void {
    if (Array.isArray(holder)) this.slots.push({ holder, key: "length", value: holder.length });
    const keys = Object.keys(holder);
    if (keys.length > MOST_ENTRIES) return;
    if (!Array.isArray(holder)) this.owners.add(holder);
    for (const key of keys) this.#note(holder, key, holder[key], depth + 1);
  }

  #noteCollection(held: Collection["held"], depth: number): void {
    const items = held.size > MOST_ENTRIES ? null : itemsOf(held);
    this.collections.push({ held, size: held.size, items });
    for (const item of items ?? []) if (depth < DEPTH && isModuleLike(item)) this.add(item as object);
  }
}

const isModuleLike = (value: unknown): boolean =>
  typeof value === "object" && value !== null && typeof (value as Owner)["forward"] === "function";

const itemsOf = (held: Collection["held"]): readonly unknown[] => [...held].flat();

/**
 * That objects have the fields that they had, but for those that the traced function changed itself. All in flat lists:
 * it is asked before each run.
 */
class SameFields implements Assumption {
  readonly #owners: readonly Owner[];
  readonly #counts: readonly number[];
  readonly #forwards: readonly unknown[];
  readonly #holders: readonly Owner[];
  readonly #keys: readonly string[];
  readonly #values: readonly unknown[];
  readonly #collections: readonly Collection[];
  /**
   * Whether a field came to hold a symbol, which the next call may read. That call is traced anew: reading it is an error
   * then, and what is only written does not count from then on.
   */
  readonly #keepsSymbol: boolean;

  /** Made when the trace has ended. */
  constructor({ owners, slots, collections }: Fields) {
    this.#owners = [...owners];
    this.#counts = this.#owners.map(countFields);
    this.#forwards = this.#owners.map((owner) => owner["forward"]);
    const same = slots.filter(({ holder, key, value }) => Object.is(holder[key], value));
    this.#holders = same.map(({ holder }) => holder);
    this.#keys = same.map(({ key }) => key);
    this.#values = same.map(({ value }) => value);
    this.#collections = collections.filter(isSameCollection);
    this.#keepsSymbol = slots.some(({ holder, key, value }) => isSymbol(holder[key]) && !isSymbol(value));
  }

  holds(): boolean {
    if (this.#keepsSymbol) return false;
    return this.#firstChanged() < 0 && this.#haveSameFields() && this.#collections.every(isSameCollection);
  }

  changed(): string | null {
    const at = this.#firstChanged();
    return at < 0 ? null : `${(this.#holders[at] as Owner).constructor.name}.${this.#keys[at]}`;
  }

  #firstChanged(): number {
    const [holders, keys, values] = [this.#holders, this.#keys, this.#values];
    for (let i = 0; i < keys.length; i++) {
      if (!Object.is((holders[i] as Owner)[keys[i] as string], values[i])) return i;
    }
    return -1;
  }

  #haveSameFields(): boolean {
    const owners = this.#owners;
    for (let i = 0; i < owners.length; i++) {
      const owner = owners[i] as Owner;
      if (owner["forward"] !== this.#forwards[i] || countFields(owner) !== this.#counts[i]) return false;
    }
    return true;
  }
}

const isSymbol = (value: unknown): boolean =>
  typeof value === "object" && value !== null && (value as Partial<Tensor>).storage?.isSymbolic === true;

const isSameCollection = ({ held, size, items }: Collection): boolean =>
  held.size === size && (items === null || isSameList(items, itemsOf(held)));

function countFields(owner: Owner): number {
  let count = 0;
  for (const _ in owner) count++;
  return count;
}

/**
 * That settings are what they were. They tell of their changes by `settingChanged`, so that they are looked at only
 * where one has changed since the last time.
 */
class SameSettings implements Assumption {
  readonly #settings: readonly Assumption[];
  #seen = -1;

  constructor(settings: readonly Assumption[]) {
    this.#settings = settings;
  }

  holds(): boolean {
    if (this.#seen === changes) return true;
    for (const setting of this.#settings) if (!setting.holds()) return false;
    this.#seen = changes;
    return true;
  }
}

let changes = 0;

/** Tells that a setting which a trace may have assumed has another value. */
export function settingChanged(): void {
  changes++;
}

/** Whether two lists hold the same values. */
export function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

let lastId = 0;

/** The recording of one function. */
export class Trace {
  /** Numbers traces, so that a tensor knows whether it was made within one. */
  readonly id: number = ++lastId;
  readonly recorded: RecordedWithin[] = [];
  /** By whose setting it is; null where the traced function set it itself, before it was read. */
  readonly #settings = new Map<object, Assumption | null>();
  /** The fields of objects when the trace met them. */
  readonly #fields = new Fields();
  /** What the checks of `detectAnomaly` name, by their number. */
  readonly makers: Maker[] = [];
  readonly #draws = new Map<RandomSource, Draws>();
  /** The tensors whose gradient was set, with the one before. */
  readonly #gradients = new Map<Tensor, Tensor | null>();
  /** The tensors that were found without a gradient, which the traced function did not set. */
  readonly #withoutGradient = new Set<Tensor>();
  #recomputation = 0;
  #lastRecomputation = 0;

  push(instruction: Recorded): void {
    for (const operand of instruction.operands) if (operand !== null) this.checkSymbol(operand);
    this.recorded.push({ ...instruction, recomputation: this.#recomputation });
  }

  /** @throws TraceError for a symbol that is not this trace's; GraphError for one that stands for samples. */
  checkSymbol({ storage, mapped }: Tensor): void {
    if (storage.isSymbolic && (storage.bornIn !== this.id || mapped !== null)) storage.forReading();
  }

  /** What each run takes from elsewhere: sources that the function makes itself are part of its program. */
  get draws(): Draws[] {
    return [...this.#draws.values()].filter(({ state }) => !state.storage.isSymbolic);
  }

  /** The state that the program draws with in a source's place. */
  stateOf(source: RandomSource, make: () => Tensor): Tensor {
    const draws = this.#draws.get(source) ?? { source, state: make(), blocks: 0 };
    this.#draws.set(source, draws);
    return draws.state;
  }

  countDraws(source: RandomSource, more: number): void {
    const draws = this.#draws.get(source) as Draws;
    this.#draws.set(source, { ...draws, blocks: draws.blocks + more });
  }

  get assumptions(): Assumption[] {
    const settings = [...this.#settings.values()].filter((setting) => setting !== null);
    const gradients = Array.from(this.#withoutGradient, (tensor) => ({
      holds: () => tensor.heldGrad === null,
    }));
    return [new SameSettings([...settings, ...gradients]), new SameFields(this.#fields)];
  }

  assumeFields(owner: object): void {
    this.#fields.add(owner);
  }

  assume<T>(owner: object, read: () => T, same: (a: T, b: T) => boolean = Object.is): void {
    if (this.#settings.has(owner)) return;
    const value = read();
    this.#settings.set(owner, { holds: () => same(read(), value) });
  }

  overrule(owner: object): void {
    if (!this.#settings.has(owner)) this.#settings.set(owner, null);
  }

  /** Tells that a tensor's gradient is about to be set. */
  noteGradient(tensor: Tensor): void {
    if (!this.#gradients.has(tensor)) this.#gradients.set(tensor, tensor.heldGrad);
  }

  /** Tells that the program takes a tensor to have no gradient, unless the traced function saw to it. */
  assumeNoGradient(tensor: Tensor): void {
    if (!this.#gradients.has(tensor)) this.#withoutGradient.add(tensor);
  }

  /** Lets no gradient out of the program: a symbol becomes null, or after a failure what it was before. */
  dropGradients(failed: boolean): void {
    for (const [tensor, before] of this.#gradients) {
      if (tensor.heldGrad?.storage.isSymbolic === true || failed) tensor.heldGrad = failed ? before : null;
    }
  }

  /** Keeps what `run` records apart from what was computed before. */
  again<T>(run: () => T): T {
    const outer = this.#recomputation;
    this.#recomputation = ++this.#lastRecomputation;
    try {
      return run();
    } finally {
      this.#recomputation = outer;
    }
  }
}

/** Where instructions are recorded while a function is traced; null while they run at once. */
export function currentTrace(): Trace | null {
  return context.trace;
}

/** Tells a trace that what it records depends on a setting, as a module's mode, which tells of its changes. */
export function assume<T>(owner: object, read: () => T, same: (a: T, b: T) => boolean = Object.is): void {
  context.trace?.assume(owner, read, same);
}

/**
 * Tells a trace that what it records depends on the fields of an object, such as a module, on its `forward`, and on
 * those of the modules in its fields. Lists, maps, sets and plain objects are looked into, large ones only for their
 * size. What the traced function changes itself does not count; what begins with # cannot be seen.
 */
export function assumeFields(owner: object): void {
  context.trace?.assumeFields(owner);
}

/** Tells a trace that the traced function sets it, so that it does not matter what it was. */
export function overrule(owner: object): void {
  context.trace?.overrule(owner);
}

/**
 * Runs `run` with every instruction recorded instead of run.
 * @returns what `run` gave, and the recording.
 */
export function trace<T>(run: () => T): { result: T; trace: Trace } {
  if (context.trace !== null)
    throw new TraceError("compile: a compiled function was called within another one's trace");
  const recording = new Trace();
  let failed = true;
  try {
    const result = within("trace", recording, () => withFrames(run));
    failed = false;
    return { result, trace: recording };
  } finally {
    recording.dropGradients(failed);
  }
}
