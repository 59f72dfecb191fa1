import { enableGrad, noGrad } from "../context/grad-mode.js";
import { currentTrace } from "../context/trace.js";
import { asGradientOf } from "../eager/anomaly.js";
import { byName, type Node } from "../eager/node.js";
import { DTypeError, GraphError, ShapeError, TraceError } from "../errors.js";
import { add } from "../ops/add.js";
import { defineMethod, type Method } from "../ops/registry.js";
import { checkFlag, checkOptions } from "../options.js";
import { copyOf, zerosLike } from "../tensor/copy.js";
import { allocate, isFloat } from "../tensor/dtype.js";
import { giveBack, withScratch } from "../tensor/scratch.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";

/** Where `backward()` starts, and what it does with the graph. */
export interface BackwardOptions {
  /** The row vector ∂c/∂y to start from, of y's shape. Default: 1, for a scalar y only. */
  readonly gradient?: Tensor;
  /** Keep the graph for another `backward()`. Default: the value of `createGraph`. */
  readonly retainGraph?: boolean;
  /** Record the computation of the gradients, so that they have gradients. Default: false. */
  readonly createGraph?: boolean;
}

interface Settings extends Keeping {
  readonly seed: Tensor;
}

interface Keeping {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
}

/**
 * Backpropagation: adds ∂y/∂w to `w.grad` for every leaf w with `requiresGrad` from which y was computed.
 * Goes through the ops in reverse order, with ∂c/∂z_k = Σ ∂c/∂z_j · ∂z_j/∂z_k over the z_j that were
 * computed from z_k.
 *
 * @throws GraphError if y does not depend on any such leaf, if an op between y and the leaves has no gradient, if the
 *   graph was freed, or if an input of an op was changed in place after the op used it.
 * @throws ShapeError if y is not a scalar and no `gradient` is given.
 *
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * sum(square(w)).backward();
 * w.grad;   // [2, 4]
 */
export function backward(y: Tensor, options: BackwardOptions = {}): void {
  const settings = readOptions("backward", y, options);
  if (y.isLeaf) {
    const seed = complete(y, new Map([[y, settings.seed]])) as Tensor;
    accumulate(y, withOwnMemory(seed));
    return;
  }
  const leaves: Tensor[] = [];
  const results = history([y]);
  const scratch: Storage[] | undefined = settings.createGraph || y.mapped !== null ? undefined : [];
  const meet = (tensor: Tensor): void => {
    if (tensor.isLeaf) leaves.push(tensor);
  };
  const cotangents = pullBack([{ y, dy: settings.seed }], results, { ...settings, meet, scratch });
  for (const result of results) {
    if (result.retainsGrad && cotangents.has(result)) leaves.push(result);
  }
  // Two leaves may receive the same tensor as gradient (from a sum, for instance), or the seed itself. Each must have
  // memory of its own.
  const taken = new Set([settings.seed.storage]);
  for (const leaf of leaves) {
    const gradient = cotangents.get(leaf) as Tensor;
    const shared = taken.has(gradient.storage) && gradient.producer === null;
    taken.add(gradient.storage);
    accumulate(leaf, shared ? withOwnMemory(gradient) : gradient);
  }
  if (scratch === undefined) return;
  const freed = settings.retainGraph ? [] : results.map(({ storage }) => storage);
  for (const storage of [...scratch, ...freed]) if (!taken.has(storage)) giveBack(storage);
}

/** A tensor to start from, and its own gradient ∂c/∂y. */
export interface Seed {
  readonly y: Tensor;
  readonly dy: Tensor;
}

/**
 * The row vectors Σ dy · ∂y/∂target over the results y of the seeds. A target may be a leaf or an intermediate result.
 * The row vector of a target on which no y depends is null. Changes no `.grad`, and keeps the graph.
 */
