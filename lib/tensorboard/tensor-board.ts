import { ArgumentError } from "../errors.js";
import { type AnyModule, Module } from "../nn/module.js";
import {
  checkChoice,
  checkList,
  checkNumber,
  checkOptions,
  describe,
  isInstance,
  isPlainObject,
} from "../options.js";
import { dtypeOf } from "../tensor/dtype.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { EventFile } from "./event-file.js";
import { graphOf } from "./graph.js";
import { histogramOf } from "./histogram.js";
import { type Hyperparameters, hyperparameterSummaries } from "./hyperparameters.js";
import { IMAGE_FORMATS, type ImageFormat, imageOf, pngOf } from "./image.js";
import { encodeMessage, type SummaryValue } from "./schema.js";

export interface TensorBoardOptions {
  /** The end of the file's name. Default: none. */
  readonly filenameSuffix?: string;
}

export interface ImageOptions {
  /** The order of the axes. Default: CHW, or NCHW for several images. */
  readonly dataFormat?: ImageFormat;
}

// DT_STRING of TensorFlow's types.
const STRING = 7;

// UTF-8 cannot express it, and a reader would stop at it.
const HALF_A_PAIR = /\p{Surrogate}/u;

function checkText(where: string, name: string, value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw new ArgumentError(
      `${where}: expected ${name} to be a text that is not empty, got ${describe(value)}`,
    );
  }
  if (!HALF_A_PAIR.test(value)) return value;
  throw new ArgumentError(`${where}: ${name} has half of a surrogate pair: ${describe(value)}`);
}

/**
 * A run that TensorBoard shows (torch.utils.tensorboard.SummaryWriter): an event file in a folder. `tensorboard
 * --logdir` of the folder above shows several runs side by side.
 *
 * A record is in the file, whole, when the call returns; `flush()` waits until all are on the device. A second
 * TensorBoard in the same folder begins a file of its own.
 * Needs the packages protobufjs and crc-32; images need fast-png.
 * @throws ArgumentError, OptionError; FileError where the file cannot be made; PackageError.
 * @example
 * const board = new TensorBoard("runs/first");
 * board.addScalar("loss", 0.25, 1);
 * await board.close();
 */
export class TensorBoard {
  readonly #file: EventFile;

  constructor(folder: string, options: TensorBoardOptions = {}) {
    checkOptions("TensorBoard", options, ["filenameSuffix"]);
    const suffix = options.filenameSuffix ?? "";
    if (typeof suffix !== "string" || /[\\/\0]/.test(suffix)) {
      throw new ArgumentError(
        `TensorBoard: expected filenameSuffix to be a part of a file's name, got ${describe(suffix)}`,
      );
    }
    if (typeof folder !== "string" || folder === "" || folder.includes("\0")) {
      throw new ArgumentError(`TensorBoard: expected the path of a folder, got ${describe(folder)}`);
    }
    this.#file = new EventFile("TensorBoard", folder, suffix);
  }

  /** The event file's path. */
  get path(): string {
    return this.#file.path;
  }

  /**
   * A point of a curve, kept as float32; NaN and ±∞ are shown as such.
   * @param step A whole number, the curve's horizontal axis.
   * @throws ArgumentError, FileError
   */
  addScalar(tag: string, value: number, step: number): void {
    const where = "addScalar";
    if (typeof value !== "number") {
      throw new ArgumentError(`${where}: expected value to be a number, got ${describe(value)}`);
    }
    this.#add(where, tag, step, { simpleValue: value });
  }

