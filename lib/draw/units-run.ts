// One run of a model on one sample, of which each op is remembered.
import { isCompiled } from "../compiler/compile.js";
import { enableGrad } from "../context/grad-mode.js";
import { ArgumentError, DTypeError } from "../errors.js";
import { inMode } from "../nn/in-mode.js";
import { type AnyModule, Module } from "../nn/module.js";
import { view } from "../ops/reshape.js";
import { describe, isClass, isInstance } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { ones } from "../tensor/create.js";
import { isFloat } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { takeApart } from "../tensor/tree.js";
import { readArguments } from "./trace-model.js";

/** A call of a module's forward within the run. */
export interface Call {
  /** As `namedModules()` has it: "" for the model itself. */
  readonly name: string;
  readonly module: AnyModule;
  /** The nodes that were made in it have ids above `begin` and below `end`. */
  readonly begin: number;
  readonly end: number;
  readonly inputs: readonly Tensor[];
  readonly output: unknown;
}

export interface Run {
  readonly inputs: readonly Tensor[];
  readonly inputNames: readonly string[];
  readonly outputs: readonly Tensor[];
  /** In the order in which they ended: inner ones first. */
  readonly calls: readonly Call[];
  /** The names of the model's parameters and buffers, by their memory. */
  readonly names: ReadonlyMap<unknown, string>;
  /** Samples of the input, of which the first is drawn. */
  readonly samples: number;
}

/**
 * Runs a model in evaluation mode on the first sample of its inputs. The default generator stays what it was.
 * @throws ArgumentError unless it is a module or a function of tensors; DTypeError for inputs that are not floats
 */
export function runOnce(where: string, model: unknown, input: unknown): Run {
  const state = defaultGenerator.getState();
  try {
    return runDrawing(where, model, input);
  } finally {
    defaultGenerator.setState(state);
  }
}

function runDrawing(where: string, model: unknown, input: unknown): Run {
  const { leaves: given, names: inputNames, build } = readArguments(where, input);
  const inputs = given.map((tensor, i) => firstSample(where, inputNames[i] as string, tensor));
  const samples = (given[0] as Tensor).rank < 2 ? 1 : ((given[0] as Tensor).shape[0] as number);
  const own = { inputs, inputNames, samples };
  if (isInstance(model, Module)) return { ...runModule(where, model, build(inputs)), ...own };
  if (typeof model !== "function" || isCompiled(model) || isClass(model)) {
    const what = isCompiled(model) ? 'a compiled function, which style "program" shows' : describe(model);
    throw new ArgumentError(`${where}: expected model to be a module or a function of tensors, got ${what}`);
  }
  const output: unknown = enableGrad(() => Reflect.apply(model, undefined, build(inputs)));
  return { outputs: leaves(where, output), calls: [], names: new Map(), ...own };
}

function runModule(where: string, model: AnyModule, inputs: readonly unknown[]) {
  const calls: Call[] = [];
  const begins: number[] = [];
  // The id of a node that is made now.
  const marker = ones([1]);
  marker.requiresGrad = true;
  const now = (): number => view(marker).producer?.id ?? 0;
  const removers = Array.from(model.namedModules()).flatMap(([name, module]) => [
    module.registerForwardPreHook(() => {
      begins.push(enableGrad(now));
    }),
    module.registerForwardHook((_, taken, output) => {
      const [begin, end] = [begins.pop() ?? 0, enableGrad(now)];
      calls.push({ name, module, begin, end, inputs: taken, output });
    }),
  ]);
  try {
    const forward = model.forward as (...given: readonly unknown[]) => unknown;
    const output = inMode(model, false, () => enableGrad(() => Reflect.apply(forward, model, inputs)));
    const names = new Map<unknown, string>();
    for (const [name, { storage }] of [...model.namedBuffers(), ...model.namedParameters()])
      names.set(storage, name);
    return { outputs: leaves(where, output), calls, names };
  } finally {
    for (const remove of removers) remove();
  }
}

/** A copy of the first sample, [1, ...], or of a tensor of one axis the whole, in whose history the ops are kept. */
function firstSample(where: string, name: string, { shape, dtype, size, storage }: Tensor): Tensor {
  if (!isFloat(dtype)) {
    throw new DTypeError(
      `${where}: expected ${name} to be float32 or float64, got ${dtype}: what reads indices cannot be drawn as units; style "block" shows it`,
    );
  }
  if (size === 0) throw new ArgumentError(`${where}: expected ${name} to have a sample, got none`);
  const [samples = 1] = shape.length < 2 ? [] : shape;
  const first = storage.forReading().slice(0, size / samples);
  const sample = new Tensor(first, shape.length < 2 ? shape : [1, ...shape.slice(1)], dtype);
  sample.requiresGrad = true;
  return sample;
}

function leaves(where: string, output: unknown): readonly Tensor[] {
  return takeApart(where, "the model's output", output).leaves;
}
