import { types } from "node:util";
import type { Attributes, Op } from "../eager/node.js";
import { TraceError } from "../errors.js";
import { isPlainObject } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { context, within } from "./context.js";
import { userLine, withFrames } from "./user-line.js";

/** One recorded instruction: what it reads and writes, in the instruction's own order. */
export interface Recorded {
  readonly instruction: number;
  readonly params: readonly number[];
  readonly operands: readonly (Tensor | null)[];
  readonly written: readonly Tensor[];
  /** The op that was applied; left out for an instruction that writes in place. */
  readonly applied?: { readonly op: Op; readonly attributes: Attributes; readonly inputs: readonly Tensor[] };
}

/** A recorded instruction and where it was recorded. */
export interface RecordedWithin extends Recorded {
  /** The number of the recomputation that it belongs to; 0 for none. */
  readonly recomputation: number;
  /** The user's line that called it; null if the trace keeps no lines. */
  readonly line: string | null;
  /** The random numbers that it draws; left out for none. */
  readonly drawn?: { readonly source: RandomSource; readonly blocks: number };
}

/** A stretch of a recording: it recorded the instructions [begin, end). */
export interface Stretch {
  readonly begin: number;
  readonly end: number;
  /** The stretches within which it is. */
  readonly depth: number;
  /** Its place in the order in which stretches began. */
  readonly order: number;
}

/** What is one op to its caller: a composition of others, or one whose derivative is not that of its instructions. */
export interface Composition extends Stretch {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** Computes it of other inputs. */
  readonly again: (...inputs: Tensor[]) => Tensor;
  /** Whether its instructions alone have another derivative. */
  readonly isWhole: boolean;
}

/** A setting that a trace assumed. The program is valid for this value only. */
export interface Assumption {
  holds(): boolean;
  /** The name of what has changed; null if it has none. */
  changed?(): string | null;
}

/** What computed a value, and the line that called it. */
export interface Maker {
  readonly what: string;
  readonly line: string | null;
}

/** Keys of the methods of a `RandomSource`. Symbols, so that only programs and runs call them. */
export const take = Symbol("take");
export const fork = Symbol("fork");
export const copy = Symbol("copy");

/** A source of random numbers. */
export interface RandomSource {
  /** Draws the next `blocks` blocks. @returns the state before them, [3], in the form that native draws take. */
  [take](blocks: number): Float64Array;
  /** A new source with a sequence of its own. Draws from either source do not change the other. */
  [fork](): RandomSource;
  /** A new source that draws the same numbers as this one from now on. */
  [copy](): RandomSource;
}

/** What a traced function draws from a source in one run. */
export interface Draws {
  readonly source: RandomSource;
  /** The state that the program's draws read and advance. */
  readonly state: Tensor;
  readonly blocks: number;
}

type Owner = object & Readonly<Record<string, unknown>>;

// Limits on the lists and plain objects in a module's fields that a specialization compares: their depth, and the
// number of entries. It compares them before each run.
const DEPTH = 3;
const MOST_ENTRIES = 256;

/** A place that held a value when the trace met it: a field, or an entry of a list or of a plain object. */
interface Slot {
  readonly holder: Owner;
  readonly key: string;
  readonly value: unknown;
}

/** What a map or a set held. Of a large one only the size: `items` is null. */
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

  /** Notes the fields of an object and, recursively, of each field that is a module: that has a `forward`. */
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
 * Assumes that objects have the fields that they had in the trace. Fields that the traced function itself changed do
 * not count. The data are flat lists because `holds()` runs before each run.
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
   * Whether the traced function left a symbol in a field. The next call may read the field, so it is traced again:
   * a read is an error in that trace. If that trace only writes the field, the field no longer counts.
   */
  readonly #keepsSymbol: boolean;

  /** To be called after the trace has ended. */
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
 * Assumes that settings have the values that they had in the trace. Each change of a setting calls `settingChanged`,
 * so the settings are compared only if some setting has changed since the last comparison.
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

/** To be called after a change of a setting that a trace may have assumed. */
export function settingChanged(): void {
  changes++;
}

/** Whether two lists hold the same values. */
export function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

let lastId = 0;

export interface TraceOptions {
  /** Keep the user's line that called each instruction. It costs a stack trace for each. Default: false. */
  readonly lines?: boolean;
}

/** The recording of one function. */
export class Trace {
  /** Unique per trace, so that a tensor knows in which trace it was made. */
  readonly id: number = ++lastId;
  readonly recorded: RecordedWithin[] = [];
  /** Tensors that see another one's memory under another shape, with that one. */
  readonly views = new Map<Tensor, Tensor>();
  /** In the order in which they ended. */
  readonly compositions: Composition[] = [];
  /** Assumptions by the object that owns the setting; null if the traced function set it before reading it. */
  readonly #settings = new Map<object, Assumption | null>();
  /** The fields of objects as the trace met them. */
  readonly #fields = new Fields();
  /** The ops that the checks of `detectAnomaly` name, by the number in the check. */
  readonly makers: Maker[] = [];
  readonly #draws = new Map<RandomSource, Draws>();
  /** The tensors whose gradient was set, with their gradient before. */
  readonly #gradients = new Map<Tensor, Tensor | null>();
  /** The tensors that had no gradient when they were read, and that the traced function had not set. */
  readonly #withoutGradient = new Set<Tensor>();
  #begun = 0;
  #depth = 0;
  #recomputation = 0;
  #lastRecomputation = 0;
  readonly #keepsLines: boolean;

