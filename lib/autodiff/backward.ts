import { DTypeError, GraphError, ShapeError, TraceError } from "../errors.js";
import { allocate, isFloat } from "../graph/dtype.js";
import { enableGrad, noGrad } from "../graph/grad-mode.js";
import type { Node } from "../graph/node.js";
import { format, sameShape } from "../graph/shape.js";
import { checkTensor, Tensor } from "../graph/tensor.js";
import { currentTrace } from "../graph/trace.js";
import { add } from "../ops/add.js";
import { checkFlag, checkOptions } from "../options.js";

/** What happens to the graph while gradients are computed. */
export interface BackwardOptions {
  /** The row vector ∂c/∂y to start from, of y's shape. Default: 1, for a scalar y only. */
  readonly gradient?: Tensor;
  /** Keep the graph for another `backward()`. Default: as `createGraph`. */
  readonly retainGraph?: boolean;
  /** Record the gradients' own computation, so that they have gradients. Default: false. */
  readonly createGraph?: boolean;
}

interface Settings {
  readonly seed: Tensor;
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
}

/**
 * Backpropagation: for every leaf w with `requiresGrad` that y was computed from, adds ∂y/∂w to `w.grad`.
 * Goes through the ops in the reverse of their order, with ∂c/∂z_k = Σ ∂c/∂z_j · ∂z_j/∂z_k over those
 * z_j that were computed from z_k.
 *
 * @throws GraphError where y does not depend on any such leaf, where an op on the way has no gradient,
 *   where the graph was freed, or an input of an op was changed in place since.
 * @throws ShapeError where y is not a scalar and no `gradient` is given.
 *
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * sum(square(w)).backward();
 * w.grad;   // [2, 4]
 */
export function backward(y: Tensor, options: BackwardOptions = {}): void {
  const settings = readOptions("backward", y, options);
  if (y.isLeaf) {
    accumulate(y, copyOf(settings.seed));
    return;
  }
  const leaves: Tensor[] = [];
  const cotangents = pullBack(y, history(y), settings, (tensor) => {
    if (tensor.isLeaf) leaves.push(tensor);
  });
  // Two leaves may be given one and the same gradient (of a sum, say), or the seed itself: each keeps
  // memory of its own.
  const taken = new Set([settings.seed.storage]);
  for (const leaf of leaves) {
    const gradient = cotangents.get(leaf) as Tensor;
    const shared = taken.has(gradient.storage) && gradient.producer === null;
    taken.add(gradient.storage);
    accumulate(leaf, shared ? copyOf(gradient) : gradient);
  }
}

/**
 * The gradients of y with respect to some tensors, which may be leaves or results on the way;
 * null for one that y does not depend on. Leaves every `.grad` as it is.
 */
export function backwardFrom(
  name: string,
  y: Tensor,
  targets: readonly Tensor[],
  options: BackwardOptions = {},
): (Tensor | null)[] {
  const settings = readOptions(name, y, options);
  const between = history(y).reverse();
  const reached = new Set(targets);
  for (const result of between) {
    if ((result.producer as Node).inputs.some((input) => reached.has(input))) reached.add(result);
  }
  const results = between.reverse().filter((result) => reached.has(result));
  const cotangents = pullBack(y, results, settings, () => {}, reached);
  return targets.map((target) => cotangents.get(target) ?? null);
}

function readOptions(name: string, y: Tensor, options: BackwardOptions): Settings {
  checkTensor(name, "y", y);
  checkOptions(name, options, ["gradient", "retainGraph", "createGraph"]);
  const createGraph = checkFlag(name, "createGraph", options.createGraph ?? false);
  const retainGraph = checkFlag(name, "retainGraph", options.retainGraph ?? createGraph);
  if (!y.requiresGrad) {
    throw new GraphError(
      y.cutBy === null
        ? `${name}: the tensor does not depend on any tensor with requiresGrad`
        : `${name}: the tensor comes from ${y.cutBy}, which has no gradient`,
    );
  }
  return { seed: readSeed(name, y, options.gradient), retainGraph, createGraph };
}

