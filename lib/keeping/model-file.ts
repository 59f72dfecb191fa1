// Models and state dicts as safetensors files.
import { types } from "node:util";
import { checkSchema, Schema, type SchemaInputs } from "../data/schema/schema.js";
import { ArgumentError, DataError, ThalwegError } from "../errors.js";
import { toStored, toTensor } from "../formats/convert.js";
import { decodeSafetensors, encodeSafetensors } from "../formats/safetensors.js";
import {
  type ArrayFile,
  STORED_FLOATS,
  type StoredArray,
  type StoredFloat,
} from "../formats/stored-array.js";
import { describeModel, tiesOf } from "../nn/describe.js";
import { type AnyModule, Module } from "../nn/module.js";
import { reword } from "../nn/place.js";
import type { LoadStateDictOptions, StateDict } from "../nn/state-dict.js";
import { checkChoice, checkOptions, describe, isInstance, isPlainObject } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { fillModel, makeModel, type TensorSource } from "./model-source.js";

export interface SaveOptions {
  /** How numbers of floating point are stored, rounded to the nearest. Default: each as it is. */
  readonly dtype?: StoredFloat;
  /** Texts by name that the file has too. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The schema of the rows that the model learnt from, for `Predictor.load`. Default: none. */
  readonly schema?: Schema<SchemaInputs>;
  /** With a schema of classes: what the model gives, as of `Schema.inverse`. Default: "logits". */
  readonly outputs?: SchemaOutputs;
}

/** What a model gives for classes. */
export type SchemaOutputs = "logits" | "probabilities";
const OUTPUTS: readonly SchemaOutputs[] = ["logits", "probabilities"];

