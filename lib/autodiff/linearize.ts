import { enableGrad, isGradEnabled, noGrad } from "../context/grad-mode.js";
import { byName, type Node } from "../eager/node.js";
import { ArgumentError, DTypeError, GraphError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { expand } from "../ops/expand.js";
import { view } from "../ops/reshape.js";
import { describe } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import { isFloat } from "../tensor/dtype.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Structure, takeApart, together } from "../tensor/tree.js";
import { sameValues } from "../vmap/mapped.js";
import { history, pullBackTo } from "./backward.js";

/** A function of trees of tensors at a point: its value, and the products of its Jacobian with vectors. */
export interface Linearized {
  /** The structure of each primal. */
  readonly arguments: readonly Structure[];
  /** Stand-ins for the primals' leaves. y was computed from them. */
  readonly inputs: readonly Tensor[];
  readonly value: unknown;
  /** The structure of the value. */
  readonly result: Structure;
  /** @throws GraphError if no leaf of the result can have a gradient. */
  checkResult(): void;
  /** dy ↦ dy · ∂y/∂input. Takes one dy per leaf of the result, null for 0. Returns one dx per leaf of the primals. */
  pullBack(dy: readonly (Tensor | null)[]): Tensor[];
  /** dx ↦ ∂y/∂inputs · dx. Takes one dx per leaf of the primals, null for 0. Returns one dy per leaf of the result. */
  pushForward(dx: readonly (Tensor | null)[]): Tensor[];
}

/** Runs f at the primals and records its ops. */
export function linearize(
  name: string,
  f: (...primals: never[]) => unknown,
  primals: readonly unknown[],
): Linearized {
  if (typeof f !== "function") throw new ArgumentError(`${name}: expected a function, got ${describe(f)}`);
  const parts = primals.map((primal, i) => takeApart(name, `input ${i}`, primal));
  const all = together(parts, (list) => list);
  const inputs = all.leaves.map(standIn);
  const value = enableGrad(() =>
    all.within(inputs, (list) => f(...(list as readonly unknown[] as readonly never[]))),
  );
  const result = takeApart(name, "the function's result", value);
  const nested = isGradEnabled();
  return {
    arguments: parts,
    inputs,
    value,
    result,
    checkResult: () => {
      const first = result.leaves[0];
      if (first === undefined || result.leaves.some(({ dtype }) => isFloat(dtype))) return;
      throw new GraphError(
        first.cutBy === null
          ? `${name}: the result is ${first.dtype}, which has no gradient`
          : `${name}: the tensor comes from ${first.cutBy}, which has no gradient`,
      );
    },
    pullBack: (dy) => {
      // A result that does not require a gradient has derivative 0: a constant, or a result of a comparison.
      const seeds = result.leaves.flatMap((y, i) => {
        const seed = dy[i] ?? null;
        return seed === null || !y.requiresGrad ? [] : [{ y, dy: seed }];
      });
      const found = pullBackTo(seeds, inputs, nested);
      return inputs.map((input, i) => found[i] ?? zerosLike(input));
    },
    pushForward: (dx) => {
      const moved = new Map<Tensor, Tensor>();
      inputs.forEach((input, i) => {
        const tangent = dx[i] ?? null;
        if (tangent !== null) moved.set(input, tangent);
      });
      for (const y of result.leaves) {
        if (!isFloat(y.dtype)) {
          throw new GraphError(`${name}: the result is ${y.dtype}, which has no derivative`);
        }
      }
      const mode = nested ? enableGrad : noGrad;
      return mode(() => pushForward(name, result.leaves, moved));
    },
  };
}

/** A tensor over the same memory. Within an outer transform it is part of that transform's graph. */
function standIn(primal: Tensor): Tensor {
  const inner = isGradEnabled() && primal.requiresGrad ? view(primal) : sameValues(primal);
  if (isFloat(inner.dtype)) inner.requiresGrad = true;
  return inner;
}

/** The tangents of results, from those of tensors that they were computed from. */
export function pushForward(
  where: string,
  ys: readonly Tensor[],
  from: ReadonlyMap<Tensor, Tensor>,
): Tensor[] {
  const moved = new Map(from);
  for (const y of history(ys).reverse()) pushThrough(where, y, moved);
  return ys.map((y) => moved.get(y) ?? zerosLike(y));
}

/** Whether `pushForward` has a rule for each op that led to y. Those of functions that users define may be incomplete. */
export function canPushForward(y: Tensor): boolean {
  return history([y]).every(({ producer }) => {
    const { op, inputs } = producer as Node;
    const hasRule = (name: string, i: number) =>
      !(inputs[i] as Tensor).requiresGrad || op.jvp[name] !== undefined;
    return op.isCustom !== true && op.inputs.every(hasRule);
  });
}

/** Sets the tangent of an op's result: the sum over its inputs of ∂y/∂input · d<input>. */
function pushThrough(where: string, y: Tensor, moved: Map<Tensor, Tensor>): void {
  if (moved.has(y)) return;
  const { op, inputs, attributes } = y.producer as Node;
  let dy: Tensor | undefined;
  op.inputs.forEach((name, i) => {
    const tangent = moved.get(inputs[i] as Tensor);
    if (tangent === undefined) return;
    const rule = op.jvp[name];
    if (rule === undefined)
      throw new GraphError(`${where}: ${op.name} has no derivative with respect to ${name}`);
    if (rule === 0) return;
    const context = byName(op.inputs, inputs, attributes, { y, [`d${name}`]: tangent });
    const part = expand(rule(context as never), y.shape);
    dy = dy === undefined ? part : add(dy, part);
  });
  if (dy !== undefined) moved.set(y, dy);
}

/**
 * The leaves of a direction or a gradient, which must match the leaves `beside`.
 * @throws ArgumentError, ShapeError, DTypeError unless each has the shape and dtype of its counterpart.
 */
export function leavesBeside(
  name: string,
  noun: string,
  tree: unknown,
  beside: readonly Tensor[],
): readonly Tensor[] {
  const { leaves } = takeApart(name, noun, tree);
  if (leaves.length !== beside.length) {
    throw new ArgumentError(
      `${name}: expected ${noun} to hold ${beside.length} tensors, got ${leaves.length}`,
    );
  }
  leaves.forEach((leaf, i) => {
    const own = beside[i] as Tensor;
    const which = leaves.length === 1 ? noun : `tensor ${i} of ${noun}`;
    if (!sameShape(leaf.shape, own.shape)) {
      throw new ShapeError(
        `${name}: expected ${which} to be ${format(own.shape)}, got ${format(leaf.shape)}`,
      );
    }
    if (leaf.dtype !== own.dtype) {
      throw new DTypeError(`${name}: expected ${which} to be ${own.dtype}, got ${leaf.dtype}`);
    }
  });
  return leaves;
}
