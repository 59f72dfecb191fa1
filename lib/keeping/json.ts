import { ArgumentError, DataError, ThalwegError } from "../errors.js";
import { toStored, toTensor } from "../formats/convert.js";
import type { ModelJSON } from "../nn/describe.js";
import { Module } from "../nn/module.js";
import type { LoadStateDictOptions } from "../nn/state-dict.js";
import { describe, isInstance, isPlainObject } from "../options.js";
import type { DType } from "../tensor/dtype.js";
import { tensorFromJSON } from "../tensor/json.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { fillModel, makeModel, type TensorSource } from "./model-source.js";

/**
 * A model as plain values that JSON keeps: what it is made of, and the values of its parameters and buffers, bit for bit
 * except which NaN it is. It is what `JSON.stringify(model)` writes. For small models; `serialize` gives bytes.
 * @throws ArgumentError unless it is given a module, and for an option of a registered class that JSON cannot hold;
 *   BusyError, DetachedError
 * @example const text = JSON.stringify(toJSON(model));
 */
export function toJSON(model: Module): ModelJSON {
  if (isInstance(model, Module)) return model.toJSON();
  throw new ArgumentError(`toJSON: expected model to be a Module, got ${describe(model)}`);
}

/**
 * The model that `toJSON` wrote, made again. With a `model`, fills that one, in the model's dtypes as `load` does.
 * @param json what `JSON.parse` gives, with `reviveTensors` or without.
 * @param options for a given model, as of `loadStateDict`.
 * @throws DataError for what is not such a model, and for a class that is not registered; ArgumentError; for a given
 *   model what `loadStateDict` throws
 * @example fromJSON(JSON.parse(JSON.stringify(new nn.Linear(2, 3)))).forward(ones([1, 2]))   // [1, 3]
 */
export function fromJSON(json: unknown): Module;
export function fromJSON<M extends Module>(json: unknown, model: M, options?: LoadStateDictOptions): M;
export function fromJSON(json: unknown, model?: Module, options?: LoadStateDictOptions): Module {
  const where = "fromJSON";
  if (model !== undefined && !isInstance(model, Module)) {
    throw new ArgumentError(`${where}: expected model to be a Module, got ${describe(model)}`);
  }
  if (!isPlainObject(json) || !isPlainObject(json["state"])) {
    throw new DataError(`${where}: expected an object with the state of a model, got ${describe(json)}`);
  }
  const source = sourceOf(where, json["state"]);
  return model === undefined ? makeModel(source, json) : fillModel(source, model, options);
}

function sourceOf(where: string, state: Readonly<Record<string, unknown>>): TensorSource {
  const arrays = new Map(Object.entries(state));
  const ownTensor = (name: string): Tensor => {
    const value = arrays.get(name);
    try {
      return isTensor(value) ? value : tensorFromJSON(value);
    } catch (error) {
      if (!(error instanceof ThalwegError)) throw error;
      throw new DataError(`${where}: ${describe(name)}: ${error.message}`, { cause: error });
    }
  };
  const tensorAt = (name: string, dtype?: DType): Tensor => {
    const own = ownTensor(name);
    return dtype === undefined || dtype === own.dtype
      ? own
      : toTensor(where, name, toStored(own, own.dtype, `${where}: ${name}`), { dtype });
  };
  const elements = [...arrays.values()].reduce<number>((sum, value) => sum + elementsOf(value), 0);
  return { where, names: [...arrays.keys()], elements, aliases: new Map(), tensorAt };
}

function elementsOf(value: unknown): number {
  if (isTensor(value)) return value.size;
  return isPlainObject(value) && Array.isArray(value["data"]) ? value["data"].length : 0;
}
