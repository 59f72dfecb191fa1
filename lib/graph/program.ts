import {
  binding,
  instructionId,
  type LoopArguments,
  type NativeArray,
  type NativeMemory,
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
   * Of its latest loop, the instructions whose work is done in one pass: the update of one step, and the
   * product of the next step that reads what was updated.
   */
  get ahead(): readonly [product: number, update: number] | null {
    return this.#native.ahead();
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
    try {
      for (const storage of new Set([...this.#states, ...read])) {
        storage.claim(written.has(storage));
        held.push(storage);
      }
      return await run();
    } catch (error) {
      throw fromNative(error);
    } finally {
      for (const storage of held) storage.release(written.has(storage));
      for (const state of this.#written) state.wroteMemory();
    }
  }

  /** Asking for the memory brings in what JavaScript has written since. */
  #bringIn(): void {
    for (const state of this.#states) state.memory;
  }

  #withStates<T>(run: () => T): T {
    this.#bringIn();
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
