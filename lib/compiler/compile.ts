import { currentTrace } from "../context/trace.js";
import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { describeProgram, type ProgramDescription } from "../explain/describe.js";
import { explain } from "../explain/explain.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { checkPasses, PASSES, type PassName } from "../plan/index.js";
import { allocateUnset, bytesOf } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import type { TensorTree } from "../tensor/tree.js";
import { type Arguments, Signatures } from "./signatures.js";

export type { ProgramDescription } from "../explain/describe.js";
export type { PassName } from "../plan/index.js";

export interface CompileOptions {
  /** Which passes to run. Default: all. Results are the same to rounding with any of them. */
  readonly passes?: readonly PassName[];
}

/**
 * A function that runs as one native program. It takes tensors, or lists and objects of them, and returns such, or
 * nothing.
 */
export interface Compiled<A extends TensorTree[], R> {
  /** @throws BusyError while the function runs on the engine's own thread */
  (...inputs: A): R;
  /**
   * The same on the engine's own thread, so the event loop goes on. The inputs are copied at once. Tensors that
   * the program writes (parameters, optimizer state) are busy until the promise settles.
   * @throws BusyError if another run uses what this one writes, or if the function is already running
   */
  runAsync(...inputs: A): Promise<R>;
  /**
   * Many steps in one call: step s runs the function on the samples order[s·batchSize …] of each source.
   * Shapes: sources [P, ...], order [steps·batchSize] int32. A source that is a list or an object has [P, ...] in it.
   * @returns the first element of each tensor of the function's results after each step: [steps, results].
   * @throws as the function itself; IndexError for a sample outside [0, P)
   * @example const losses = step.loop([images, labels], generator.permutation(60_000), 128);
   */
  loop(sources: A, order: Tensor, batchSize: number): Tensor;
  /**
   * As `loop`, on the engine's own thread, so the event loop goes on. Until the promise settles, ops can read the
   * sources and the tensors that the program only reads. Their `.data` cannot be read, and they cannot be written.
   * Tensors that the program writes can be neither read nor written. A source whose typed array code outside the
   * library may hold (`fromTypedArray`, `.data`) is copied in each call. Any other source is copied in the first call.
   * @throws BusyError if another run uses what this one writes, or if the function is already running
   */
  loopAsync(sources: A, order: Tensor, batchSize: number): Promise<Tensor>;
  /**
   * The program for the inputs' shapes as text: instructions, shapes, buffers, bytes, flops, and the work of each
   * thread. Describes a loop with mini-batches of the inputs' shapes. If the inputs cannot be a mini-batch, describes
   * one run.
   * @throws BusyError while it runs
   */
  explain(...inputs: A): string;
  /**
   * What `explain()` says, as data: each instruction with what was fused into it and what it costs, each buffer with its
   * place and its life, and which thread does what. `draw(compiled, …, { style: "program" })` of `thalweg/draw` shows it
   * as a picture.
   * @throws BusyError while it runs
   */
  describe(...inputs: A): ProgramDescription;
  /** Bytes of the arena for intermediate results, for the inputs' shapes. */
  arenaBytes(...inputs: A): number;
}

/**
 * Traces a function once for each signature of input shapes and dtypes, and plans it as a whole. After that, each
 * call is one native call. Writes of the function to parameters and optimizer state are part of the program.
 * Learning rates and step counts are read in each run. Gradients stay inside the program: `.grad` is null
 * afterwards. Return the gradients that you need.
 *
 * JavaScript in the function runs only while the function is traced, so its control flow may depend on shapes but not
 * on values. The function is traced again if something that it depends on has changed: the fields and modes of the
 * modules that it uses, their hooks, which tensors require gradients, the settings of optimizers.
 *
 * Arguments may be lists and objects of tensors, such as the mini-batches of a set with several inputs. The function is
 * traced for each form of them.
 *
 * The function must not keep a tensor that it makes for a later call, for instance in a field. Its random numbers
 * continue from run to run as in eager calls. `runAsync` and `loopAsync` reserve the numbers for all steps when they
 * are called.
 *
 * A program that writes parameters or other state treats numbers below the normal range as zero.
 *
 * @throws TraceError if the function reads a value while it is traced. The message names the line.
 * @example
 * const step = compile((x: Tensor, y: Tensor) => {
 *   const loss = cost.crossEntropy(model.forward(x), y);
 *   optimizer.zeroGrad();
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * const loss = step(x, y).item();
 */
