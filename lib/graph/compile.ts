import { ArgumentError } from "../errors.js";
import { checkOptions, describe } from "../options.js";
import { capture } from "./capture.js";
import { allocate } from "./dtype.js";
import { explain } from "./explain.js";
import { checkPasses, PASSES, type PassName, plan } from "./plan/index.js";
import { Executable } from "./program.js";
import { Storage } from "./storage.js";
import { Tensor } from "./tensor.js";
import { currentTrace, trace } from "./trace.js";

export type { PassName } from "./plan/index.js";

export interface CompileOptions {
  /** Which passes to run. Default: all. Results are the same to rounding with any of them. */
  readonly passes?: readonly PassName[];
}

/** A function that runs as one native program: it gives a tensor, several, tensors by name, or nothing. */
export interface Compiled<A extends Tensor[], R> {
  (...inputs: A): R;
  /** The program for the inputs' shapes as text: instructions, shapes, buffers, bytes, flops. */
  explain(...inputs: A): string;
  /** Bytes of the arena that holds what is computed on the way, for the inputs' shapes. */
  arenaBytes(...inputs: A): number;
}

interface Version {
  readonly executable: Executable;
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
  const versionFor = (inputs: readonly Tensor[]): Version => {
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
    const { executable, rebuild } = versionFor(inputs);
    const outputs = executable.program.outputs.map(
      ({ size, shape, dtype }) => new Tensor(allocate(dtype, size), shape, dtype),
    );
    executable.run(
      inputs.map((input) => input.storage.readOnly),
      outputs.map((output) => output.storage.readOnly),
    );
    return rebuild(outputs) as R;
  };
  return Object.assign(run, {
    explain: (...inputs: A): string => explain(versionFor(inputs).executable),
    arenaBytes: (...inputs: A): number => versionFor(inputs).executable.arena.bytes,
  });
}

function signature(inputs: readonly Tensor[]): string {
  return inputs
    .map((input, i) => {
      if (!(input instanceof Tensor)) {
        throw new ArgumentError(`compile: expected input ${i} to be a tensor, got ${describe(input)}`);
      }
      return `${input.dtype}[${input.shape.join(",")}]`;
    })
    .join(" ");
}

function make(
  fn: (...inputs: Tensor[]) => unknown,
  inputs: readonly Tensor[],
  passes: readonly PassName[],
): Version {
  const { result, recorded, id } = trace(() => {
    const symbols = inputs.map(
      ({ size, dtype, shape }) => new Tensor(new Storage({ length: size, dtype }), shape, dtype),
    );
    return { symbols, value: fn(...symbols) };
  });
  const { tensors, rebuild } = flatten(result.value);
  const captured = capture(recorded, result.symbols, tensors, id);
  const { program, arena } = plan(captured.program, passes);
  return { executable: new Executable(program, arena, captured.inputs), rebuild };
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
