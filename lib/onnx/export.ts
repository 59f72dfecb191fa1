import { ArgumentError, ShapeError, ThalwegError } from "../errors.js";
import { writeAtomicallySync } from "../files/write.js";
import { HALF_A_PAIR, quote } from "../formats/stored-array.js";
import { Module } from "../nn/module.js";
import { reword } from "../nn/place.js";
import { type Recording, recordModel } from "../nn/record.js";
import {
  checkFlag,
  checkNumber,
  checkOptions,
  describe,
  describeList,
  isInstance,
  isPlainObject,
} from "../options.js";
import { format, type Shape, type TensorSpec } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { IR_VERSIONS, toMessage } from "./message.js";
import { giveTheSame } from "./other-batches.js";
import { encodeModel } from "./proto.js";
import { simplify } from "./simplify.js";
import { type Doubt, forAnyBatch, type SymbolicGraph } from "./symbolic.js";
import { type Problem, RESULT, type TranslateOptions, translate } from "./translate.js";

export interface ExportOnnxOptions {
  /** The version of ONNX's operators, 17 to 23. Default: 18. */
  readonly opset?: number;
  /** A file to write the bytes to. It is written whole or not at all. */
  readonly path?: string;
  /**
   * Whether the first axis of each sample is a batch of any size. Scalars have no such axis. A list names the inputs
   * that have one. Default: true.
   */
  readonly dynamicBatch?: boolean | readonly string[];
  /** Names of the inputs. Default: "input", or "input_0", "input_1", … */
  readonly inputNames?: readonly string[];
  /** Names of the results. Default: "output", the names that `forward` gives, or "output_0", "output_1", … */
  readonly outputNames?: readonly string[];
  /** Texts by name, for the model's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const OPTIONS = ["opset", "path", "dynamicBatch", "inputNames", "outputNames", "metadata"] as const;
const NAME = "exportOnnx";

/**
 * The model as the bytes of an ONNX file: the ops that `forward` calls, in evaluation mode, for inputs of the samples'
 * shapes and dtypes. Parameters and buffers keep their names. The model stays what it was.
 *
 * With a dynamic batch, `forward` is recorded for three batch sizes, multiples of the samples': sizes that differ are
 * computed from the input's first axis. The graph is compared with recordings for batches of 1, 2, 3, the samples' and
 * one more, where `forward` takes them. If they differ, the file is run beside `forward` on numbers.
 * @param samples The inputs, or the only one. Their values do not matter.
 * @throws ArgumentError that names each op that cannot be exported with its line; ShapeError for samples whose batches
 *   differ; PackageError if protobufjs is not installed; OptionError; FileError; and what `forward` throws
 * @example
 * const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * const bytes = exportOnnx(net, zeros([1, 4]), { path: "net.onnx" });
 */
export function exportOnnx(
  model: Module,
  samples: Tensor | readonly Tensor[],
  options: ExportOnnxOptions = {},
): Uint8Array {
  if (!isInstance(model, Module))
    throw new ArgumentError(`${NAME}: expected model to be a Module, got ${describe(model)}`);
  const inputs = checkSamples(samples);
  const settings = readOptions(inputs, options);
  const { graph, problems } = settings.batched.some(Boolean)
    ? graphOfAnyBatch(model, inputs, settings)
    : graphOfSamples(model, inputs, settings);
  if (problems.length > 0) throw new ArgumentError(messageOf(problems));
  const bytes = bytesOf(graph, model, settings);
  if (settings.path !== undefined) writeAtomicallySync(NAME, settings.path, [bytes]);
  return bytes;
}

/** @throws ArgumentError for a model that is too large for one file; PackageError */
function bytesOf(graph: SymbolicGraph, model: Module, { opset, metadata }: Settings): Uint8Array {
  const shorter = simplify(graph);
  checkSize(shorter);
  return encodeModel(NAME, toMessage(shorter, model.constructor.name || "Module", opset, metadata));
}

interface Settings {
  readonly opset: number;
  readonly path: string | undefined;
  /** Of each input, whether its first axis is the batch. */
  readonly batched: readonly boolean[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[] | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Exported {
  readonly graph: SymbolicGraph;
  readonly problems: readonly Problem[];
}

function checkSamples(samples: unknown): readonly Tensor[] {
  const list = isTensor(samples) ? [samples] : samples;
  if (!Array.isArray(list) || list.length === 0)
    throw new ArgumentError(`${NAME}: expected samples to be tensors, got ${describe(samples)}`);
  return list.map((sample, i) => checkTensor(NAME, `sample ${i}`, sample));
}

function readOptions(samples: readonly Tensor[], options: ExportOnnxOptions): Settings {
  checkOptions(NAME, options, OPTIONS);
  const opsets = Object.keys(IR_VERSIONS).map(Number);
  const opset = checkNumber(NAME, "opset", options.opset ?? 18, {
    min: Math.min(...opsets),
    max: Math.max(...opsets),
    integer: true,
  });
  if (options.path !== undefined && typeof options.path !== "string")
    throw new ArgumentError(`${NAME}: expected path to be a string, got ${describe(options.path)}`);
  const inputNames =
    options.inputNames === undefined ? numbered("input", samples.length) : options.inputNames;
  checkNames("inputNames", inputNames, samples.length);
  if (options.outputNames !== undefined) checkNames("outputNames", options.outputNames, null);
  const both = [...inputNames, ...(options.outputNames ?? [])];
  if (new Set(both).size < both.length)
    throw new ArgumentError(
      `${NAME}: expected names of inputs and outputs that differ, got ${describeList(both)}`,
    );
  return {
    opset,
    path: options.path,
    batched: batchedInputs(samples, inputNames, options.dynamicBatch ?? true),
    inputNames,
    outputNames: options.outputNames,
    metadata: checkMetadata(options.metadata ?? {}),
  };
}

/** "input", or "input_0", "input_1", … */
const numbered = (name: string, count: number): string[] =>
  count === 1 ? [name] : Array.from({ length: count }, (_, i) => `${name}_${i}`);

function checkNames(
  option: string,
  names: unknown,
  count: number | null,
): asserts names is readonly string[] {
  const areNames = Array.isArray(names) && names.every((name) => typeof name === "string" && name !== "");
  const broken = areNames ? names.find((name) => HALF_A_PAIR.test(name as string)) : undefined;
  if (broken !== undefined)
    throw new ArgumentError(`${NAME}: ${option}: ${quote(broken)} has half of a surrogate pair`);
  const fits = areNames && (count === null || names.length === count) && new Set(names).size === names.length;
  if (fits) return;
  const expected = count === null ? "different names" : `${count} different names`;
  throw new ArgumentError(`${NAME}: expected ${option} to be ${expected}, got ${describeList(names)}`);
}

function checkMetadata(metadata: unknown): Readonly<Record<string, string>> {
  if (!isPlainObject(metadata) || !Object.values(metadata).every((text) => typeof text === "string"))
    throw new ArgumentError(`${NAME}: expected metadata to be texts by name, got ${describe(metadata)}`);
  const texts = metadata as Readonly<Record<string, string>>;
  const broken = Object.entries(texts).find((entry) => entry.some((text) => HALF_A_PAIR.test(text)));
  if (broken !== undefined)
    throw new ArgumentError(`${NAME}: metadata: ${quote(broken[0])} has half of a surrogate pair`);
  return texts;
}

/** Which inputs have a batch axis. @throws ShapeError unless their batches are of one size */
function batchedInputs(samples: readonly Tensor[], names: readonly string[], dynamic: unknown): boolean[] {
  if (Array.isArray(dynamic)) {
    const unknown = dynamic.find((name) => !names.includes(name as string));
    if (unknown !== undefined)
      throw new ArgumentError(
        `${NAME}: dynamicBatch: no input ${describe(unknown)}; there are ${names.join(", ")}`,
      );
  } else checkFlag(NAME, "dynamicBatch", dynamic as boolean);
  const isNamed = (i: number): boolean =>
    Array.isArray(dynamic) ? dynamic.includes(names[i]) : dynamic === true;
  const batched = samples.map(({ rank }, i) => isNamed(i) && rank > 0);
  const own = samples.filter((_, i) => batched[i]);
  const [first] = own;
  const other = own.find(({ shape }) => shape[0] !== first?.shape[0]);
  if (first !== undefined && other !== undefined) {
    throw new ShapeError(
      `${NAME}: expected samples of one batch, got ${format(first.shape)} and ${format(other.shape)}; name the inputs that have a batch axis in dynamicBatch, or set it to false`,
    );
  }
  return batched;
}

/** The graph for the samples' shapes. */
function graphOfSamples(model: Module, samples: readonly TensorSpec[], settings: Settings): Exported {
  const recording = recordModel(NAME, model, samples);
  return translate(model, recording, { ...optionsFor(model, recording, settings), folds: true });
}

interface RecordingOfBatch {
  readonly batch: number;
  readonly recording: Recording;
}

/** The graph for any batch size, from recordings of three. */
function graphOfAnyBatch(model: Module, samples: readonly TensorSpec[], settings: Settings): Exported {
  const { batched, inputNames, opset } = settings;
  const axis = batched.indexOf(true);
  const own = samples[axis]?.shape[0] as number;
  const sizes = batchSizes(own);
  const recordOf = (batch: number, lines: boolean): Recording => {
    const shapes = samples.map(({ shape }, i) => (batched[i] ? [batch, ...shape.slice(1)] : shape));
    const specs = samples.map(({ dtype }, i) => ({ dtype, shape: shapes[i] as Shape }));
    return recordModel(NAME, model, specs, lines);
  };
  const record = (batch: number): Recording => {
    try {
      return recordOf(batch, true);
    } catch (error) {
      // What it says of the samples themselves is plainer.
      recordModel(NAME, model, samples);
      throw ofOtherBatch(error, batch);
    }
  };
  const recordings = [record(sizes[0]), record(sizes[1]), record(sizes[2])] as const;
  const options = optionsFor(model, recordings[0], settings);
  const others = recorded(otherSizes(own), (batch) => recordOf(batch, false));
  const compared = others.filter(({ recording }) => haveSameResults(recording, recordings[0]));
  const isLeftOut = ({ batch }: RecordingOfBatch): boolean => !compared.some((one) => one.batch === batch);
  const otherResults = others.filter(isLeftOut).map(({ batch }) => ({ batch, what: RESULT }));
  const merged = (folds: boolean): Exported => {
    const graphOf = (recording: Recording) => translate(model, recording, { ...options, folds });
    const first = graphOf(recordings[0]);
    if (first.problems.length > 0) return first;
    const graphs = [first.graph, graphOf(recordings[1]).graph, graphOf(recordings[2]).graph] as const;
    const input = { name: inputNames[axis] as string, axis: 0 };
    const graphsOfOthers = compared.map(({ batch, recording }) => ({
      batch,
      graph: graphOf(recording).graph,
    }));
    const { graph, problems, doubts } = forAnyBatch(graphs, sizes, input, opset, graphsOfOthers);
    if (problems.length > 0) return { graph, problems };
    const wrong =
      doubts.length === 0 ? [] : confirmed(doubts, compared, model, bytesOf(graph, model, settings));
    return { graph, problems: problemsOf([...otherResults, ...wrong]) };
  };
  const folded = merged(true);
  // What was computed from constants may depend on the batch size in a way that only its parts show.
  return folded.problems.length === 0 ? folded : merged(false);
}

/** The recordings for these batch sizes, without those that the model does not take. */
function recorded(batches: readonly number[], record: (batch: number) => Recording): RecordingOfBatch[] {
  return batches.flatMap((batch) => {
    try {
      return [{ batch, recording: record(batch) }];
    } catch {
      return [];
    }
  });
}

/** The doubts about batches for which the file gives other results than the model. */
function confirmed(
  doubts: readonly Doubt[],
  recordings: readonly RecordingOfBatch[],
  model: Module,
  bytes: Uint8Array,
): Doubt[] {
  const byBatch = new Map(recordings.map(({ batch, recording }) => [batch, recording]));
  const pair = { model, bytes };
  return doubts.filter(({ batch }) => !giveTheSame(NAME, pair, byBatch.get(batch) as Recording));
}

/** Whether two recordings have as many results, by the same names. */
const haveSameResults = (a: Recording, b: Recording): boolean =>
  a.outputs.length === b.outputs.length && a.outputs.every(([name], i) => name === b.outputs[i]?.[0]);

/** What gives other results for some batch sizes, as one problem for each. */
function problemsOf(wrong: readonly Doubt[]): Problem[] {
  return [...new Set(wrong.map(({ what }) => what))].map((what) => {
    const batches = wrong.filter((one) => one.what === what).map(({ batch }) => batch);
    const reason = `the file would give other results than the model for a batch of ${batches.join(", ")}; export it with dynamicBatch: false`;
    return { what, reason };
  });
}

/** The error of a model that takes the samples, but not a batch of another size. */
function ofOtherBatch(error: unknown, size: number): unknown {
  if (!(error instanceof ThalwegError)) return error;
  const hint = `${NAME} called forward with a batch of ${size}; set dynamicBatch to false, or name the inputs that have a batch axis`;
  reword(error, `${error.message} (${hint})`);
  return error;
}

function optionsFor(
  model: Module,
  { outputs }: Recording,
  { opset, inputNames, outputNames }: Settings,
): Omit<TranslateOptions, "folds"> {
  const named = outputs.map(([name]) => name);
  const own = named.every((name) => name !== null) ? named : numbered("output", outputs.length);
  if (outputNames !== undefined && outputNames.length !== outputs.length) {
    throw new ArgumentError(
      `${NAME}: expected outputNames for ${outputs.length} results, got ${describeList(outputNames)}`,
    );
  }
  const chosen = outputNames ?? own;
  const states = model.stateDict();
  const broken = [...chosen, ...Object.keys(states)].find((name) => HALF_A_PAIR.test(name));
  if (broken !== undefined)
    throw new ArgumentError(`${NAME}: the name ${quote(broken)} has half of a surrogate pair`);
  const taken = chosen.find((name) => inputNames.includes(name));
  if (taken !== undefined)
    throw new ArgumentError(`${NAME}: "${taken}" is the name of an input and of a result`);
  const ofState = [...inputNames, ...chosen].find((name) => Object.hasOwn(states, name));
  if (ofState !== undefined) {
    throw new ArgumentError(
      `${NAME}: "${ofState}" is the name of a parameter or buffer; choose others for inputs and results in inputNames and outputNames`,
    );
  }
  return { opset, inputNames, outputNames: chosen };
}

// Sizes that hardly any layer has, so that no other size is equal to the batch's by chance. They are small, since
// constants of a batch's shape are made.
const PRIMES = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73] as const;
const LARGE = 61;

/** Three batch sizes, multiples of the samples'. */
function batchSizes(own: number): readonly [number, number, number] {
  const unit = Math.max(own, 1);
  const least = PRIMES.findIndex((prime) => prime * unit >= LARGE);
  const size = (i: number): number => (PRIMES[least + i] as number) * unit;
  return [size(0), size(1), size(2)];
}

/** Batch sizes for which the file is compared with the model: small ones, and those that share no factor with the samples'. */
const otherSizes = (own: number): number[] =>
  [...new Set([1, 2, 3, own, own + 1])].filter((size) => size > 0);

function messageOf(problems: readonly Problem[]): string {
  const lines = [...new Set(problems.map(({ what, reason }) => `  ${what}: ${reason}`))];
  const count = lines.length === 1 ? "an op of the model" : `${lines.length} ops of the model`;
  return `${NAME}: ${count} cannot be exported:\n${lines.join("\n")}`;
}

// The format of the file has 32 bits for sizes, with sign.
const MOST_BYTES = 2 ** 31 - 2 ** 20;

/** @throws ArgumentError for a model that is too large for one file */
function checkSize({ constants }: SymbolicGraph): void {
  let bytes = 0;
  for (const constant of constants.values())
    if (constant.kind !== "sizes") bytes += constant.values.byteLength;
  if (bytes <= MOST_BYTES) return;
  throw new ArgumentError(`${NAME}: the model has ${bytes} bytes, and an ONNX file holds less than 2³¹`);
}