function readSeed(name: string, y: Tensor, gradient: Tensor | undefined): Tensor {
  if (gradient === undefined) {
    if (y.size !== 1) {
      throw new ShapeError(
        `${name}: expected a scalar to start from, got ${format(y.shape)}; sum it${name === "backward" ? ", or give { gradient }" : ""}`,
      );
    }
    const one = allocate(y.dtype, 1);
    one[0] = 1;
    return new Tensor(one, y.shape, y.dtype);
  }
  checkTensor(name, "gradient", gradient);
  if (!sameShape(gradient.shape, y.shape)) {
    throw new ShapeError(
      `${name}: expected gradient to be ${format(y.shape)}, got ${format(gradient.shape)}`,
    );
  }
  if (gradient.dtype !== y.dtype) {
    throw new DTypeError(`${name}: expected gradient to be ${y.dtype}, got ${gradient.dtype}`);
  }
  return gradient;
}

/** The results that y was computed through, the last first; each is checked to be usable. */
export function history(y: Tensor): Tensor[] {
  const results: Tensor[] = [];
  const seen = new Set<Tensor>();
  const open = [y];
  for (let tensor = open.pop(); tensor !== undefined; tensor = open.pop()) {
    if (seen.has(tensor) || tensor.producer === null) continue;
    seen.add(tensor);
    tensor.producer.checkUnchanged();
    results.push(tensor);
    for (const input of tensor.producer.inputs) if (input.requiresGrad) open.push(input);
  }
  return results.sort((a, b) => (b.producer as Node).id - (a.producer as Node).id);
}

/**
 * ∂c/∂z for every tensor z that one of `results` was computed from, given `seed` = ∂c/∂y; where `only`
 * is given, for those in it.
 */
function pullBack(
  y: Tensor,
  results: readonly Tensor[],
  settings: Settings,
  meet: (tensor: Tensor) => void,
  only?: ReadonlySet<Tensor>,
): Map<Tensor, Tensor> {
  const cotangents = new Map<Tensor, Tensor>([[y, settings.seed]]);
  const mode = settings.createGraph ? enableGrad : noGrad;
  mode(() => {
    for (const result of results) {
      const dy = cotangents.get(result);
      if (dy !== undefined) pullThrough(result, dy, cotangents, meet, only);
    }
  });
  if (!settings.retainGraph) for (const result of results) result.producer?.free();
  return cotangents;
}

/** Adds dy · ∂y/∂input to the cotangent of each input of the op that made y. */
function pullThrough(
  y: Tensor,
  dy: Tensor,
  cotangents: Map<Tensor, Tensor>,
  meet: (tensor: Tensor) => void,
  only: ReadonlySet<Tensor> | undefined,
): void {
  const { op, inputs, attributes } = y.producer as Node;
  const context: Record<string, unknown> = { ...attributes, y, dy };
  op.inputs.forEach((name, i) => {
    context[name] = inputs[i];
  });
  op.inputs.forEach((name, i) => {
    const input = inputs[i] as Tensor;
    const rule = op.vjp[name];
    if (!input.requiresGrad || rule === undefined || only?.has(input) === false) return;
    const dx = rule(context as never);
    if (!isFloat(dx.dtype) || !sameShape(dx.shape, input.shape)) {
      throw new GraphError(
        `backward: the vjp of ${op.name} gave ${dx.dtype} ${format(dx.shape)} for ${name} ${format(input.shape)}`,
      );
    }
    const before = cotangents.get(input);
    if (before === undefined) meet(input);
    cotangents.set(input, before === undefined ? dx : add(before, dx));
  });
}

function accumulate(leaf: Tensor, gradient: Tensor): void {
  if (leaf.grad !== null && currentTrace() !== null && !leaf.grad.storage.isSymbolic) {
    throw new TraceError(
      "compile: .grad holds a gradient from before, and gradients stay inside a compiled function; call zeroGrad() in it before backward()",
    );
  }
  leaf.grad = leaf.grad === null ? gradient : add(leaf.grad, gradient);
}

function copyOf(tensor: Tensor): Tensor {
  // A program never writes to what an op gave: nothing is shared by mistake.
  if (tensor.storage.isSymbolic) return tensor;
  return new Tensor(tensor.storage.readOnly.slice(), tensor.shape, tensor.dtype);
}