  /**
   * A point of each of several curves: tags `main/name`.
   * @throws ArgumentError, FileError
   */
  addScalars(mainTag: string, values: Readonly<Record<string, number>>, step: number): void {
    const where = "addScalars";
    checkText(where, "mainTag", mainTag);
    checkStep(where, step);
    if (!isPlainObject(values) || Object.values(values).some((value) => typeof value !== "number")) {
      throw new ArgumentError(`${where}: expected values to be numbers by name, got ${describe(values)}`);
    }
    this.#write(
      step,
      Object.entries(values).map(([name, simpleValue]) => ({
        tag: `${mainTag}/${checkText(where, "a name", name)}`,
        simpleValue,
      })),
    );
  }

  /**
   * How the values are distributed, between TensorFlow's limits: each 1.1 times the one before.
   * @throws ArgumentError; DataError where there are no values or one is not finite; BusyError; FileError.
   */
  addHistogram(tag: string, values: Tensor | Float32Array | Float64Array | Int32Array, step: number): void {
    const where = "addHistogram";
    if (isTensor(values)) {
      this.#add(where, tag, step, { histo: histogramOf(where, values.storage.forReading()) });
    } else if (ArrayBuffer.isView(values) && dtypeOf(values) !== undefined) {
      this.#add(where, tag, step, { histo: histogramOf(where, values) });
    } else {
      throw new ArgumentError(
        `${where}: expected values to be a tensor or a typed array of numbers, got ${describe(values)}`,
      );
    }
  }

  /**
   * Histograms of all parameters, under `weights/<name>`, and of the gradients that are there, under
   * `gradients/<name>`.
   * @throws ArgumentError; DataError where a value is not finite; BusyError; FileError.
   * @example board.addParameters(model, epoch);
   */
  addParameters(model: AnyModule, step: number): void {
    const where = "addParameters";
    if (!isInstance(model, Module)) {
      throw new ArgumentError(`${where}: expected model to be a Module, got ${describe(model)}`);
    }
    checkStep(where, step);
    const summaries: SummaryValue[] = [];
    for (const [name, parameter] of model.namedParameters()) {
      const add = (kind: string, { storage, size }: Tensor) => {
        if (size === 0) return;
        summaries.push({
          tag: `${kind}/${name}`,
          histo: histogramOf(`${where}: ${kind} of ${name}`, storage.forReading()),
        });
      };
      add("weights", parameter);
      if (parameter.grad !== null) add("gradients", parameter.grad);
    }
    this.#write(step, summaries);
  }

  /**
   * An image: a tensor, floats in [0, 1] or integers in [0, 255], or the bytes of a PNG. Several images (`NCHW`,
   * `NHWC`) become a grid of rows of eight.
   * @throws ArgumentError, OptionError, ShapeError, DataError, BusyError, FileError; PackageError without fast-png.
   * @example board.addImage("digit", rand([28, 28]), 1);
   */
  addImage(tag: string, image: Tensor | Uint8Array, step: number, options: ImageOptions = {}): void {
    const where = "addImage";
    checkOptions(where, options, ["dataFormat"]);
    if (isTensor(image)) {
      const usual = image.rank === 2 ? "HW" : image.rank === 4 ? "NCHW" : "CHW";
      const axes = checkChoice(where, "dataFormat", options.dataFormat ?? usual, IMAGE_FORMATS);
      this.#add(where, tag, step, () => ({ image: imageOf(where, image, axes) }));
    } else if (dtypeOf(image) === "bool") {
      this.#add(where, tag, step, () => ({ image: pngOf(where, image) }));
    } else {
      throw new ArgumentError(`${where}: expected a tensor or the bytes of a PNG, got ${describe(image)}`);
    }
  }

  /**
   * A text, shown as Markdown.
   * @throws ArgumentError, FileError
   */
  addText(tag: string, text: string, step: number): void {
    const where = "addText";
    if (text !== "") checkText(where, "text", text);
    this.#add(where, `${checkText(where, "tag", tag)}/text_summary`, step, {
      tensor: {
        dtype: STRING,
        tensorShape: { dim: [{ size: 1 }] },
        stringVal: [Buffer.from(text, "utf8")],
      },
      metadata: { pluginData: { pluginName: "text" } },
    });
  }

  /**
   * The run's hyperparameters and final figures, for TensorBoard's table of runs. The figures become scalars too.
   * @throws ArgumentError, FileError
   * @example board.addHparams({ lr: 0.1, optimizer: "Adam" }, { accuracy: 0.98 });
   */
  addHparams(hparams: Hyperparameters, metrics: Readonly<Record<string, number>>): void {
    const where = "addHparams";
    for (const [name, values] of Object.entries({ hparams, metrics })) {
      if (isPlainObject(values)) continue;
      throw new ArgumentError(`${where}: expected ${name} to be values by name, got ${describe(values)}`);
    }
    for (const [name, value] of [...Object.entries(hparams), ...Object.entries(metrics)]) {
      checkText(where, "a name", name);
      if (typeof value === "string" && value !== "") checkText(where, name, value);
    }
    for (const [name, value] of Object.entries(metrics)) {
      if (typeof value === "number") continue;
      throw new ArgumentError(`${where}: expected ${name} to be a number, got ${describe(value)}`);
    }
    const summaries = hyperparameterSummaries(where, hparams, Object.keys(metrics));
    for (const summary of summaries) this.#write(0, [summary]);
    this.#write(
      0,
      Object.entries(metrics).map(([tag, simpleValue]) => ({ tag, simpleValue })),
    );
  }

  /**
   * The model's graph: the ops that `forward` calls for inputs like these, grouped by modules, in evaluation mode. The
   * inputs' values do not matter.
   * @param input The input, or the list of inputs.
   * @throws ArgumentError, FileError, and what `forward` throws.
   * @example board.addGraph(new nn.Linear(4, 2), zeros([1, 4]));
   */
  addGraph(model: Module, input: Tensor | readonly Tensor[]): void {
    const where = "addGraph";
    if (!isInstance(model, Module)) {
      throw new ArgumentError(`${where}: expected model to be a Module, got ${describe(model)}`);
    }
    const inputs = (isTensor(input) ? [input] : checkList(where, "inputs that are tensors", input)).map(
      (tensor, i) => checkTensor(where, `input ${i}`, tensor),
    );
    const graphDef = encodeMessage(where, "GraphDef", graphOf(where, model, inputs));
    this.#file.add({ wallTime: Date.now() / 1000, graphDef });
  }

  /**
   * Waits until all that was added is on the device.
   * @throws FileError
   */
  flush(): Promise<void> {
    return this.#file.flush();
  }

  /** Closes the file. */
  close(): Promise<void> {
    return this.#file.close();
  }

  #add(
    where: string,
    tag: unknown,
    step: unknown,
    value: Omit<SummaryValue, "tag"> | (() => Omit<SummaryValue, "tag">),
  ): void {
    const name = checkText(where, "tag", tag);
    const at = checkStep(where, step);
    this.#write(at, [{ tag: name, ...(typeof value === "function" ? value() : value) }]);
  }

  #write(step: number, value: readonly SummaryValue[]): void {
    if (value.length > 0) this.#file.add({ wallTime: Date.now() / 1000, step, summary: { value } });
  }
}

function checkStep(where: string, step: unknown): number {
  return checkNumber(where, "step", step, { integer: true, min: 0 });
}