export function compile<A extends Tensor[], R>(
  fn: (...inputs: A) => R,
  options?: CompileOptions,
): Compiled<A, R>;
export function compile<A extends TensorTree[], R>(
  fn: (...inputs: A) => R,
  options?: CompileOptions,
): Compiled<A, R>;
export function compile<A extends TensorTree[], R>(
  fn: (...inputs: A) => R,
  options: CompileOptions = {},
): Compiled<A, R> {
  if (typeof fn !== "function") throw new ArgumentError(`compile: expected a function, got ${describe(fn)}`);
  checkOptions("compile", options, ["passes"]);
  const passes = options.passes === undefined ? PASSES : checkPasses(options.passes);
  const signatures = new Signatures((...inputs) => fn(...(inputs as A)), passes);

  const argumentsFor = (inputs: A): Arguments => signatures.of("compile", "input", inputs);
  const prepare = (inputs: A) => {
    const { tensors, specializations } = argumentsFor(inputs);
    const { executable, results, rebuild } = specializations.for(tensors);
    const outputs = results.map(
      ({ size, shape, dtype }) => new Tensor(allocateUnset(dtype, size, "compile"), shape, dtype),
    );
    const arrays = (list: readonly Tensor[]) => list.map(({ storage }) => storage.forReading());
    return {
      executable,
      arguments: [arrays(tensors), arrays(outputs)] as const,
      result: () => rebuild(outputs) as R,
    };
  };
  const run = (...inputs: A): R => {
    if (currentTrace() !== null) return fn(...inputs);
    const ready = prepare(inputs);
    ready.executable.run(...ready.arguments);
    return ready.result();
  };
  const runAsync = async (...inputs: A): Promise<R> => {
    const ready = prepare(inputs);
    await ready.executable.runAsync(...ready.arguments);
    return ready.result();
  };

  const prepareLoop = (sources: A, order: Tensor, batchSize: number, isAtOnce: boolean) => {
    if (!Array.isArray(sources))
      throw new ArgumentError(`loop: expected a list of tensors, got ${describe(sources)}`);
    const given = signatures.of("loop", "source", sources);
    const { tensors } = given;
    checkLoop(given, order, batchSize);
    const shapes = tensors.map(({ shape, dtype }) => ({ shape: [batchSize, ...shape.slice(1)], dtype }));
    const { executable } = given.specializations.for(shapes);
    const steps = Math.floor(order.size / batchSize);
    const indices = order.storage.forReading().subarray(0, steps * batchSize) as Int32Array;
    const rows = tensors.map((source) => {
      const count = source.shape[0] as number;
      const values = isAtOnce ? source.storage.inPlace() : source.storage.moveToNative();
      return { values, rows: count, rowBytes: bytesOf(source) / count };
    });
    const outputs = executable.program.outputs.length;
    return {
      executable,
      arguments: [rows, indices, batchSize] as const,
      read: tensors.map(({ storage }) => storage),
      toLog: (log: Float64Array) =>
        new Tensor(log, [outputs === 0 ? 0 : log.length / outputs, outputs], "float64"),
    };
  };
  const loop = (sources: A, order: Tensor, batchSize: number): Tensor => {
    const ready = prepareLoop(sources, order, batchSize, true);
    return ready.toLog(ready.executable.loop(...ready.arguments));
  };
  const loopAsync = async (sources: A, order: Tensor, batchSize: number): Promise<Tensor> => {
    const ready = prepareLoop(sources, order, batchSize, false);
    const { read } = ready;
    return ready.toLog(await ready.executable.loopAsync(...ready.arguments, { read }));
  };

  const describeFor = (...inputs: A): ProgramDescription => {
    const { tensors, specializations } = argumentsFor(inputs);
    return describeProgram(specializations.for(tensors).executable, samplesOf(tensors));
  };

  const compiled = Object.assign(run, {
    runAsync,
    loop,
    loopAsync,
    explain: (...inputs: A): string => explain(describeFor(...inputs)),
    describe: describeFor,
    arenaBytes: (...inputs: A): number => {
      const { tensors, specializations } = argumentsFor(inputs);
      return specializations.for(tensors).executable.arena.bytes;
    },
  });
  known.add(compiled);
  return compiled;
}

/** What `compile` gave. */
const known = new WeakSet<object>();

/** Whether `compile` gave this value. */
export const isCompiled = (value: unknown): value is Compiled<TensorTree[], unknown> =>
  typeof value === "function" && known.has(value);

/** Number of samples in the inputs; 0 if the inputs are not a mini-batch, with equal first sizes. */
function samplesOf(inputs: readonly Tensor[]): number {
  const [count = 0] = inputs[0]?.shape ?? [];
  return inputs.every(({ shape }) => shape[0] === count) ? count : 0;
}

/** @throws unless all sources have the same number of samples and the order is a tensor of indices. */
function checkLoop({ tensors, name }: Arguments, order: Tensor, batchSize: number): void {
  tensors.forEach((source, i) => {
    if (source.rank === 0 || source.size === 0) {
      throw new ShapeError(`loop: expected ${name(i)} to hold samples, got ${format(source.shape)}`);
    }
    if (source.shape[0] !== tensors[0]?.shape[0]) {
      throw new ShapeError(
        `loop: ${name(i)} has ${source.shape[0]} samples, ${name(0)} has ${tensors[0]?.shape[0]}`,
      );
    }
  });
  checkTensor("loop", "order", order);
  if (order.dtype !== "int32") throw new DTypeError(`loop: expected order to be int32, got ${order.dtype}`);
  checkNumber("loop", "batchSize", batchSize, { min: 1, max: order.size, integer: true });
}
