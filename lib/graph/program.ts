import { BusyError } from "../errors.js";
import {
  binding,
  instructionId,
  type LoopArguments,
  type NativeArray,
  type NativeMemory,
  type NativePlan,
  type NativeProgram,
} from "../native/binding.js";
import { fromNative } from "./apply.js";
import { bytesOf, DTYPES } from "./dtype.js";
import type { Arena } from "./plan/arena.js";
import type { Buffer, Program } from "./plan/ir.js";
import type { Storage } from "./storage.js";

/** The native numbers of the places where a buffer's memory may be. */
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

/** A program that has its memory and can run. */
export class Executable {
  readonly program: Program;
  readonly arena: Arena;
  readonly #native: NativeProgram;
  /** The tensors that it reads and writes besides its inputs, and which of them it writes. */
  readonly #states: readonly Storage[];
  readonly #written: readonly Storage[];
  /** Runs on the engine's thread that have not ended. */
  #pending = 0;

  constructor(program: Program, arena: Arena, inputs: readonly Buffer[]) {
    this.program = program;
    this.arena = arena;
    const numbered = number(program, inputs);
    const buffers: number[] = [];
    const memories: NativeMemory[] = [];
    const states: Storage[] = [];
    for (const buffer of numbered.keys()) {
      let place: number = PLACE.arena;
      let at = arena.offsets.get(buffer) ?? 0;
      if (buffer.kind === "input") [place, at] = [PLACE.input, inputs.indexOf(buffer)];
      if (buffer.kind === "state" || buffer.kind === "constant") {
        [place, at] = [PLACE.memory, memories.length];
        memories.push(memoryOf(buffer));
        if (buffer.storage !== undefined) states.push(buffer.storage);
      }
      buffers.push(place, at, buffer.size, DTYPES.indexOf(buffer.dtype));
    }
    const index = (buffer: Buffer | null): number =>
      buffer === null ? -1 : (numbered.get(buffer) as number);
    const instructions = program.instructions.flatMap(({ name, params, operands, writes }) => [
      instructionId(name),
      params.length,
      operands.length,
      writes.length,
      ...params,
      ...operands.map(index),
      ...writes,
    ]);
    this.#states = states;
    this.#written = writtenStates(program);
    this.#native = new binding.Program(
      arena.bytes,
      Float64Array.from(buffers),
      memories,
      Float64Array.from(instructions),
      Float64Array.from(program.outputs, index),
      // Velocities decay into denormal numbers, which are slow; a program without state is exact.
      this.#written.length > 0,
    );
  }

  /**
   * How a loop of mini-batches of so many samples would be done, or for 0 one step.
   * @throws BusyError while it runs
   */
  plan(batch: number): NativePlan {
    this.#refuseWhilePending();
    return this.#native.plan(batch);
  }

  /** One step: reads the inputs and fills the outputs. */
  run(inputs: readonly NativeArray[], outputs: readonly NativeArray[]): void {
    this.#withStates(() => this.#native.run(inputs, outputs));
  }

  /** As `run`, on the engine's own thread: the inputs are copied at once, the outputs filled when it ends. */
  runAsync(inputs: readonly NativeArray[], outputs: readonly NativeArray[]): Promise<void> {
    return this.#whileClaimed([], () => this.#native.runAsync(inputs, outputs));
  }

  /**
   * Many steps: step s takes the rows order[s·batch …] of each source.
   * @returns the first element of each output after each step: [steps, outputs].
   */
  loop(sources: readonly Source[], order: Int32Array, batch: number): Float64Array {
    return this.#withStates(() => this.#native.loop(...loopArguments(sources, order, batch)));
  }

  /**
   * As `loop`, on the engine's own thread; the tensors in use are busy until it ends.
   * @param read other tensors that it reads.
   */
  loopAsync(
    sources: readonly Source[],
    order: Int32Array,
    batch: number,
    read: readonly Storage[] = [],
  ): Promise<Float64Array> {
    return this.#whileClaimed(read, () => this.#native.loopAsync(...loopArguments(sources, order, batch)));
  }

  async #whileClaimed<T>(read: readonly Storage[], run: () => Promise<T>): Promise<T> {
    this.#bringIn();
    const written = new Set(this.#written);
    const held: Storage[] = [];
    this.#pending++;
    try {
      for (const storage of new Set([...this.#states, ...read])) {
        storage.claim(written.has(storage));
        held.push(storage);
      }
      return await run();
    } catch (error) {
      throw fromNative(error);
    } finally {
      this.#pending--;
      for (const storage of held) storage.release(written.has(storage));
      for (const state of this.#written) state.wroteMemory();
    }
  }

  /** Asking for the memory brings in what JavaScript has written since. */
  #bringIn(): void {
    for (const state of this.#states) state.memory;
  }

  /** A run on this thread would be in the way of one that was asked for before. */
  #refuseWhilePending(): void {
    if (this.#pending === 0) return;
    throw new BusyError("compile: the function is running already; wait for that run to end");
  }

  #withStates<T>(run: () => T): T {
    this.#bringIn();
    this.#refuseWhilePending();
    try {
      return run();
    } catch (error) {
      throw fromNative(error);
    } finally {
      for (const state of this.#written) state.wroteMemory();
    }
  }
}

function loopArguments(sources: readonly Source[], order: Int32Array, batch: number): LoopArguments {
  return [
    sources.map(({ values }) => values),
    Float64Array.from(
      sources.flatMap(({ rows, rowBytes, scale = 0, zeroPoint = 0 }) => [rows, rowBytes, scale, zeroPoint]),
    ),
    order,
    batch,
    Math.floor(order.length / batch),
  ];
}

/** Every buffer once, inputs first: an input that nothing reads has its place too. */
function number(program: Program, inputs: readonly Buffer[]): Map<Buffer, number> {
  const numbered = new Map<Buffer, number>();
  const add = (buffer: Buffer | null): void => {
    if (buffer !== null && !numbered.has(buffer)) numbered.set(buffer, numbered.size);
  };
  inputs.forEach(add);
  for (const instruction of program.instructions) instruction.operands.forEach(add);
  program.outputs.forEach(add);
  return numbered;
}

function memoryOf(buffer: Buffer) {
  if (buffer.storage !== undefined) return buffer.storage.place;
  const memory = new binding.Memory(bytesOf(buffer));
  memory.write(buffer.values as NativeArray);
  return memory;
}

function writtenStates(program: Program): Storage[] {
  const states = new Set<Storage>();
  for (const { operands, writes } of program.instructions) {
    for (const at of writes) {
      const storage = operands[at]?.storage;
      if (storage !== undefined) states.add(storage);
    }
  }
  return [...states];
}
