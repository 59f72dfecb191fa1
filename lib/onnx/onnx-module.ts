import { assumeFields } from "../context/trace.js";
import { copyNow } from "../eager/apply.js";
import { ArgumentError, DTypeError, ShapeError, ThalwegError } from "../errors.js";
import { quote } from "../formats/stored-array.js";
import { Buffer } from "../nn/buffer.js";
import { copyWith } from "../nn/deep-copy.js";
import { Module } from "../nn/module.js";
import { Parameter } from "../nn/parameter.js";
import { reword } from "../nn/place.js";
import { to } from "../ops/to.js";
import { describe, isPlainObject } from "../options.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import { format, type Shape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { atOnce, Known } from "./known.js";
import type { Run } from "./operators/index.js";
import type { Graph, OnnxSize, OnnxValue, Step } from "./read-graph.js";
import type { OnnxRole } from "./roles.js";

/** A step by the numbers of its values; −1 for none. */
interface Planned {
  readonly step: Step;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Values that no later step needs. */
  readonly last: readonly number[];
}

/** The steps of a graph over numbered values. It never changes: copies of a module share it. */
class Plan {
  readonly steps: readonly Planned[];
  readonly size: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly constants: readonly (readonly [number, Known])[];
  /** Values that the module's fields have. */
  readonly fields: readonly (readonly [number, string])[];
  /** The dtype of the first floats among these fields, at the import. */
  readonly float: { readonly field: string; readonly dtype: DType } | null;

  constructor({ inputs, outputs, initializers, steps }: Graph, fields: ReadonlyMap<string, string>) {
    const numbers = new Map<string, number>();
    const numberOf = (name: string | null): number => {
      if (name === null) return -1;
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, numbers.size);
      return numbers.size - 1;
    };
    this.inputs = inputs.map(({ name }) => numberOf(name));
    this.constants = [...initializers]
      .filter(([name]) => !fields.has(name))
      .map(([name, tensor]) => [numberOf(name), new Known(tensor)]);
    this.fields = Array.from(fields, ([name, field]) => [numberOf(name), field]);
    const numbered = steps.map((step) => ({
      step,
      inputs: step.inputs.map(numberOf),
      outputs: step.outputs.map(numberOf),
    }));
    this.outputs = outputs.map(({ name }) => numberOf(name));
    this.size = numbers.size;
    const needed = new Set(this.outputs);
    this.steps = numbered
      .reverse()
      .map((planned) => {
        const last = [...planned.inputs, ...planned.outputs].filter((i) => i >= 0 && !needed.has(i));
        for (const i of last) needed.add(i);
        return { ...planned, last };
      })
      .reverse();
    const floats = Array.from(fields, ([name, field]) => ({
      field,
      dtype: (initializers.get(name) as Tensor).dtype,
    }));
    this.float = floats.find(({ dtype }) => isFloat(dtype)) ?? null;
  }

  /** @internal */
  [copyWith](): this {
    return this;
  }
}

/**
 * A model from an ONNX file, which `importOnnx` makes. Its parameters and buffers have the names of the file; they
 * are found, trained and saved as those of every module.
 *
 * It begins in the mode in which the file was written: mostly in evaluation mode. In training mode Dropout drops,
 * and BatchNormalization uses the batch's own statistics, which move its running ones, as in PyTorch.
 */
export class OnnxModule extends Module {
  /** What `forward` takes, in this order. */
  readonly inputs: readonly OnnxValue[];
  /** What `run` gives; `forward` gives the first. */
  readonly outputs: readonly OnnxValue[];
  private readonly plan: Plan;
  private readonly names: ReadonlyMap<string, string>;

  /** @internal Use `importOnnx`. */
  constructor(graph: Graph, roles: ReadonlyMap<string, OnnxRole>) {
    super();
    this.inputs = graph.inputs;
    this.outputs = graph.outputs;
    const names = new Map<string, string>();
    const fields = new Map<string, string>();
    this.names = names;
    const owners = new Set<Tensor>();
    for (const [name, tensor] of graph.initializers) {
      const role = roles.get(name) ?? "constant";
      if (role === "constant") continue;
      let field = name;
      while (field in this || names.has(field)) field += "_";
      names.set(field, name);
      fields.set(name, field);
      // Two names may have one tensor of the file: each is changed for itself.
      const owned = owners.has(tensor) ? copyNow(tensor) : tensor;
      owners.add(tensor);
      const value = role === "parameter" ? new Parameter(owned) : new Buffer(owned);
      Object.defineProperty(this, field, { value, enumerable: true, writable: true, configurable: true });
    }
    this.plan = new Plan(graph, fields);
    this.train(graph.isTraining);
  }

  /**
   * The model's first output; `run` gives all.
   * @throws ArgumentError, DTypeError, ShapeError for inputs that the model does not take; what its nodes throw, with
   *   the node's name
   */
  forward(...inputs: Tensor[]): Tensor {
    return compute(this, this.plan, inputs)[0] as Tensor;
  }

  /**
   * All outputs by name.
   * @param inputs in the model's order, or by name.
   * @throws as `forward`
   * @example importOnnxSync(exportOnnx(new nn.Linear(4, 3), zeros([1, 4]))).run([zeros([2, 4])])
   */
  run(inputs: readonly Tensor[] | Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    assumeFields(this);
    const list = Array.isArray(inputs) ? (inputs as readonly Tensor[]) : ordered(this.inputs, inputs);
    const values = compute(this, this.plan, list);
    return Object.fromEntries(this.outputs.map(({ name }, i) => [name, values[i] as Tensor]));
  }