  constructor({ lines = false }: TraceOptions = {}) {
    this.#keepsLines = lines;
  }

  push(instruction: Recorded): void {
    for (const operand of instruction.operands) if (operand !== null) this.checkSymbol(operand);
    const line = this.#keepsLines ? userLine() : null;
    this.recorded.push({ ...instruction, recomputation: this.#recomputation, line });
  }

  /** @throws TraceError for a symbol of another trace; GraphError for a symbol that stands for samples. */
  checkSymbol({ storage, mapped }: Tensor): void {
    if (storage.isSymbolic && (storage.bornIn !== this.id || mapped !== null)) storage.forReading();
  }

  /** The sources from which each run draws. Sources that the function itself makes are part of the program. */
  get draws(): Draws[] {
    return [...this.#draws.values()].filter(({ state }) => !state.storage.isSymbolic);
  }

  /** The state from which the program draws, in place of the source's own state. */
  stateOf(source: RandomSource, make: () => Tensor): Tensor {
    const draws = this.#draws.get(source) ?? { source, state: make(), blocks: 0 };
    this.#draws.set(source, draws);
    return draws.state;
  }

  /** To be called after the instruction that draws these blocks was recorded. */
  countDraws(source: RandomSource, more: number): void {
    const draws = this.#draws.get(source) as Draws;
    this.#draws.set(source, { ...draws, blocks: draws.blocks + more });
    const last = this.recorded.pop() as RecordedWithin;
    this.recorded.push({ ...last, drawn: { source, blocks: more } });
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

  /** To be called before a tensor's gradient is set. */
  noteGradient(tensor: Tensor): void {
    if (!this.#gradients.has(tensor)) this.#gradients.set(tensor, tensor.heldGrad);
  }

  /** Makes the program valid only while the tensor has no gradient, unless the traced function set its gradient. */
  assumeNoGradient(tensor: Tensor): void {
    if (!this.#gradients.has(tensor)) this.#withoutGradient.add(tensor);
  }

  /** Removes the gradients that were set: they become null, or after a failure the gradient before the trace. */
  dropGradients(failed: boolean): void {
    for (const [tensor, before] of this.#gradients) {
      if (failed) tensor.heldGrad = before;
      // Set and put back is as it was.
      else if (tensor.heldGrad !== before) tensor.heldGrad = null;
    }
  }

  /** Notes which instructions a function records. */
  stretch<T>(inside: () => T): { readonly result: T; readonly stretch: Stretch } {
    const begin = this.recorded.length;
    const order = this.#begun++;
    const depth = this.#depth++;
    try {
      const result = inside();
      return { result, stretch: { begin, end: this.recorded.length, depth, order } };
    } finally {
      this.#depth = depth;
    }
  }

  /** Records `run` as a new recomputation. */
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

/** The trace that records instructions; null while instructions run at once. */
export function currentTrace(): Trace | null {
  return context.trace;
}

export interface ComposedOptions {
  /** Whether the derivative is not that of the instructions. Default: false. */
  readonly isWhole?: boolean;
  /** Computes it again with its derivative. Default: `compute`. */
  readonly again?: (...inputs: Tensor[]) => Tensor;
}

/**
 * Computes an op that is made of others, and notes in the trace that it is one to its caller.
 * @param compute of inputs: these, and others when the op is computed again.
 */
export function composed(
  name: string,
  inputs: readonly Tensor[],
  compute: (...inputs: Tensor[]) => Tensor,
  { isWhole = false, again = compute }: ComposedOptions = {},
): Tensor {
  const { trace } = context;
  // Under vmap an instruction computes all samples, but `inputs` hold one sample: the op cannot be recorded.
  if (trace === null || inputs.some(({ mapped }) => mapped !== null)) return compute(...inputs);
  const { result: output, stretch } = trace.stretch(() => compute(...inputs));
  trace.compositions.push({ name, inputs, output, again, isWhole, ...stretch });
  return output;
}

/** Makes the trace depend on a setting, such as a module's mode. Each change of it must call `settingChanged`. */
export function assume<T>(owner: object, read: () => T, same: (a: T, b: T) => boolean = Object.is): void {
  context.trace?.assume(owner, read, same);
}

/**
 * Makes the trace depend on the fields of an object such as a module, on its `forward`, and on both for the modules
 * in its fields. The entries of lists, maps, sets and plain objects count too; of large ones only the size. Fields
 * that the traced function itself changes do not count. #private fields cannot be seen.
 */
export function assumeFields(owner: object): void {
  context.trace?.assumeFields(owner);
}

/** Tells the trace that the traced function sets this setting. Its value before the call does not matter, then. */
export function overrule(owner: object): void {
  context.trace?.overrule(owner);
}

/**
 * Runs `run` with every instruction recorded instead of run.
 * @returns the result of `run`, and the recording.
 */
export function trace<T>(run: () => T, options?: TraceOptions): { result: T; trace: Trace } {
  if (context.trace !== null)
    throw new TraceError("compile: a compiled function was called within another one's trace");
  const recording = new Trace(options);
  let failed = true;
  try {
    const result = within("trace", recording, () => withFrames(run));
    failed = false;
    return { result, trace: recording };
  } finally {
    recording.dropGradients(failed);
  }
}
