import process from "node:process";
import { BackendError, MemoryError } from "../errors.js";
import { loadAddon } from "./load-addon.js";

/** Typed arrays that the kernels read and write; `null` for an operand left out. */
export type NativeArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** What the addon tells of the machine. */
export interface NativeBackendInfo {
  /** The instruction set of the kernels in use: `"x86_64_v4"` is AVX-512, `"x86_64_v3"` AVX2. */
  readonly isa: string;
  /** All that this CPU can run, from the plainest (`"reference"`) to the best. */
  readonly isas: readonly string[];
  /**
   * What this CPU, or its system, lacks for the next better instruction set, such as `"AVX512F, AVX512DQ"`; `null`
   * where there is no better one.
   */
  readonly lacking: string | null;
  /**
   * Bytes of the caches that a core has for itself, of the third level its share: blocks of products follow from them.
   * `THALWEG_CACHES` names others.
   */
  readonly caches: { readonly first: number; readonly second: number; readonly third: number };
  /** Threads that a large op or a training run uses. */
  readonly threads: number;
  /** Cores that this process may use: its affinity mask and its container's quota. */
  readonly cores: number;
  /** Who multiplies matrices: `"own"`, or `"cblas"` where it was built in and chosen. */
  readonly matmul: string;
  readonly matmulProviders: readonly string[];
}

/** Memory that no JavaScript buffer owns: aligned, never moved, freed when it is collected. */
export interface NativeMemory {
  /** Copies a typed array in, at a byte offset. */
  write(from: NativeArray, byteOffset?: number): void;
  /** Copies into a typed array, from a byte offset. */
  read(to: NativeArray, byteOffset?: number): void;
  /** Frees it at once rather than when it is collected; what runs on it keeps it until it ends. */
  release(): void;
}

/** What a loop of steps goes over: step s takes the rows order[s·batch …] of each source. */
export type LoopArguments = [
  /** Typed arrays for `loop` only. */
  sources: readonly (NativeMemory | NativeArray)[],
  /** For each source: number of rows, bytes of a row, and for rows of bytes their scale and zero point. */
  rows: Float64Array,
  order: Int32Array,
  batch: number,
  steps: number,
  /** Whether the log has all elements of each output; else the first one. An output without elements has a 0 there. */
  whole: boolean,
];

/** Instructions over numbered buffers, made ready once. */
export interface NativeProgram {
  /** One step: reads the inputs and writes the outputs in place. */
  run(inputs: readonly NativeArray[], outputs: readonly NativeArray[]): void;
  /** As `run`, on the engine's own thread: inputs are copied at once, outputs when it ends. */
  runAsync(inputs: readonly NativeArray[], outputs: readonly NativeArray[]): Promise<void>;
  /**
   * Many steps.
   * @returns the log: the outputs, or the first element of each, after each step.
   */
  loop(...loop: LoopArguments): Float64Array;
  /** As `loop`, on the engine's own thread. */
  loopAsync(...loop: LoopArguments): Promise<Float64Array>;
  /** What the last run on the engine's own thread that has ended took, in milliseconds. */
  milliseconds(): number;
  /** What a step takes on one thread, about, in milliseconds. Not while it runs. */
  estimate(): number;
  /** The schedule of a loop with mini-batches of that many samples; for 0, of one step. */
  plan(batch: number): NativePlan;
  /** Of each instruction: flops, bytes moved, and nanoseconds on one thread, about. Not while it runs. */
  costs(): Float64Array;
}

/** What a step does, in order, and which thread does it. */
export interface NativePlan {
  readonly threads: number;
  readonly entries: readonly {
    /** `gather`: the samples of an input; `note`: the outputs of a loop. */
    readonly what: "instruction" | "gather" | "note";
    /** Of the instruction, or of the input. */
    readonly number: number;
    /** All threads at once, each its rows without waiting for the others, or one thread. */
    readonly work: "together" | "byRows" | "alone";
    /** Who does it alone. */
    readonly thread: number;
    /** Whether a barrier follows it. */
    readonly endsPhase: boolean;
    /** Where each thread's rows end, if they are not even. */
    readonly shares: readonly number[];
    /** The instruction of the next step whose products it forms in the same pass, or −1. */
    readonly forms: number;
    /** On one thread, about; with those of the instruction that it forms. */
    readonly nanoseconds: number;
  }[];
}

/** An operand of an instruction. */
export interface OperandDescription {
  readonly name: string;
  /** `update`: read and written. */
  readonly access: "read" | "write" | "update";
  /** `own`: the instruction's, one of its `dtypes`; `result`: what it gives; `any`: by what the operands say. */
  readonly dtype: "own" | "result" | "any" | NativeDType;
  readonly optional: boolean;
  /** The parameter that says how many there are, `"rest"` for all that are left, or null: one. */
  readonly list: string | null;
}

