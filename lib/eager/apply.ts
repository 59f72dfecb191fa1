import { isGradEnabled, noGrad } from "../context/grad-mode.js";
import { isComputedAgain } from "../context/recomputation.js";
import { composed, currentTrace, type Maker } from "../context/trace.js";
import {
  ArgumentError,
  BackendError,
  BusyError,
  DTypeError,
  IndexError,
  MemoryError,
  ShapeError,
  ThalwegError,
} from "../errors.js";
import { binding, executeAny, isOutOfMemory, type NativeArray } from "../native/binding.js";
import { instructionId } from "../native/instructions.js";
import { describe } from "../options.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import { resultStorage } from "../tensor/scratch.js";
import { format, type Shape, sameShape, type TensorSpec } from "../tensor/shape.js";
import { symbol } from "../tensor/storage.js";
import { isTensor, Tensor } from "../tensor/tensor.js";
import { applyToSamples, sameValues } from "../vmap/mapped.js";
import { anomalyFound, callLine, checkInstruction, checkResult, isWatching } from "./anomaly.js";
import { type Attributes, Node, type Op } from "./node.js";

/** Applies an op at once: checks, runs its instruction, remembers what a gradient needs. */
export function apply(op: Op, inputs: readonly Tensor[], attributes: Attributes): Tensor {
  if (!Array.isArray(inputs) || inputs.length !== op.inputs.length) {
    throw new ArgumentError(
      `${op.name}: expected a list of the inputs ${op.inputs.join(", ")}, got ${describe(inputs)}`,
    );
  }
  let ofSamples = false;
  for (let i = 0; i < op.inputs.length; i++) {
    const input = inputs[i];
    if (!isTensor(input)) {
      throw new ArgumentError(`${op.name}: expected ${op.inputs[i]} to be a tensor, got ${describe(input)}`);
    }
    if (input.mapped !== null) ofSamples = true;
  }
  const output = ofSamples
    ? applyToSamples(op, inputs, attributes)
    : op.compute === undefined
      ? evaluate(op, inputs, op.infer(inputs, attributes), attributes)
      : composed(
          op.name,
          inputs,
          (...own) => sameValues(noGrad(() => (op.compute as NonNullable<Op["compute"]>)(own, attributes))),
          { isWhole: true, again: (...own) => apply(op, own, attributes) },
        );
  if (isGradEnabled()) record(op, inputs, attributes, output);
  return output;
}

/** A tensor for a result that will be written whole: new memory, or a symbol within `compile`. */
export function emptyTensor(name: string, shape: Shape, dtype: DType): Tensor {
  let size = 1;
  for (const length of shape) size *= length;
  if (currentTrace() !== null) return new Tensor(symbol(size, dtype), shape, dtype);
  return new Tensor(resultStorage(dtype, size, name), shape, dtype);
}

function evaluate(op: Op, inputs: readonly Tensor[], spec: TensorSpec, attributes: Attributes): Tensor {
  if (op.instruction === null) {
    const seen = ([base]: readonly Tensor[]): Tensor =>
      new Tensor((base as Tensor).storage, spec.shape, spec.dtype);
    // The values of one input, with a derivative by all of them.
    if (op.isCustom || inputs.length > 1) {
      return composed(op.name, inputs, (...own) => seen(own), {
        isWhole: true,
        again: (...own) => apply(op, own, attributes),
      });
    }
    const view = seen(inputs);
    currentTrace()?.views.set(view, inputs[0] as Tensor);
    return view;
  }
  const output = emptyTensor(op.name, spec.shape, spec.dtype);
  const tensors = op.buffers === undefined ? [...inputs, output] : op.buffers(inputs, output);
  const params = op.params(inputs, spec, attributes);
  const trace = currentTrace();
  if (trace === null) {
    run(op.name, op.instruction, params, tensors);
    if (isWatching()) checkResult(op.name, output);
  } else {
    const applied = { op, attributes, inputs };
    trace.push({ instruction: op.instruction, params, operands: tensors, written: [output], applied });
    const check = isWatching() ? checkInstruction(op.name, output, trace) : null;
    if (check !== null) trace.push(check);
  }
  return output;
}

function record(op: Op, inputs: readonly Tensor[], attributes: Attributes, output: Tensor): void {
  let requires = false;
  for (const input of inputs) {
    if (input.requiresGrad) requires = true;
    if (input.cutBy !== null) output.cutBy = input.cutBy;
  }
  if (!requires) return;
  if (!isFloat(output.dtype) || Object.keys(op.vjp).length === 0) {
    output.cutBy = op.name;
    return;
  }
  output.producer = new Node(op, inputs, attributes, callLine());
  output.requiresGrad = true;
}

