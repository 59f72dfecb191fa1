import { type Draws, type Maker, type RandomSource, type Trace, take } from "../context/trace.js";
import { fromNative } from "../eager/apply.js";
import { BusyError } from "../errors.js";
import {
  binding,
  type LoopArguments,
  type NativeArray,
  type NativeMemory,
  type NativePlan,
  type NativeProgram,
  newMemory,
} from "../native/binding.js";
import { instructionId } from "../native/instructions.js";
import type { Arena } from "../plan/arena.js";
import { type Program, type Value, written } from "../plan/ir.js";
import { bytesOf, DTYPES } from "../tensor/dtype.js";
import { checkFree, claim, describeStorage, type Run, type Uses, withResolvers } from "../tensor/run.js";
import type { Storage } from "../tensor/storage.js";

/** The native numbers of the places where a value's memory may be. */
const PLACE = { arena: 0, memory: 1, input: 2 } as const;

/** A set of samples along the first axis that a loop takes its mini-batches from. */
export interface Source {
  /** An array only for a loop on this thread. */
  readonly values: NativeMemory | NativeArray;
  readonly rows: number;
  readonly rowBytes: number;
  /** Where the values are bytes b that stand for scale · (b − zeroPoint). */
  readonly scale?: number;
  readonly zeroPoint?: number;
}

/** Which run of a program on the engine's own thread it is. */
export interface RunOptions {
  /** For error messages. Default: `"a compiled function"`. */
  readonly name?: string;
  /** What a tensor that the run uses is called, for error messages. */
  readonly nameOf?: (storage: Storage) => string | undefined;
  /** Other tensors that it reads. */
  readonly read?: readonly Storage[];
}

/** What an instruction costs. */
export interface InstructionCost {
  /** An addition, a product, a comparison or a call of a function of one element counts as one. */
  readonly flops: number;
  /** Bytes read and written, each operand once. */
  readonly bytes: number;
  /** On one thread, about. */
  readonly nanoseconds: number;
}

/** Gives the source that a run draws from in the place of the one that its function drew from. */
export type SourceFor = (source: RandomSource) => RandomSource;

/** Factor on the estimate of a step, which is for an idle machine. */
const CAUTION = 2;

const sameSource: SourceFor = (source) => source;

/** A program that has its memory and can run. */
export class Executable implements Uses {
  readonly program: Program;
  readonly arena: Arena;
  /** The tensors that it reads and writes besides its inputs, and which of them it writes. */
  readonly states: readonly Storage[];
  readonly written: ReadonlySet<Storage>;
  readonly draws: readonly Draws[];
  readonly #native: NativeProgram;
  readonly #makers: readonly Maker[];
  /** Runs on the engine's thread that have not ended. */
  #pending = 0;
  /** What the last step that was timed took, in milliseconds. */
  #timed: number | null = null;

