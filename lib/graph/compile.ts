import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { capture } from "./capture.js";
import { allocate } from "./dtype.js";
import { explain } from "./explain.js";
import { checkPasses, PASSES, type PassName, plan } from "./plan/index.js";
import { Executable } from "./program.js";
import { format, sizeOf, type TensorSpec } from "./shape.js";
import { Storage } from "./storage.js";
import { checkTensor, Tensor } from "./tensor.js";
import { currentTrace, trace } from "./trace.js";

export type { PassName } from "./plan/index.js";

export interface CompileOptions {
  /** Which passes to run. Default: all. Results are the same to rounding with any of them. */
  readonly passes?: readonly PassName[];
}

/** A function that runs as one native program: it gives a tensor, several, tensors by name, or nothing. */
export interface Compiled<A extends Tensor[], R> {
  (...inputs: A): R;
  /**
   * Many steps in one call: step s runs the function on the samples order[s·batchSize …] of each source.
   * Shapes: sources [P, ...], order [steps·batchSize] int32.
   * @returns the first element of each of the function's results after each step: [steps, results].
   * @throws as the function itself; IndexError for a sample outside [0, P)
   * @example const losses = step.loop([images, labels], generator.permutation(60_000), 128);
   */
  loop(sources: A, order: Tensor, batchSize: number): Tensor;
  /**
   * As `loop`, on the engine's own thread: the event loop goes on. What the program writes (parameters,
   * optimizer state) is busy until the promise settles.
   * @throws BusyError where another run uses what this one writes
   */
  loopAsync(sources: A, order: Tensor, batchSize: number): Promise<Tensor>;
  /** The program for the inputs' shapes as text: instructions, shapes, buffers, bytes, flops. */
  explain(...inputs: A): string;
  /** Bytes of the arena that holds what is computed on the way, for the inputs' shapes. */
  arenaBytes(...inputs: A): number;
}

interface Version {
  readonly executable: Executable;
  /** What the function gave when it was traced: its results' shapes are these, its buffers' may differ. */
  readonly results: readonly Tensor[];
  readonly rebuild: (outputs: readonly Tensor[]) => unknown;
}

/**
 * Traces a function once for each signature of input shapes and dtypes, plans the whole of it, and from
 * then on runs it in one native call. What the function writes to parameters and optimizer state is part
 * of the program; learning rates and step counts are read anew in each run. Gradients stay inside: what
 * `.grad` held is null afterwards; return the gradients that you want to see.
 *
 * JavaScript in the function runs only while it is traced: its control flow may depend on shapes but not
 * on values.
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
  const versions = new Map<string, Version>();
  const versionFor = (inputs: readonly TensorSpec[]): Version => {
    const key = signature(inputs);
    let version = versions.get(key);
    if (version === undefined) {
      version = make(fn as unknown as (...inputs: Tensor[]) => unknown, inputs, passes);
      versions.set(key, version);
    }
    return version;
  };
  const run = (...inputs: A): R => {
    if (currentTrace() !== null) return fn(...inputs);
    for (const [i, input] of inputs.entries()) checkTensor("compile", `input ${i}`, input);
    const { executable, results, rebuild } = versionFor(inputs);
    const outputs = results.map(({ size, shape, dtype }) => new Tensor(allocate(dtype, size), shape, dtype));
    executable.run(
      inputs.map((input) => input.storage.readOnly),
      outputs.map((output) => output.storage.readOnly),
    );
    return rebuild(outputs) as R;
  };
  const prepareLoop = (sources: A, order: Tensor, batchSize: number) => {
    const rows = checkLoop(sources, order, batchSize);
    const shapes = sources.map(({ shape, dtype }) => ({ shape: [batchSize, ...shape.slice(1)], dtype }));
    const { executable } = versionFor(shapes);
    const steps = Math.floor(order.size / batchSize);
    const indices = order.storage.readOnly.subarray(0, steps * batchSize) as Int32Array;
    const outputs = executable.program.outputs.length;
    return {
      executable,
      arguments: [sources.map(({ storage }) => ({ storage, rows })), indices, batchSize] as const,
      toLog: (log: Float64Array) =>
        new Tensor(log, [outputs === 0 ? 0 : log.length / outputs, outputs], "float64"),
    };
  };
  const loop = (sources: A, order: Tensor, batchSize: number): Tensor => {
    const ready = prepareLoop(sources, order, batchSize);
    return ready.toLog(ready.executable.loop(...ready.arguments));
  };
  const loopAsync = async (sources: A, order: Tensor, batchSize: number): Promise<Tensor> => {
    const ready = prepareLoop(sources, order, batchSize);
    return ready.toLog(await ready.executable.loopAsync(...ready.arguments));
  };
  return Object.assign(run, {
    loop,
    loopAsync,
    explain: (...inputs: A): string => explain(versionFor(inputs).executable),
    arenaBytes: (...inputs: A): number => versionFor(inputs).executable.arena.bytes,
  });
}

function signature(inputs: readonly TensorSpec[]): string {
  return inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(",")}]`).join(" ");
}

/** The number of samples of the sources. */
function checkLoop(sources: readonly Tensor[], order: Tensor, batchSize: number): number {
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
  return sources[0]?.shape[0] ?? 0;
}

function make(
  fn: (...inputs: Tensor[]) => unknown,
  inputs: readonly TensorSpec[],
  passes: readonly PassName[],
): Version {
  const { result, recorded, id } = trace(() => {
    const symbols = inputs.map(
      ({ dtype, shape }) => new Tensor(new Storage({ length: sizeOf(shape), dtype }), shape, dtype),
    );
    return { symbols, value: fn(...symbols) };
  });
  const { tensors, rebuild } = flatten(result.value);
  const captured = capture(recorded, result.symbols, tensors, id);
  const { program, arena } = plan(captured.program, passes);
  return { executable: new Executable(program, arena, captured.inputs), results: tensors, rebuild };
}

/** The tensors of a result, and how to put others in their places. */
function flatten(result: unknown): { tensors: Tensor[]; rebuild: (outputs: readonly Tensor[]) => unknown } {
  if (result === undefined) return { tensors: [], rebuild: () => undefined };
  if (result instanceof Tensor) return { tensors: [result], rebuild: ([only]) => only };
  if (Array.isArray(result) && result.every((one) => one instanceof Tensor)) {
    return { tensors: result, rebuild: (outputs) => [...outputs] };
  }
  if (result !== null && typeof result === "object" && !Array.isArray(result)) {
    const entries = Object.entries(result);
    if (entries.every((entry): entry is [string, Tensor] => entry[1] instanceof Tensor)) {
      return {
        tensors: entries.map(([, tensor]) => tensor),
        rebuild: (outputs) => Object.fromEntries(entries.map(([name], i) => [name, outputs[i]])),
      };
    }
  }
  throw new ArgumentError(
    `compile: expected the function to give a tensor, a list or an object of tensors, or nothing, got ${describe(result)}`,
  );
}
