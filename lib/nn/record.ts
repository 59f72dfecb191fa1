// One run of modules, recorded: the instructions with the user's lines, and which module made which.
import { noGrad } from "../context/grad-mode.js";
import {
  type Composition,
  currentTrace,
  type RecordedWithin,
  type Stretch,
  type Trace,
  trace,
} from "../context/trace.js";
import { ArgumentError } from "../errors.js";
import { describe, isPlainObject } from "../options.js";
import { sizeOf, type TensorSpec } from "../tensor/shape.js";
import { type Storage, symbol } from "../tensor/storage.js";
import { isTensor, Tensor } from "../tensor/tensor.js";
import type { AnyModule, Module } from "./module.js";

/** A call of a module's `forward` within the run. */
export interface ModuleCall extends Stretch {
  readonly module: Module;
  /** By `namedModules()`. */
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** Whether it is the class's own `forward`, without hooks, in evaluation mode. */
  readonly isPlain: boolean;
}

/** Notes a stretch of a run. */
export type Note = <T>(inside: () => T) => { readonly result: T; readonly stretch: Stretch };

/** What a run did. */
export interface RecordedRun<T> {
  readonly result: T;
  readonly instructions: readonly RecordedWithin[];
  /** In the order in which they ended. */
  readonly calls: readonly ModuleCall[];
  readonly compositions: readonly Composition[];
  /** The states of the generators that it draws from. */
  readonly draws: ReadonlySet<Storage>;
  /** Tensors that see another one's memory under another shape, with that one. */
  readonly views: ReadonlyMap<Tensor, Tensor>;
  /** @throws TraceError unless the tensor is of this run */
  checkSymbol(tensor: Tensor): void;
}

export interface Recording extends Pick<RecordedRun<unknown>, "instructions" | "calls" | "draws"> {
  readonly inputs: readonly Tensor[];
  /** The results, by name if `forward` names them. */
  readonly outputs: readonly (readonly [name: string | null, tensor: Tensor])[];
}

/** A tensor without values, which a recorded run computes with. */
export const symbolOf = ({ shape, dtype }: TensorSpec): Tensor =>
  new Tensor(symbol(sizeOf(shape), dtype), shape, dtype);

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
  const run = () => {
    const inputs = specs.map(symbolOf);
    return { inputs, result: model.forward(...inputs) as unknown };
  };
  const { result, checkSymbol, instructions, calls, draws } = recordRun(
    [...model.namedModules()],
    run,
    lines,
  );
  const outputs = namedResults(where, result.result);
  for (const [, tensor] of outputs) checkSymbol(tensor);
  return { instructions, calls, draws, inputs: result.inputs, outputs };
}

/**
 * Records a function that calls these modules, in evaluation mode. They stay what they were. The tensors that it
 * computes with are symbols, which it makes itself.
 * @param run is given what notes other stretches of the run than calls of modules.
 */
export function recordRun<T>(
  modules: readonly (readonly [name: string, module: AnyModule])[],
  run: (note: Note) => T,
  lines: boolean,
): RecordedRun<T> {
  const watch = new Watch();
  const fields = modules.map(([, module]) => keepFields(module));
  const restore = modules.map(([name, module]) => watch.forward(name, module as Module));
  try {
    const owned = modules.map(([, module]) => module);
    const { result, trace: recording } = inEvaluation(owned, () =>
      trace(() => noGrad(() => run(watch.note)), { lines }),
    );
    const draws = new Set(recording.draws.map(({ state }) => state.storage));
    const checkSymbol = (tensor: Tensor): void => recording.checkSymbol(tensor);
    const { recorded: instructions, views, compositions } = recording;
    return { result, instructions, calls: watch.calls, compositions, draws, views, checkSymbol };
  } finally {
    for (const back of [...restore, ...fields]) back();
  }
}

/** Notes the fields of a module, so that none keeps a symbol after the run. @returns what puts them back. */
function keepFields(module: AnyModule): () => void {
  const before = new Map<string, unknown>(Object.entries(module));
  return () => {
    for (const [name, value] of Object.entries(module)) {
      if (!before.has(name)) Reflect.deleteProperty(module, name);
      else if (!Object.is(before.get(name), value)) Reflect.set(module, name, before.get(name));
    }
  };
}

/** The results of `forward` in evaluation mode, at once. The model stays what it was, if `forward` writes to no state. */
export function runModel(where: string, model: Module, inputs: readonly Tensor[]): Recording["outputs"] {
  const modules = Array.from(model.namedModules(), ([, module]) => module);
  return namedResults(
    where,
    inEvaluation(modules, () => noGrad(() => model.forward(...inputs))),
  );
}

/** Calls a function while the modules are in evaluation mode. */
export function inEvaluation<T>(modules: readonly AnyModule[], run: () => T): T {
  const modes = modules.map((module) => [module, module.training] as const);
  try {
    for (const module of modules) module.training = false;
    return run();
  } finally {
    for (const [module, mode] of modes) module.training = mode;
  }
}

/** The tensors in what a function took or gave. */
export function tensorsIn(value: unknown, depth = 0): Tensor[] {
  if (isTensor(value)) return [value];
  if (depth > MOST_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((one) => tensorsIn(one, depth + 1));
  return isPlainObject(value) ? Object.values(value).flatMap((one) => tensorsIn(one, depth + 1)) : [];
}
const MOST_DEPTH = 20;

/** Results with other names for those that were taken: a tensor that a module gives is of that module. */
function withAliases<T>(value: T, taken: ReadonlySet<Tensor>): T {
  if (!tensorsIn(value).some((tensor) => taken.has(tensor))) return value;
  const alias = (one: unknown): unknown => {
    if (isTensor(one)) return taken.has(one) ? new Tensor(one.storage, one.shape, one.dtype) : one;
    if (Array.isArray(one)) return one.map(alias);
    if (!isPlainObject(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([name, own]) => [name, alias(own)]));
  };
  return alias(value) as T;
}

/** Notes calls of modules. */
class Watch {
  readonly calls: ModuleCall[] = [];

  readonly note: Note = (inside) => (currentTrace() as Trace).stretch(inside);

  /** Notes each call of a module's `forward`. @returns what ends that. */
  forward(name: string, module: Module): () => void {
    const own = Object.getOwnPropertyDescriptor(module, "forward");
    const { forward } = module;
    if (own?.configurable === false || !Object.isExtensible(module)) return () => {};
    const value = (...inputs: Tensor[]): Tensor => {
      const isPlain = own === undefined && !module.training;
      const { result, stretch } = this.note(() => forward.apply(module, inputs));
      const output = withAliases(result, new Set(tensorsIn(inputs)));
      this.calls.push({ module, name, inputs, output, isPlain, ...stretch });
      return output;
    };
    Object.defineProperty(module, "forward", { value, configurable: true, writable: true });
    return () => {
      if (own === undefined) Reflect.deleteProperty(module, "forward");
      else Object.defineProperty(module, "forward", own);
    };
  }
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