  constructor(program: Program, arena: Arena, inputs: readonly Value[], { draws, makers }: Trace) {
    this.program = program;
    this.arena = arena;
    this.#makers = makers;
    const numbered = number(program, inputs);
    const values: number[] = [];
    const memories: NativeMemory[] = [];
    const states = new Set<Storage>();
    for (const value of numbered.keys()) {
      let place: number = PLACE.arena;
      let at = arena.offsets.get(value) ?? 0;
      if (value.kind === "input") [place, at] = [PLACE.input, inputs.indexOf(value)];
      if (value.kind === "state" || value.kind === "constant") {
        [place, at] = [PLACE.memory, memories.length];
        memories.push(memoryOf(value));
        if (value.storage !== undefined) states.add(value.storage);
      }
      values.push(place, at, value.size, DTYPES.indexOf(value.dtype));
    }
    const index = (value: Value | null): number => (value === null ? -1 : (numbered.get(value) as number));
    const instructions = program.instructions.flatMap(({ name, params, operands }) => [
      instructionId(name),
      params.length,
      operands.length,
      ...params,
      ...operands.map(index),
    ]);
    this.states = [...states];
    this.written = writtenStates(program);
    this.draws = draws.filter(({ state }) => states.has(state.storage));
    this.#native = typed(
      () =>
        new binding.Program(
          arena.bytes,
          Float64Array.from(values),
          memories,
          Float64Array.from(instructions),
          Float64Array.from(program.outputs, index),
          // Velocities decay into denormal numbers, which are slow; a program without state is exact.
          this.written.size > this.draws.length,
        ),
    );
  }

  /**
   * The schedule of a loop with mini-batches of that many samples; for 0, of one step.
   * @throws BusyError while it runs
   */
  plan(batch: number): NativePlan {
    this.#refuseWhilePending();
    return typed(() => this.#native.plan(batch));
  }

  /**
   * What each instruction costs, in their order.
   * @throws BusyError while it runs
   */
  costs(): InstructionCost[] {
    this.#refuseWhilePending();
    const numbers = typed(() => this.#native.costs());
    return this.program.instructions.map((_, at) => {
      const [flops = 0, bytes = 0, nanoseconds = 0] = numbers.subarray(3 * at);
      return { flops, bytes, nanoseconds };
    });
  }

  /** What the last run on the engine's own thread took, without the time that it waited, in milliseconds. */
  get milliseconds(): number {
    return this.#native.milliseconds();
  }

  /**
   * Milliseconds of a step: the time of the last step that was timed. Before any step was timed it is an estimate: the
   * engine's for one thread of an idle machine, times a factor. It is infinite while the program runs, because the run
   * may change the program's tasks.
   */
  get duration(): number {
    if (this.#timed !== null) return this.#timed;
    return this.#pending > 0 ? Number.POSITIVE_INFINITY : CAUTION * this.#native.estimate();
  }

  /** Whether a step was timed. */
  get isTimed(): boolean {
    return this.#timed !== null;
  }

  /** Notes what a step took, in milliseconds. The caller may have timed several steps together. */
  noteDuration(milliseconds: number): void {
    this.#timed = milliseconds;
  }

  /** One step: reads the inputs and fills the outputs. */
  run(inputs: readonly NativeArray[], outputs: readonly NativeArray[], sourceFor = sameSource): void {
    this.#atOnce(1, sourceFor, () => this.#native.run(inputs, outputs));
  }

  /** As `run`, on the engine's own thread: the inputs are copied at once, the outputs filled when it ends. */
  runAsync(
    inputs: readonly NativeArray[],
    outputs: readonly NativeArray[],
    options: RunOptions = {},
    sourceFor = sameSource,
  ): Promise<void> {
    return this.#whileClaimed(1, options, sourceFor, () => this.#native.runAsync(inputs, outputs));
  }

  /**
   * Many steps: step s takes the rows order[s·batch …] of each source.
   * @param whole Whether the log has all elements of each output. An output without elements has a 0 there.
   * @returns the log: the first element of each output after each step, [steps, outputs], or all elements.
   */
  loop(
    sources: readonly Source[],
    order: Int32Array,
    batch: number,
    sourceFor = sameSource,
    whole = false,
  ): Float64Array {
    const loop = loopArguments(sources, order, batch, whole);
    return this.#atOnce(loop[4], sourceFor, () => this.#native.loop(...loop));
  }

  /** As `loop`, on the engine's own thread; the tensors in use are busy until it ends. */
  loopAsync(
    sources: readonly Source[],
    order: Int32Array,
    batch: number,
    options: RunOptions = {},
    sourceFor = sameSource,
    whole = false,
  ): Promise<Float64Array> {
    const loop = loopArguments(sources, order, batch, whole);
    return this.#whileClaimed(loop[4], options, sourceFor, () => this.#native.loopAsync(...loop));
  }

  async #whileClaimed<T>(
    steps: number,
    { name = "a compiled function", nameOf = () => undefined, read = [] }: RunOptions,
    sourceFor: SourceFor,
    run: () => Promise<T>,
  ): Promise<T> {
    const uses = { states: [...new Set([...this.states, ...read])], written: this.written };
    checkFree(uses);
    this.#bringIn(steps, sourceFor);
    const { promise: ended, resolve: end } = withResolvers();
    const self = { name, nameOf, ended };
    const release = claim(self, uses);
    this.#pending++;
    try {
      return await run();
    } catch (error) {
      throw fromNative(error, undefined, this.#makers);
    } finally {
      this.#pending--;
      const [lost] = release();
      end();
      // biome-ignore lint/correctness/noUnsafeFinally: what was lost must be told, whatever the run gave
      if (lost !== undefined) throw lostWrite(self, lost);
    }
  }

  /** Brings in what JavaScript has written since, and the states of the random draws. */
  #bringIn(steps: number, sourceFor: SourceFor): void {
    for (const { source, state, blocks } of this.draws) {
      (state.storage.forWriting() as Float64Array).set(sourceFor(source)[take](blocks * steps));
    }
    for (const state of this.states) state.moveToNative();
  }

  /** A run on this thread would be in the way of one that was asked for before. */
  #refuseWhilePending(): void {
    if (this.#pending === 0) return;
    throw new BusyError("compile: the function is running already; wait for that run to end");
  }

  #atOnce<T>(steps: number, sourceFor: SourceFor, run: () => T): T {
    this.#refuseWhilePending();
    checkFree(this);
    this.#bringIn(steps, sourceFor);
    try {
      return typed(run, this.#makers);
    } finally {
      for (const state of this.written) state.wroteMemory();
    }
  }
}

/** Runs what calls the addon, whose errors become the library's. */
function typed<T>(run: () => T, makers?: readonly Maker[]): T {
  try {
    return run();
  } catch (error) {
    throw fromNative(error, undefined, makers);
  }
}

function lostWrite(run: Run, storage: Storage): BusyError {
  const what = describeStorage(run, storage);
  return new BusyError(
    `tensor: the array of ${what} was written to while ${run.name} wrote the tensor, and what was written to it is lost; write to it when the run has ended`,
  );
}

function loopArguments(
  sources: readonly Source[],
  order: Int32Array,
  batch: number,
  whole: boolean,
): LoopArguments {
  return [
    sources.map(({ values }) => values),
    Float64Array.from(
      sources.flatMap(({ rows, rowBytes, scale = 0, zeroPoint = 0 }) => [rows, rowBytes, scale, zeroPoint]),
    ),
    order,
    batch,
    Math.floor(order.length / batch),
    whole,
  ];
}

/** Every value once, inputs first: an input that nothing reads has its place too. */
export function number(program: Program, inputs: readonly Value[]): Map<Value, number> {
  const numbered = new Map<Value, number>();
  const add = (value: Value | null): void => {
    if (value !== null && !numbered.has(value)) numbered.set(value, numbered.size);
  };
  inputs.forEach(add);
  for (const instruction of program.instructions) instruction.operands.forEach(add);
  program.outputs.forEach(add);
  return numbered;
}

function memoryOf(value: Value) {
  if (value.storage !== undefined) return value.storage.nativeMemory();
  const memory = newMemory(bytesOf(value));
  memory.write(value.contents as NativeArray);
  return memory;
}

function writtenStates(program: Program): Set<Storage> {
  const states = new Set<Storage>();
  for (const { storage } of program.instructions.flatMap(written)) {
    if (storage !== undefined) states.add(storage);
  }
  return states;
}
