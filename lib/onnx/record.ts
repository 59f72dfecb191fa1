// One run of a model's `forward`, recorded: the instructions with the user's lines, and which module made which.
import { noGrad } from "../context/grad-mode.js";
import { currentTrace, type RecordedWithin, trace } from "../context/trace.js";
import { ArgumentError } from "../errors.js";
import type { Module } from "../nn/module.js";
import { describe, isPlainObject } from "../options.js";
import { sizeOf, type TensorSpec } from "../tensor/shape.js";
import { type Storage, symbol } from "../tensor/storage.js";
import { isTensor, Tensor } from "../tensor/tensor.js";

/** A call of a module's `forward` within the run: it recorded the instructions [begin, end). */
export interface ModuleCall {
  readonly module: Module;
  /** By `namedModules()`. */
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly begin: number;
  readonly end: number;
  /** Whether it is the class's own `forward`, without hooks, in evaluation mode. */
  readonly isPlain: boolean;
}

export interface Recording {
  readonly instructions: readonly RecordedWithin[];
  readonly calls: readonly ModuleCall[];
  /** The states of the generators that it draws from. */
  readonly draws: ReadonlySet<Storage>;
  readonly inputs: readonly Tensor[];
  /** The results, by name if `forward` names them. */
  readonly outputs: readonly (readonly [name: string | null, tensor: Tensor])[];
}

/**
 * Records `forward` for inputs of these shapes and dtypes in evaluation mode. The model stays what it was.
 * @param lines whether to note the user's lines, which takes most of the time
 */
export function recordModel(
  where: string,
  model: Module,
  specs: readonly TensorSpec[],
  lines = true,
): Recording {
  const calls: ModuleCall[] = [];
  const restore = Array.from(model.namedModules(), ([name, module]) =>
    watchForward(name, module as Module, calls),
  );
  try {
    const run = () => {
      const inputs = specs.map(({ shape, dtype }) => new Tensor(symbol(sizeOf(shape), dtype), shape, dtype));
      return { inputs, result: noGrad(() => model.forward(...inputs)) as unknown };
    };
    const { result, trace: recording } = inEvaluation(model, () => trace(run, { lines }));
    const outputs = namedResults(where, result.result);
    for (const [, tensor] of outputs) recording.checkSymbol(tensor);
    const draws = new Set(recording.draws.map(({ state }) => state.storage));
    return { instructions: recording.recorded, calls, draws, inputs: result.inputs, outputs };
  } finally {
    for (const back of restore) back();
  }
}

/** The results of `forward` in evaluation mode, at once. The model stays what it was, if `forward` writes to no state. */
export function runModel(where: string, model: Module, inputs: readonly Tensor[]): Recording["outputs"] {
  return namedResults(
    where,
    inEvaluation(model, () => noGrad(() => model.forward(...inputs))),
  );
}

/** Calls a function while the model is in evaluation mode. */
function inEvaluation<T>(model: Module, run: () => T): T {
  const modes = Array.from(model.namedModules(), ([, module]) => [module, module.training] as const);
  try {
    model.eval();
    return run();
  } finally {
    for (const [module, mode] of modes) module.training = mode;
  }
}

/** Notes each call of a module's `forward`. @returns what ends that. */
function watchForward(name: string, module: Module, calls: ModuleCall[]): () => void {
  const own = Object.getOwnPropertyDescriptor(module, "forward");
  const { forward } = module;
  if (own?.configurable === false || !Object.isExtensible(module)) return () => {};
  const value = (...inputs: Tensor[]): Tensor => {
    const recorded = currentTrace()?.recorded ?? [];
    const begin = recorded.length;
    const isPlain = own === undefined && !module.training;
    const output = forward.apply(module, inputs);
    calls.push({ module, name, inputs, output, begin, end: recorded.length, isPlain });
    return output;
  };
  Object.defineProperty(module, "forward", { value, configurable: true, writable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(module, "forward");
    else Object.defineProperty(module, "forward", own);
  };
}

/** A tensor, a list of tensors, or tensors by name. */
function namedResults(where: string, result: unknown): (readonly [string | null, Tensor])[] {
  if (isTensor(result)) return [[null, result]];
  if (Array.isArray(result) && result.length > 0 && result.every((one) => isTensor(one)))
    return result.map((tensor: Tensor) => [null, tensor]);
  if (isPlainObject(result)) {
    const entries = Object.entries(result);
    const are = entries.every((entry): entry is [string, Tensor] => isTensor(entry[1]));
    if (are && entries.length > 0) return entries as [string, Tensor][];
  }
  throw new ArgumentError(
    `${where}: expected forward to give a tensor, a list or an object of tensors, got ${describe(result)}`,
  );
}