  /** The buffers by the names of the file, as they are. */
  override *namedBuffers(): Generator<[name: string, buffer: Buffer]> {
    for (const field of this.names.keys()) {
      const value: unknown = Reflect.get(this, field);
      if (value instanceof Buffer) yield [field, value];
    }
  }
}

/** Inputs by name in the model's order. */
function ordered(declared: readonly OnnxValue[], inputs: unknown): Tensor[] {
  if (!isPlainObject(inputs))
    throw new ArgumentError(`run: expected a list of tensors, or tensors by name, got ${describe(inputs)}`);
  const names = declared.map(({ name }) => name);
  const unknown = Object.keys(inputs).filter((name) => !names.includes(name));
  const missing = names.filter((name) => !Object.hasOwn(inputs, name));
  if (unknown.length + missing.length > 0)
    throw new ArgumentError(
      `run: missing inputs: ${missing.join(", ") || "none"}; unknown: ${unknown.join(", ") || "none"}`,
    );
  return names.map((name) => checkTensor("run", name, inputs[name]));
}

const field = (module: OnnxModule, name: string): Tensor => Reflect.get(module, name) as Tensor;

/** The outputs in their order. */
function compute(module: OnnxModule, plan: Plan, inputs: readonly Tensor[]): readonly Tensor[] {
  const run = runOf(module, plan);
  checkInputs(module.inputs, inputs, run);
  const values = new Array<Tensor | null>(plan.size).fill(null);
  for (const [i, number] of plan.inputs.entries()) values[number] = inputs[i] as Tensor;
  for (const [number, name] of plan.fields) values[number] = field(module, name);
  for (const [number, constant] of plan.constants) values[number] = converted(constant, run);
  for (const planned of plan.steps) computeStep(planned, values, run);
  return plan.outputs.map((number) => values[number] as Tensor);
}

/** The run that begins now. After `to()` all floats are of the other dtype. */
function runOf(module: OnnxModule, { float }: Plan): Run {
  const now = float === null ? undefined : field(module, float.field).dtype;
  const isConverted = float !== null && now !== float.dtype;
  return {
    training: module.training,
    of: (dtype) => (isConverted && isFloat(dtype) ? (now as DType) : dtype),
  };
}

/** @throws unless the model takes these inputs: sizes of one name are equal. */
function checkInputs(declared: readonly OnnxValue[], given: readonly Tensor[], run: Run): void {
  if (given.length !== declared.length) {
    const names = declared.map(({ name }) => name).join(", ");
    throw new ArgumentError(`OnnxModule: expected ${declared.length} inputs (${names}), got ${given.length}`);
  }
  const sizes = new Map<string, number>();
  for (const [i, { name, dtype, shape }] of declared.entries()) {
    const x = checkTensor("OnnxModule", name, given[i]);
    if (x.dtype !== run.of(dtype))
      throw new DTypeError(`OnnxModule: expected ${quote(name)} to be ${run.of(dtype)}, got ${x.dtype}`);
    if (shape === null || fits(x.shape, shape, sizes)) continue;
    const open = Array.from(sizes, ([size, number]) => `${size} = ${number}`).join(", ");
    const expected = shape.map((size) => size ?? "?").join(", ");
    throw new ShapeError(
      `OnnxModule: expected ${quote(name)} to be [${expected}]${open === "" ? "" : ` with ${open}`}, got ${format(x.shape)}`,
    );
  }
}

/** Whether a shape is one that was declared. Takes note of the sizes that have names. */
function fits(shape: Shape, declared: readonly OnnxSize[], sizes: Map<string, number>): boolean {
  return (
    shape.length === declared.length &&
    declared.every((size, d) => {
      const found = shape[d] as number;
      if (typeof size !== "string") return size === null || size === found;
      const same = sizes.get(size) ?? found;
      sizes.set(size, same);
      return same === found;
    })
  );
}

/** A constant of the file, in the dtype that the module's floats have now. */
function converted(constant: Known, run: Run): Known {
  const dtype = run.of(constant.dtype);
  return dtype === constant.dtype ? constant : new Known(atOnce(() => to(constant, dtype)));
}

/** Computes one step: at once, if all that it depends on is known, or as an op of the running code. */
function computeStep({ step, inputs, outputs, last }: Planned, values: (Tensor | null)[], run: Run): void {
  const { operator, compute, what } = step;
  const given = inputs.map((number) => (number < 0 ? null : (values[number] as Tensor)));
  const isKnown =
    operator.varies !== true &&
    (operator.readsShapes === true || given.every((value) => value === null || value instanceof Known));
  try {
    const result = isKnown ? atOnce(() => compute(given, run)) : compute(given, run);
    const list = Array.isArray(result) ? (result as readonly (Tensor | null)[]) : [result as Tensor];
    for (const [i, number] of outputs.entries()) {
      const value = list[i] ?? null;
      if (number >= 0) values[number] = isKnown && value !== null ? new Known(value) : value;
    }
  } catch (error) {
    if (error instanceof ThalwegError) reword(error, `${what}: ${error.message}`);
    throw error;
  }
  for (const number of last) values[number] = null;
}
