import { Buffer } from "node:buffer";
import { isSameList, type Trace } from "../context/trace.js";
import { instructionId } from "../native/instructions.js";
import type { Program, Value } from "../plan/ir.js";
import { DTYPES, type TypedArray } from "../tensor/dtype.js";
import type { Captured } from "./capture.js";
import { type Executable, number } from "./executable.js";

/** All that an executable is made of, in a form that can be compared. */
interface Contents {
  readonly numbers: readonly number[];
  /** Compared by identity: the memory of tensors, sources of random numbers; texts. */
  readonly things: readonly unknown[];
  /** Compared bit by bit. */
  readonly constants: readonly Uint8Array[];
}

interface Entry {
  readonly contents: Contents;
  readonly executable: Executable;
}

/** Enough for the functions that are traced again and again, each for two sizes of mini-batch. */
const MOST = 32;

/**
 * Executables of functions that may be traced again with the same result, such as a model with a cost that is written
 * anew in each call. What they have in common is planned, compiled and tuned once.
 */
export class Pool {
  /** The last one used comes last. */
  readonly #entries: Entry[] = [];

  /** An executable that does what was captured: one that is known, or a new one. */
  executableFor(captured: Captured, trace: Trace, watched: boolean, make: () => Executable): Executable {
    const contents = contentsOf(captured, trace, watched);
    const at = this.#entries.findIndex((one) => isSame(one.contents, contents));
    const [known] = at < 0 ? [] : this.#entries.splice(at, 1);
    const entry = known ?? { contents, executable: make() };
    if (this.#entries.length >= MOST) this.#entries.shift();
    this.#entries.push(entry);
    return entry.executable;
  }
}

function contentsOf({ program, inputs }: Captured, trace: Trace, watched: boolean): Contents {
  const values = number(program, inputs);
  // Each trace makes a new state for the program to draw from. Its source is compared instead.
  const sources = new Map(trace.draws.map(({ state, source }) => [state.storage, source]));
  const things: unknown[] = trace.makers.flatMap(({ what, line }) => [what, line]);
  const constants: Uint8Array[] = [];
  const numbers = [Number(watched), inputs.length, values.size, things.length];
  for (const value of values.keys()) {
    const { kind, dtype, shape, storage, contents, argument = -1 } = value;
    const isTensors = storage !== undefined;
    numbers.push(KINDS.indexOf(kind), Number(isTensors), argument, DTYPES.indexOf(dtype));
    numbers.push(shape.length, ...shape);
    if (isTensors) things.push(sources.get(storage) ?? storage);
    // A copy, since what made the constant may write to its array later.
    else if (kind === "constant") constants.push(bytesOf(contents as TypedArray).slice());
  }
  numbers.push(...ofInstructions(program, values));
  for (const { source, blocks } of trace.draws) {
    things.push(source);
    numbers.push(blocks);
  }
  return { numbers, things, constants };
}

const KINDS: readonly Value["kind"][] = ["input", "state", "constant", "temporary"];

function* ofInstructions(
  { instructions, outputs }: Program,
  values: ReadonlyMap<Value, number>,
): Iterable<number> {
  const at = (value: Value | null): number => (value === null ? -1 : (values.get(value) as number));
  for (const { name, params, operands, recomputation = 0 } of instructions) {
    yield* [instructionId(name), recomputation, params.length, operands.length, ...params];
    yield* operands.map(at);
  }
  yield* outputs.map(at);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function isSame(a: Contents, b: Contents): boolean {
  return (
    a.constants.length === b.constants.length &&
    isSameList(a.numbers, b.numbers) &&
    isSameList(a.things, b.things) &&
    a.constants.every((constant, i) => Buffer.compare(constant, b.constants[i] as Uint8Array) === 0)
  );
}
