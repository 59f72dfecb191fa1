import { currentTrace } from "../context/trace.js";
import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { explain } from "../explain/explain.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { checkPasses, PASSES, type PassName } from "../plan/index.js";
import { allocateUnset, bytesOf } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import { Specializations } from "./specialization.js";

export type { PassName } from "../plan/index.js";

export interface CompileOptions {
  /** Which passes to run. Default: all. Results are the same to rounding with any of them. */
  readonly passes?: readonly PassName[];
}

/** A function that runs as one native program: it gives a tensor, several, tensors by name, or nothing. */
export interface Compiled<A extends Tensor[], R> {
  /** @throws BusyError while the function runs on the engine's own thread */
  (...inputs: A): R;
  /**
   * The same on the engine's own thread: the event loop goes on. The inputs are copied at once. What the
   * program writes (parameters, optimizer state) is busy until the promise settles.
   * @throws BusyError where another run uses what this one writes, or the function is running already
   */
  runAsync(...inputs: A): Promise<R>;
  /**
   * Many steps in one call: step s runs the function on the samples order[s·batchSize …] of each source.
   * Shapes: sources [P, ...], order [steps·batchSize] int32.
   * @returns the first element of each of the function's results after each step: [steps, results].
   * @throws as the function itself; IndexError for a sample outside [0, P)
   * @example const losses = step.loop([images, labels], generator.permutation(60_000), 128);
   */
  loop(sources: A, order: Tensor, batchSize: number): Tensor;
  /**
   * As `loop`, on the engine's own thread: the event loop goes on. The sources and what the program reads
   * can be read by ops but not written until the promise settles, nor their `.data` asked for; what it writes can be
   * neither. A source whose typed
   * array somebody may hold (`fromTypedArray`, `.data`) is copied in each call, another one in the first.
   * @throws BusyError where another run uses what this one writes, or the function is running already
   */
  loopAsync(sources: A, order: Tensor, batchSize: number): Promise<Tensor>;
  /**
   * The program for the inputs' shapes as text: instructions, shapes, buffers, bytes, flops, and who of the
   * threads does what, in a loop whose mini-batches are the inputs, or in a run where they cannot be that.
   * @throws BusyError while it runs
   */
  explain(...inputs: A): string;
  /** Bytes of the arena that holds what is computed on the way, for the inputs' shapes. */
  arenaBytes(...inputs: A): number;
}

/**
 * Traces a function once for each signature of input shapes and dtypes, plans the whole of it, and from
 * then on runs it in one native call. What the function writes to parameters and optimizer state is part
 * of the program; learning rates and step counts are read anew in each run. Gradients stay inside: what
 * `.grad` held is null afterwards; return the gradients that you want to see.
 *
 * JavaScript in the function runs only while it is traced: its control flow may depend on shapes but not
 * on values. It is traced again where what it depends on has changed: the fields and modes of the modules that it
 * goes through, their hooks, which tensors require gradients, the settings of optimizers.
 *
 * What it makes must not be kept for a later call, in a field for instance. What it draws at random goes on from run
 * to run as in eager calls; a run of `runAsync` or `loopAsync` takes the numbers for all its steps when it is called.
 *
 * A program that writes parameters or other state takes numbers below the normal range for zero.
 *
 * @throws TraceError where the function reads a value while it is traced, naming the line.
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
  options: CompileOptions = {},
): Compiled<A, R> {
  if (typeof fn !== "function") throw new ArgumentError(`compile: expected a function, got ${describe(fn)}`);
  checkOptions("compile", options, ["passes"]);
  const passes = options.passes === undefined ? PASSES : checkPasses(options.passes);
  const specializations = new Specializations(fn as unknown as (...inputs: Tensor[]) => unknown, passes);

  const versionFor = (inputs: A) => {
    for (const [i, input] of inputs.entries()) checkTensor("compile", `input ${i}`, input);
    return specializations.for(inputs);
  };
  const prepare = (inputs: A) => {
    const { executable, results, rebuild } = versionFor(inputs);
    const outputs = results.map(
      ({ size, shape, dtype }) => new Tensor(allocateUnset(dtype, size, "compile"), shape, dtype),
    );
    const arrays = (tensors: readonly Tensor[]) => tensors.map(({ storage }) => storage.forReading());
    return {
      executable,
      arguments: [arrays(inputs), arrays(outputs)] as const,
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
    checkLoop(sources, order, batchSize);
    const shapes = sources.map(({ shape, dtype }) => ({ shape: [batchSize, ...shape.slice(1)], dtype }));
    const { executable } = specializations.for(shapes);
    const steps = Math.floor(order.size / batchSize);
    const indices = order.storage.forReading().subarray(0, steps * batchSize) as Int32Array;
    const rows = sources.map((source) => {
      const count = source.shape[0] as number;
      const values = isAtOnce ? source.storage.inPlace() : source.storage.moveToNative();
      return { values, rows: count, rowBytes: bytesOf(source) / count };
    });
    const outputs = executable.program.outputs.length;
    return {
      executable,
      arguments: [rows, indices, batchSize] as const,
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
    const read = sources.map(({ storage }) => storage);
    return ready.toLog(await ready.executable.loopAsync(...ready.arguments, { read }));
  };

  return Object.assign(run, {
    runAsync,
    loop,
    loopAsync,
    explain: (...inputs: A): string => explain(versionFor(inputs).executable, samplesOf(inputs)),
    arenaBytes: (...inputs: A): number => versionFor(inputs).executable.arena.bytes,
  });
}

/** How many samples inputs consist of, all of them the same; 0 where they are no mini-batch. */
function samplesOf(inputs: readonly Tensor[]): number {
  const [count = 0] = inputs[0]?.shape ?? [];
  return inputs.every(({ shape }) => shape[0] === count) ? count : 0;
}

/** @throws unless the sources are sets of as many samples, and the order is one of indices. */
function checkLoop(sources: readonly Tensor[], order: Tensor, batchSize: number): void {
  if (!Array.isArray(sources))
    throw new ArgumentError(`loop: expected a list of tensors, got ${describe(sources)}`);
  sources.forEach((source, i) => {
    checkTensor("loop", `source ${i}`, source);
    if (source.rank === 0 || source.size === 0) {
      throw new ShapeError(`loop: expected source ${i} to hold samples, got ${format(source.shape)}`);
    }
    if (source.shape[0] !== sources[0]?.shape[0]) {
      throw new ShapeError(
        `loop: source ${i} has ${source.shape[0]} samples, source 0 has ${sources[0]?.shape[0]}`,
      );
    }
  });
  checkTensor("loop", "order", order);
  if (order.dtype !== "int32") throw new DTypeError(`loop: expected order to be int32, got ${order.dtype}`);
  checkNumber("loop", "batchSize", batchSize, { min: 1, max: order.size, integer: true });
}