/** Runs one native instruction on the memory of these tensors. */
export function run(
  name: string,
  instruction: number,
  params: readonly number[],
  tensors: readonly (Tensor | null)[],
): void {
  const slots = binding.params;
  const count = params.length;
  const isShort = count <= slots.length && (tensors.length === 2 || tensors.length === 3);
  const [a, b, c] = tensors;
  try {
    if (!isShort) {
      executeAny(instruction, params, tensors.map(memory));
      return;
    }
    for (let i = 0; i < count; i++) slots[i] = params[i] as number;
    // Written out for the common lengths: a spread would cost more than the rest of the call.
    if (tensors.length === 2) binding.execute(instruction, count, memory(a), memory(b));
    else binding.execute(instruction, count, memory(a), memory(b), memory(c));
  } catch (error) {
    throw fromNative(error, name);
  }
}

function memory(tensor: Tensor | null | undefined): NativeArray | null {
  return tensor == null ? null : tensor.storage.forReading();
}

/** The typed error for an error of the addon. It names the op `name` or, without it, the instruction in the message. */
export function fromNative(error: unknown, name?: string, makers: readonly Maker[] = []): unknown {
  if (error instanceof ThalwegError) return error;
  const { code, message } = error as { code?: string; message: string };
  const colon = message.indexOf(": ");
  const instruction = message.slice(0, Math.max(colon, 0));
  const named = instruction.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const op = name ?? (named === "" ? "compile" : named);
  const text = `${op}${colon < 0 ? `: ${message}` : message.slice(colon)}`;
  if (isOutOfMemory(error)) return new MemoryError(`${op}: out of memory`);
  switch (code) {
    case "ERR_INDEX":
      return new IndexError(text);
    case "ERR_SHAPE":
      return new ShapeError(text);
    case "ERR_DTYPE":
      return new DTypeError(text);
    case "ERR_VALUE":
      return new ArgumentError(text);
    case "ERR_BUSY":
      return new BusyError(text);
    case "ERR_ANOMALY":
      return anomalyFound(message, makers);
    case "ERR_BACKEND":
    case "ERR_NATIVE":
      return new BackendError(text, { cause: error });
    default:
      return error;
  }
}

/**
 * Runs an instruction that writes into some of its operands in place, such as an optimizer's update.
 * Counts as a write: a `backward()` that still needs the old values throws. A recomputation for `checkpoint` does
 * not run it, because the first computation has already written.
 */
export function update(
  name: string,
  instruction: number,
  params: readonly number[],
  tensors: readonly (Tensor | null)[],
  written: readonly (Tensor | null)[],
): void {
  if (!isComputedAgain()) runInPlace(name, instruction, params, tensors, written);
}

/** As `update`, for targets that are not state: a recomputation writes them again. */
export function runInPlace(
  name: string,
  instruction: number,
  params: readonly number[],
  tensors: readonly (Tensor | null)[],
  written: readonly (Tensor | null)[],
): void {
  const changed = written.filter((tensor) => tensor !== null);
  const trace = currentTrace();
  if (trace === null) {
    // `forWriting` marks a program's copy of the memory as out of date.
    for (const tensor of changed) tensor.storage.forWriting();
    run(name, instruction, params, tensors);
  } else {
    trace.push({ instruction, params, operands: tensors, written: changed });
  }
  for (const tensor of changed) tensor.storage.version++;
}

const ADD = instructionId("add");

/** Adds 1 to a scalar in place: a count of steps. */
export function increment(count: Tensor): void {
  if (currentTrace() === null) {
    if (isComputedAgain()) return;
    const values = count.storage.forWriting();
    values[0] = (values[0] as number) + 1;
    return;
  }
  const one = new Tensor(Float64Array.of(1), [], "float64");
  update("increment", ADD, [1, 1, 1, 1], [count, one, count], [count]);
}

const COPY = instructionId("copy");

/** Copies values into a tensor of the same shape in place. Within `compile` this is part of the program. */
export function write(name: string, target: Tensor, source: Tensor): void {
  update(name, COPY, [1, target.size, 1], [source, target], [target]);
}

/** A copy of a tensor in new memory, without gradient. Within `compile` this is part of the program. */
export function copyNow(source: Tensor): Tensor {
  const copy = emptyTensor("copy", source.shape, source.dtype);
  runInPlace("copy", COPY, [1, source.size, 1], [source, copy], [copy]);
  return copy;
}

/** @throws ShapeError, DTypeError unless `assign(target, source)` may be called. */
export function checkAssignable(name: string, target: Tensor, source: Tensor): void {
  if (!sameShape(target.shape, source.shape)) {
    throw new ShapeError(`${name}: expected shape ${format(target.shape)}, got ${format(source.shape)}`);
  }
  if (target.dtype !== source.dtype)
    throw new DTypeError(`${name}: expected ${target.dtype}, got ${source.dtype}`);
}

/** Copies values into a tensor in place, at once. */
export function assign(target: Tensor, source: Tensor): void {
  target.storage.forWriting().set(source.storage.forReading());
  target.storage.version++;
}
