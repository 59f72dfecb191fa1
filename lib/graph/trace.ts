import { types } from "node:util";
import { TraceError } from "../errors.js";
import { context, within } from "./context.js";
import type { Tensor } from "./tensor.js";
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
}

/** What computed a value, and the line that asked for it. */
export interface Maker {
  readonly what: string;
  readonly line: string | null;
}

/** What a program and a run ask of what random numbers come from; nobody else does. */
export const take = Symbol("take");
export const fork = Symbol("fork");

/** What random numbers come from. */
export interface RandomSource {
  /** The state for the next `blocks` blocks, which are drawn with this: [3], as the native draws take it. */
  [take](blocks: number): Float64Array;
  /** Another source that goes its own way from here: what either draws does not change the other. */
  [fork](): RandomSource;
}

/** What a traced function draws from a source in one run. */
export interface Draws {
  readonly source: RandomSource;
  /** The state that the program's draws read and move on. */
  readonly state: Tensor;
  readonly blocks: number;
}

/** A field of an object, and what it holds where it is a list or a map. */
interface Field {
  readonly name: string;
  readonly value: unknown;
  readonly items: readonly unknown[] | null;
}

/** That an object has the fields that it had, but for those that the traced function changed itself. */
class SameFields implements Assumption {
  readonly #owner: Readonly<Record<string, unknown>>;
  readonly #fields: readonly Field[];
  readonly #count: number;
  readonly #forward: unknown;

  /** Made when the trace has ended. */
  constructor(owner: object, before: readonly Field[]) {
    this.#owner = owner as Readonly<Record<string, unknown>>;
    this.#fields = before.filter((field) => this.#isSame(field));
    this.#count = this.#countFields();
    this.#forward = this.#owner["forward"];
  }

  /** Asked before each run. */
  holds(): boolean {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i++) if (!this.#isSame(fields[i] as Field)) return false;
    return this.#owner["forward"] === this.#forward && this.#countFields() === this.#count;
  }

  #isSame({ name, value, items }: Field): boolean {
    if (!Object.is(this.#owner[name], value)) return false;
    return items === null || isSameList(items, itemsOf(value) as readonly unknown[]);
  }

  #countFields(): number {
    let count = 0;
    for (const _ in this.#owner) count++;
    return count;
  }
}

function fieldsOf(owner: object): Field[] {
  return Object.entries(owner).map(([name, value]) => {
    const items = itemsOf(value);
    return { name, value, items: items === null ? null : [...items] };
  });
}

/** What a list or a map holds, as a list; null for anything else. */
function itemsOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  return types.isMap(value) ? [...value].flat() : null;
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
  readonly #fields = new Map<object, readonly Field[]>();
  /** What the checks of `detectAnomaly` name, by their number. */
  readonly makers: Maker[] = [];
  readonly #draws = new Map<RandomSource, Draws>();
  /** The tensors whose gradient was set, with the one before. */
  readonly #gradients = new Map<Tensor, Tensor | null>();
  #recomputation = 0;
  #lastRecomputation = 0;

  push(instruction: Recorded): void {
    for (const operand of instruction.operands) if (operand !== null) this.checkSymbol(operand);
    this.recorded.push({ ...instruction, recomputation: this.#recomputation });
  }

  /** @throws TraceError for a symbol that is not this trace's; GraphError for one that stands for samples. */
  checkSymbol({ storage, batch }: Tensor): void {
    if (storage.isSymbolic && (storage.bornIn !== this.id || batch !== null)) storage.forReading();
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
    return [...settings, ...Array.from(this.#fields, ([owner, fields]) => new SameFields(owner, fields))];
  }

  assumeFields(owner: object): void {
    if (this.#fields.has(owner)) return;
    this.#fields.set(owner, fieldsOf(owner));
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

/** Tells a trace that what it records depends on a setting, as a module's mode. */
export function assume<T>(owner: object, read: () => T, same: (a: T, b: T) => boolean = Object.is): void {
  context.trace?.assume(owner, read, same);
}

/**
 * Tells a trace that what it records depends on the fields of an object, such as a module, and on its `forward`.
 * What the traced function changes itself does not count.
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