export function pullBackTo(
  seeds: readonly Seed[],
  targets: readonly Tensor[],
  createGraph: boolean,
): (Tensor | null)[] {
  const between = history(seeds.map(({ y }) => y)).reverse();
  const reached = new Set(targets);
  for (const result of between) {
    if ((result.producer as Node).inputs.some((input) => reached.has(input))) reached.add(result);
  }
  const results = between.reverse().filter((result) => reached.has(result));
  const cotangents = pullBack(seeds, results, { retainGraph: true, createGraph, only: reached });
  return targets.map((target) => {
    const found = cotangents.get(target) ?? null;
    if (found !== null) found.storage.isPrivate = false;
    return found;
  });
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

/**
 * The gradient of a scalar with respect to itself.
 * @throws ShapeError unless y has one element.
 */
export function oneFor(name: string, y: Tensor, advice = "sum it"): Tensor {
  if (y.size !== 1) {
    throw new ShapeError(`${name}: expected a scalar to start from, got ${format(y.shape)}; ${advice}`);
  }
  const one = allocate(y.dtype, 1);
  one[0] = 1;
  return new Tensor(one, y.shape, y.dtype);
}

function readSeed(name: string, y: Tensor, gradient: Tensor | undefined): Tensor {
  if (gradient === undefined) return oneFor(name, y, "sum it, or give { gradient }");
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

/** The results in the history of some tensors, the last first. Checks that none of their inputs was changed since. */
export function history(ys: readonly Tensor[]): Tensor[] {
  const results: Tensor[] = [];
  const seen = new Set<Tensor>();
  const open = [...ys];
  for (let tensor = open.pop(); tensor !== undefined; tensor = open.pop()) {
    if (seen.has(tensor) || tensor.producer === null) continue;
    seen.add(tensor);
    tensor.producer.checkUnchanged();
    results.push(tensor);
    for (const input of tensor.producer.inputs) if (input.requiresGrad) open.push(input);
  }
  return results.sort((a, b) => (b.producer as Node).id - (a.producer as Node).id);
}

interface Pulling extends Keeping {
  /** Only these tensors get a gradient. Default: all. */
  readonly only?: ReadonlySet<Tensor>;
  /** Called once with each tensor that gets a gradient. */
  readonly meet?: (tensor: Tensor) => void;
  /** Collects the memory of intermediate results, if the caller gives it back. */
  readonly scratch?: Storage[] | undefined;
}

interface Pulled extends Pulling {
  readonly cotangents: Map<Tensor, Tensor>;
  /** The cotangents that are known to be 0. Nothing is computed from them. */
  readonly zeros: Set<Tensor>;
}

/** ∂c/∂z for every tensor z from which one of `results` was computed, given ∂c/∂y of the seeds. */
function pullBack(
  seeds: readonly Seed[],
  results: readonly Tensor[],
  settings: Pulling,
): Map<Tensor, Tensor> {
  const cotangents = new Map<Tensor, Tensor>();
  const pulled = { ...settings, cotangents, zeros: new Set<Tensor>() };
  const mode = settings.createGraph ? enableGrad : noGrad;
  mode(() => {
    for (const { y, dy } of seeds) {
      const before = cotangents.get(y);
      cotangents.set(y, before === undefined ? dy : add(before, dy));
    }
    for (const result of results) {
      const dy = complete(result, cotangents);
      if (dy !== undefined) pullThrough(result, dy, pulled);
    }
    for (const tensor of cotangents.keys()) if (tensor.producer === null) complete(tensor, cotangents);
  });
  if (!settings.retainGraph) for (const result of results) result.producer?.free();
  return cotangents;
}

/** The complete cotangent of a tensor, after its hooks. No further terms may be added to it. */
function complete(tensor: Tensor, cotangents: Map<Tensor, Tensor>): Tensor | undefined {
  const found = cotangents.get(tensor);
  if (found === undefined) return undefined;
  let dy: Tensor = found;
  for (const hook of tensor.hooks ?? []) {
    dy.storage.isPrivate = false;
    const other: Tensor = hook(dy) ?? dy;
    checkTensor("registerHook", "the hook's result", other);
    if (!sameShape(other.shape, tensor.shape) || other.dtype !== tensor.dtype) {
      throw new ShapeError(
        `registerHook: expected the hook to give ${tensor.dtype} ${format(tensor.shape)}, got ${other.dtype} ${format(other.shape)}`,
      );
    }
    dy = other;
  }
  cotangents.set(tensor, dy);
  return dy;
}

/** Adds dy · ∂y/∂input to the cotangent of each input of the op that made y. */
function pullThrough(y: Tensor, dy: Tensor, pulled: Pulled): void {
  const { only, meet, scratch, cotangents, zeros } = pulled;
  const { op, inputs, attributes, line } = y.producer as Node;
  // A user's rule may keep the tensors that it receives and makes.
  const isOwn = scratch !== undefined && !op.isCustom;
  if (!isOwn) dy.storage.isPrivate = false;
  const make = (run: () => Tensor): Tensor =>
    isOwn ? withScratch(run, (storage) => scratch.push(storage)) : run();
  const context = byName(op.inputs, inputs, attributes, { y, dy });
  op.inputs.forEach((name, i) => {
    const input = inputs[i] as Tensor;
    const rule = op.vjp[name];
    if (!input.requiresGrad || rule === undefined || only?.has(input) === false) return;
    const before = cotangents.get(input);
    if (before === undefined) meet?.(input);
    if (rule === 0 || (zeros.has(dy) && !op.isCustom)) {
      if (before !== undefined) return;
      const zero = zerosLike(input);
      zeros.add(zero);
      cotangents.set(input, zero);
      return;
    }
    const dx = asGradientOf(`${op.name} with respect to ${name}`, line, () =>
      make(() => rule(context as never)),
    );
    if (!isFloat(dx.dtype) || !sameShape(dx.shape, input.shape)) {
      throw new GraphError(
        `backward: the vjp of ${op.name} gave ${dx.dtype} ${format(dx.shape)} for ${name} ${format(input.shape)}`,
      );
    }
    const isFirst = before === undefined || zeros.has(before);
    cotangents.set(input, isFirst ? dx : make(() => add(before, dx)));
  });
}

function accumulate(leaf: Tensor, gradient: Tensor): void {
  if (gradient.mapped !== null && leaf.mapped?.level !== gradient.mapped.level) {
    throw new GraphError(
      "backward: under vmap each sample has a gradient of its own, and .grad holds one; use grad() under vmap",
    );
  }
  if (leaf.heldGrad !== null && currentTrace() !== null && !leaf.heldGrad.storage.isSymbolic) {
    throw new TraceError(
      "compile: .grad holds a gradient from before, and gradients stay inside a compiled function; call zeroGrad() in it before backward()",
    );
  }
  const before = leaf.heldGrad;
  if (before === null) currentTrace()?.assumeNoGradient(leaf);
  leaf.grad = before === null ? gradient : add(before, gradient);
}

function withOwnMemory(tensor: Tensor): Tensor {
  // A program never writes to an op's result, so a symbol may be shared.
  return tensor.storage.isSymbolic ? tensor : copyOf(tensor);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    /** Backpropagation from this tensor: see `backward`. */
    backward: Method<typeof backward>;
  }
}

defineMethod("backward", backward);