/** Tensors of a file by name, and its metadata. */
export interface SavedTensors {
  readonly tensors: StateDict;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Where the metadata has the description of the model. */
const DESCRIPTION = "thalweg";
/** Where the metadata has the schema, and what the model gives if that is not logits. */
export const SCHEMA = "thalweg.schema";
const OUTPUTS_NAME = "thalweg.outputs";

/**
 * The pieces of a file. Without a conversion, the arrays are views of the tensors' own memory.
 * @throws ArgumentError, OptionError; DetachedError, BusyError
 */
export function encodeModel(where: string, from: unknown, options: SaveOptions): Uint8Array[] {
  checkOptions(where, options, ["dtype", "metadata", "schema", "outputs"]);
  const { metadata = {} } = options;
  const dtype =
    options.dtype === undefined ? undefined : checkChoice(where, "dtype", options.dtype, STORED_FLOATS);
  if (!isPlainObject(metadata) || types.isProxy(metadata)) {
    throw new ArgumentError(
      `${where}: expected metadata to be an object of texts, got ${describe(metadata)}`,
    );
  }
  const ofRows = schemaTexts(where, options);
  const { state, own } = isInstance(from, Module)
    ? ofModel(where, from)
    : { state: checkState(where, from), own: {} };
  const reserved = [DESCRIPTION, SCHEMA, OUTPUTS_NAME, ...Object.keys(own)];
  const taken = reserved.find((name) => Object.hasOwn(metadata, name));
  if (taken !== undefined) throw new ArgumentError(`${where}: metadata: the name "${taken}" is taken`);
  const arrays = new Map(
    Object.entries(state).map(([name, tensor]): [string, StoredArray] => [
      name,
      stored(where, name, tensor, dtype),
    ]),
  );
  return encodeSafetensors(arrays, { format: "pt", ...own, ...ofRows, ...metadata }, where);
}

/** What the metadata says of the rows. */
function schemaTexts(where: string, { schema, outputs }: SaveOptions): Record<string, string> {
  if (schema === undefined) {
    if (outputs === undefined) return {};
    throw new ArgumentError(`${where}: outputs is for a model with a schema`);
  }
  checkKeptSchema(where, schema);
  const kind = checkOutputs(where, outputs);
  return {
    [SCHEMA]: JSON.stringify(schema),
    ...(kind === "logits" ? {} : { [OUTPUTS_NAME]: kind }),
  };
}

/** @throws ArgumentError for another value, and for a schema without a target */
export const checkKeptSchema = (where: string, schema: unknown): Schema<SchemaInputs> =>
  checkSchema(where, schema, "it says of no output what it means");

export const checkOutputs = (where: string, outputs: unknown): SchemaOutputs =>
  checkChoice(where, "outputs", outputs ?? "logits", OUTPUTS);

/** The tensors of a model, and what the metadata says of it. */
function ofModel(where: string, model: AnyModule): { state: StateDict; own: Record<string, string> } {
  try {
    const description = JSON.stringify(describeModel(model));
    // As safetensors.torch.save_model writes parameters that are others.
    return {
      state: model.stateDict(),
      own: { ...Object.fromEntries(tiesOf(model)), [DESCRIPTION]: description },
    };
  } catch (error) {
    if (error instanceof ArgumentError)
      throw new ArgumentError(`${where}: ${error.message.replace(/^stateDict: /, "")}`);
    throw error;
  }
}

function checkState(where: string, state: unknown): StateDict {
  if (!isPlainObject(state) || types.isProxy(state)) {
    throw new ArgumentError(`${where}: expected a Module, or tensors by name, got ${describe(state)}`);
  }
  return Object.fromEntries(
    Object.entries(state).map(([name, tensor]) => [name, checkTensor(where, name, tensor)]),
  );
}

function stored(where: string, name: string, tensor: Tensor, dtype: SaveOptions["dtype"]): StoredArray {
  const place = `${where}: ${name}`;
  try {
    return toStored(tensor, isFloat(tensor.dtype) ? dtype : undefined, place);
  } catch (error) {
    if (error instanceof ThalwegError) reword(error, error.message.replace(/^tensor: /, `${place}: `));
    throw error;
  }
}

/** The model in a file: the one that it describes, or the given one with its values. @throws DataError, … */
export function decodeModel<M extends AnyModule>(
  where: string,
  bytes: Uint8Array,
  model: M | undefined,
  options: LoadStateDictOptions | undefined,
): M | Module {
  checkGiven(where, model);
  return modelOf(where, decodeSafetensors(bytes, where), model, options);
}

/** A model with the schema of the rows that it learnt from. */
export interface SavedPredictor {
  readonly model: Module<never>;
  readonly schema: Schema<SchemaInputs>;
  readonly outputs: SchemaOutputs;
}

/** As `decodeModel`, with the schema in the file. @throws DataError for a file without one, … */
export function decodePredictor(
  where: string,
  bytes: Uint8Array,
  model: Module<never> | undefined,
): SavedPredictor {
  checkGiven(where, model);
  const file = decodeSafetensors(bytes, where);
  const text = file.metadata[SCHEMA];
  if (text === undefined) {
    throw new DataError(
      `${where}: the file has no schema; save(model, path, { schema }) keeps one with the model`,
    );
  }
  const schema = schemaOf(where, text);
  const outputs = OUTPUTS.find((kind) => kind === (file.metadata[OUTPUTS_NAME] ?? "logits"));
  if (outputs === undefined) {
    throw new DataError(
      `${where}: expected ${OUTPUTS_NAME} to be one of ${OUTPUTS.join(", ")}, got ${describe(file.metadata[OUTPUTS_NAME])}`,
    );
  }
  return { model: modelOf(where, file, model, undefined), schema, outputs };
}

/** The schema that the metadata has. @throws DataError */
export function schemaOf(where: string, text: string): Schema<SchemaInputs> {
  try {
    return checkKeptSchema(where, new Schema(parsed(where, text, "the schema")));
  } catch (error) {
    if (!(error instanceof ThalwegError)) throw error;
    throw new DataError(error.message.replace(/^Schema: /, `${where}: the schema: `), { cause: error });
  }
}

function checkGiven(where: string, model: unknown): void {
  if (model === undefined || isInstance(model, Module)) return;
  throw new ArgumentError(`${where}: expected model to be a Module, got ${describe(model)}`);
}

function modelOf<M extends AnyModule>(
  where: string,
  file: ArrayFile,
  model: M | undefined,
  options: LoadStateDictOptions | undefined,
): M | Module {
  const source = sourceOf(where, file);
  if (model !== undefined) return fillModel(source, model, options);
  if (options !== undefined) {
    throw new ArgumentError(`${where}: options are for a given model, which is missing`);
  }
  const description = file.metadata[DESCRIPTION];
  if (description === undefined) {
    throw new DataError(
      `${where}: the file has tensors and does not say of what model: give the model to be filled, or read the tensors with loadTensors`,
    );
  }
  return makeModel(source, parsed(where, description, "the description of the model"));
}

function parsed(where: string, text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${where}: ${what} is not JSON`, { cause });
  }
}

function sourceOf(where: string, { arrays, metadata }: ArrayFile): TensorSource {
  const elements = Array.from(arrays.values(), ({ shape }) => sizeOf(shape));
  return {
    where,
    names: [...arrays.keys()],
    elements: elements.reduce((sum, size) => sum + size, 0),
    aliases: new Map(Object.entries(metadata).filter(([, name]) => arrays.has(name))),
    tensorAt: (name, dtype) => toTensor(where, name, arrays.get(name) as StoredArray, { dtype }),
  };
}

/** All tensors in a file. @throws DataError */
export function decodeTensors(where: string, bytes: Uint8Array): SavedTensors {
  const { arrays, metadata } = decodeSafetensors(bytes, where);
  const tensors: StateDict = Object.create(null);
  for (const [name, array] of arrays) tensors[name] = toTensor(where, name, array);
  return { tensors, metadata };
}

/** Bytes that nobody else writes meanwhile. @throws ArgumentError */
export function checkBytes(where: string, bytes: unknown): Uint8Array {
  if (!types.isUint8Array(bytes) || types.isProxy(bytes)) {
    throw new ArgumentError(`${where}: expected bytes to be a Uint8Array, got ${describe(bytes)}`);
  }
  return types.isSharedArrayBuffer(bytes.buffer) ? Uint8Array.from(bytes) : bytes;
}
