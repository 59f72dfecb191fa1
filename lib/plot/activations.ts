import { noGrad } from "../context/grad-mode.js";
import { ArgumentError } from "../errors.js";
import { inMode } from "../nn/in-mode.js";
import { type AnyModule, Module } from "../nn/module.js";
import { checkNumber, checkOptions, describe, isInstance } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { type Distribution, distributionOf, histogramViews } from "./histograms.js";
import { Plot } from "./plot.js";
import { checkTitle, type TitleOptions } from "./read.js";
import { shown } from "./spec.js";

export interface ActivationsOptions extends TitleOptions {
  /** Bins of a histogram, from 2 to 200. Default: 30. */
  readonly bins?: number;
}

/** The outputs of a module for all samples, counted. */
export interface Activation extends Distribution {
  /** The class of the module. */
  readonly kind: string;
  /** The share of units that are 0 for every sample: of a ReLU, those that are dead. */
  readonly dead: number;
}

export interface ActivationsData {
  readonly modules: readonly Activation[];
}

/**
 * The outputs of each module that has no modules within it, for the samples x: how they are spread, how many are 0, and
 * how many units are 0 for every sample. The model is in evaluation mode meanwhile; nothing of it changes.
 * @param x what `forward` takes: a tensor [P, ...], or a list of its arguments.
 * @throws ArgumentError, OptionError, and what the model throws
 * @example
 * const net = new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 1));
 * const figure = plot.activations(net, tensor([[1, 2], [3, 4]]));
 * figure.data.modules.map(({ kind }) => kind);   // ["Linear", "ReLU", "Linear"]
 */
export function activations(
  model: Module<never, unknown>,
  x: unknown,
  options: ActivationsOptions = {},
): Plot<ActivationsData> {
  const where = "activations";
  if (!isInstance(model, Module))
    throw new ArgumentError(`${where}: expected a Module, got ${describe(model)}`);
  checkOptions(where, options, ["bins", "title"]);
  const title = checkTitle(where, options, "Activations");
  const bins = checkNumber(where, "bins", options.bins ?? 30, { min: 2, max: 200, integer: true });
  const inputs: readonly unknown[] = Array.isArray(x) ? x : [x];
  const other = inputs.find((one) => !isInput(one));
  if (inputs.length === 0 || other !== undefined) {
    throw new ArgumentError(
      `${where}: expected x to be a tensor, or a list of inputs, got ${describe(other ?? x)}`,
    );
  }
  const found = watch(model, inputs);
  const modules = [...found].flatMap(([module, { name, outputs }]): Activation[] => {
    const values = Float64Array.from(outputs.flatMap((one) => Array.from(one.storage.forReading())));
    if (values.length === 0) return [];
    const shape = (outputs[0] as Tensor).shape;
    const kind = module.constructor.name;
    const label = name === "" ? kind : `${name} (${kind})`;
    return [{ ...distributionOf(label, shape, values, bins), kind, dead: deadOf(outputs) }];
  });
  if (modules.length === 0) {
    throw new ArgumentError(
      `${where}: expected a model whose modules give tensors, got none for these inputs`,
    );
  }
  return new Plot({
    data: { modules },
    title,
    subtitle: "",
    description: modules
      .map(
        ({ name, mean, deviation, zeros, dead }) =>
          `${name}: mean ${shown(mean)}, standard deviation ${shown(deviation)}, ${shown(100 * zeros)} % zeros, ${shown(100 * dead)} % of the units always 0.`,
      )
      .join(" "),
    draw: (frame) => histogramViews(modules, frame),
  });
}

const isInput = (value: unknown): boolean =>
  isTensor(value) || (typeof value === "object" && value !== null && Object.values(value).every(isTensor));

interface Watched {
  readonly name: string;
  readonly outputs: Tensor[];
}

/** Runs the model, and gives the outputs of its innermost modules, in the order in which they first ran. */
function watch(model: AnyModule, inputs: readonly unknown[]): Map<AnyModule, Watched> {
  const found = new Map<AnyModule, Watched>();
  const state = defaultGenerator.getState();
  const removals: (() => void)[] = [];
  try {
    for (const [name, module] of model.namedModules()) {
      if (![...module.namedChildren()].every(([, child]) => child === module)) continue;
      const remove = (module as Module).registerForwardHook((_, __, output) => {
        const own = found.get(module) ?? { name, outputs: [] };
        found.set(module, own);
        if (isTensor(output)) own.outputs.push(output);
      });
      removals.push(remove);
    }
    inMode(model, false, () => noGrad(() => model.forward(...(inputs as never))));
  } finally {
    for (const remove of removals) remove();
    defaultGenerator.setState(state);
  }
  return found;
}

/** The share of the elements of a sample that are 0 in every sample of every output. Shapes: [P, ...] */
function deadOf(outputs: readonly Tensor[]): number {
  const [first] = outputs as [Tensor];
  const units = first.size / Math.max(1, first.shape[0] ?? 1);
  const alive = new Uint8Array(units);
  for (const output of outputs) {
    const values = output.storage.forReading();
    for (let i = 0; i < values.length; i++) if (values[i] !== 0) alive[i % units] = 1;
  }
  return 1 - alive.reduce((sum, one) => sum + one, 0) / units;
}