/** A parameter of an instruction. */
export interface ParamDescription {
  readonly name: string;
  /** `size`: a whole number of 0 or more; `integer`: of either sign; `flag`: 0 or 1; `choice`: the number of one. */
  readonly kind: "size" | "integer" | "flag" | "number" | "choice";
  /** As of an operand. */
  readonly list: string | null;
  /** Of a choice: what there is to choose from, by number. */
  readonly choices?: readonly string[];
}

type NativeDType = "float32" | "float64" | "int32" | "bool";

/** What an instruction is, as its task declares it. */
export interface InstructionDescription {
  readonly name: string;
  /** Those of a family differ in little more than their kernel. */
  readonly family: string;
  /** In the native order. */
  readonly operands: readonly OperandDescription[];
  /** The parameter that says how often the whole list of operands comes, or null: once. */
  readonly repeats: string | null;
  readonly params: readonly ParamDescription[];
  /** The dtypes that its kernels are for. */
  readonly dtypes: readonly NativeDType[];
  /** The dtype of what it writes. */
  readonly gives: "same" | NativeDType;
  /** Whether only the data show that it cannot be done. */
  readonly canFail: boolean;
  /** Of an update: by which rule, and in what form it takes its gradient. */
  readonly update: { readonly rule: string; readonly gradient: "whole" | "outer" | "product" } | null;
  /** How explain() says it. */
  readonly sentence: "call" | "chain" | "product" | "update";
}

/** The addon's exports, as they are: nothing here checks what a user passes. */
export interface Binding {
  /** By their numbers. */
  readonly instructions: readonly InstructionDescription[];
  /** The parameters of the instruction that the next `execute` runs. */
  readonly params: Float64Array;
  /** How many buffers `execute` takes at most. */
  readonly fewBuffers: number;
  execute(instruction: number, paramCount: number, ...buffers: (NativeArray | null)[]): void;
  /** As `execute`, for any number of parameters and buffers. */
  executeMany(instruction: number, params: Float64Array, buffers: readonly (NativeArray | null)[]): void;
  /** Has `tell` called where the system gives fewer threads than were asked for. */
  onShortage?(tell: (asked: number, got: number) => void): void;
  readonly Memory: new (bytes: number) => NativeMemory;
  /** Buffers: place, at, count, dtype for each; instructions: id, number of params and of operands, then
   * both, for each. */
  readonly Program: new (
    arenaBytes: number,
    buffers: Float64Array,
    memories: readonly NativeMemory[],
    instructions: Float64Array,
    outputs: Float64Array,
    flushDenormals: boolean,
  ) => NativeProgram;
  backendInfo(): NativeBackendInfo;
  setThreads(count: number): void;
  setMatmul(provider: string): void;
  /** For memory that is about to be touched for the first time. */
  askForHugePages(buffer: ArrayBufferLike): void;
}

/** Asks for what the environment chooses, so that a wrong choice is said at once and not by some op. */
function checkEnvironment(addon: Binding): Binding {
  try {
    addon.backendInfo();
  } catch (error) {
    throw new BackendError(`thalweg: ${(error as Error).message}`, { cause: error });
  }
  return addon;
}

/** The one instance of the addon in this environment. */
export const binding: Binding = checkEnvironment(loadAddon());

let warned = false;
// An addon of another version is told by the instructions that it lacks.
binding.onShortage?.((asked, got) => {
  if (warned) return;
  warned = true;
  process.emitWarning(`thalweg: asked for ${asked} threads, the system gives ${got}: going on with ${got}`, {
    type: "ThreadsWarning",
    code: "THALWEG_FEWER_THREADS",
    detail: "What may limit them: ulimit -u, ulimit -v, the container's pids and memory.",
  });
});

/** Runs an instruction of any number of parameters and buffers. */
export function executeAny(
  instruction: number,
  params: readonly number[],
  buffers: readonly (NativeArray | null)[],
): void {
  const slots = binding.params;
  if (params.length > slots.length || buffers.length > binding.fewBuffers) {
    binding.executeMany(instruction, Float64Array.from(params), buffers);
    return;
  }
  // A set() takes several times as long for few numbers.
  for (let i = 0; i < params.length; i++) slots[i] = params[i] as number;
  binding.execute(instruction, params.length, ...buffers);
}

/** Whether the addon found no memory: its own word, or node-addon-api's where an object could not be made. */
export function isOutOfMemory(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return code === "ERR_MEMORY" || message === "std::bad_alloc";
}

/** @throws MemoryError where there is none. */
export function newMemory(bytes: number): NativeMemory {
  try {
    return new binding.Memory(bytes);
  } catch (error) {
    throw isOutOfMemory(error) ? new MemoryError(`tensor: there is no memory for ${bytes} bytes`) : error;
  }
}
