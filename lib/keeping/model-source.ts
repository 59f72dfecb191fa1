// A model made or filled from tensors by name, wherever they come from.
import { DataError, ThalwegError } from "../errors.js";
import { buildModel } from "../nn/build.js";
import type { AnyModule, Module } from "../nn/module.js";
import { heldAt } from "../nn/named.js";
import { type LoadStateDictOptions, readLoadOptions, type StateDict } from "../nn/state-dict.js";
import { zeros } from "../tensor/create.js";
import type { DType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";

/** Tensors by name. */
export interface TensorSource {
  /** Function and file, as errors begin: `"load: model.safetensors"`. */
  readonly where: string;
  readonly names: readonly string[];
  /** Number of elements of all of them. */
  readonly elements: number;
  /** Other names of these tensors, with the names that they have here. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The tensor of a name that is there. Default dtype: its own. */
  tensorAt(name: string, dtype?: DType): Tensor;
}

/** The model that a description says, with the values of the source. @throws DataError */
export function makeModel(source: TensorSource, description: unknown): Module {
  const names = new Set(source.names);
  const model = buildModel(source.where, description, {
    elements: source.elements,
    tensorAt: (name, dtype) => (names.has(name) ? source.tensorAt(name, dtype) : undefined),
  });
  try {
    return fillModel(source, model);
  } catch (error) {
    if (error instanceof DataError || !(error instanceof ThalwegError)) throw error;
    const told = error.message.replace(/^loadStateDict: /, "");
    throw new DataError(
      `${source.where}: its tensors are not those of the model that it describes: ${told}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Copies the values of a source into a model, in the model's dtypes, all or none.
 * @throws as `loadStateDict`; DataError for a value that the model's dtype cannot hold
 */
export function fillModel<M extends AnyModule>(
  source: TensorSource,
  model: M,
  options: LoadStateDictOptions = {},
): M {
  const { strict, rename } = readLoadOptions(source.where, options);
  const targetOf = (name: string): Tensor | undefined => {
    const own: unknown = rename(name);
    return typeof own === "string" ? heldAt(model, own) : undefined;
  };
  const state: StateDict = Object.create(null);
  const filled = new Set<Tensor>();
  for (const name of source.names) {
    const target = targetOf(name);
    if (target !== undefined) {
      state[name] = source.tensorAt(name, target.dtype);
      filled.add(target);
      // What goes nowhere is not read: its name is enough for the error.
    } else if (strict) state[name] = zeros([0]);
  }
  for (const [alias, name] of source.aliases) {
    const target = targetOf(alias);
    if (target !== undefined && !filled.has(target)) state[alias] = source.tensorAt(name, target.dtype);
  }
  model.loadStateDict(state, options);
  return model;
}
