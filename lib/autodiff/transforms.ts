import { ArgumentError, DTypeError, GraphError, ShapeError } from "../errors.js";
import { allocate, isFloat } from "../graph/dtype.js";
import { enableGrad, isGradEnabled, noGrad } from "../graph/grad-mode.js";
import type { Node } from "../graph/node.js";
import { format, sameShape } from "../graph/shape.js";
import { checkTensor, Tensor } from "../graph/tensor.js";
import { add } from "../ops/add.js";
import { expand } from "../ops/expand.js";
import { view } from "../ops/reshape.js";
import { describe } from "../options.js";
import { backwardFrom, history } from "./backward.js";

/** A function of tensors that gives a tensor. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor;

/** Runs f on stand-ins of the primals that require gradients, with what f does recorded. */
function trace(name: string, f: TensorFunction, primals: readonly Tensor[]): { inputs: Tensor[]; y: Tensor } {
  if (typeof f !== "function") throw new ArgumentError(`${name}: expected a function, got ${describe(f)}`);
  const inputs = primals.map((primal, i) => standIn(checkTensor(name, `input ${i}`, primal)));
  const y = enableGrad(() => f(...inputs));
  checkTensor(name, "the function's result", y);
  return { inputs, y };
}

/** The same memory; a part of the graph of an outer transform where there is one. */
function standIn(primal: Tensor): Tensor {
  const inner =
    isGradEnabled() && primal.requiresGrad
      ? view(primal)
      : new Tensor(primal.storage, primal.shape, primal.dtype);
  if (isFloat(inner.dtype)) inner.requiresGrad = true;
  return inner;
}

/** A constant has derivative 0, and so has what passed through a comparison; an integer has none. */
const isConstant = (y: Tensor): boolean => !y.requiresGrad && isFloat(y.dtype);

const zerosLike = (x: Tensor): Tensor => new Tensor(allocate(x.dtype, x.size), x.shape, x.dtype);

/**
 * f's value and its pullback dy ↦ dy · ∂f/∂input, for each input. The pullback may be called again.
 * Shapes: dy has y's shape, and each result its input's. An input that y does not depend on gets zeros.
 * @example
 * const [y, pullback] = vjp(matmul, a, b);
 * const [da, db] = pullback(dy);
 * @throws GraphError where an op on the way has no gradient.
 */
export function vjp(
  f: TensorFunction,
  ...primals: Tensor[]
): [y: Tensor, pullback: (dy: Tensor) => Tensor[]] {
  const { inputs, y } = trace("vjp", f, primals);
  const nested = isGradEnabled();
  const pullback = (dy: Tensor): Tensor[] => {
    checkTensor("vjp", "dy", dy);
    if (isConstant(y)) return inputs.map(zerosLike);
    const found = backwardFrom("vjp", y, inputs, { gradient: dy, retainGraph: true, createGraph: nested });
    return inputs.map((input, i) => found[i] ?? zerosLike(input));
  };
  return [y, pullback];
}

/**
 * f's value and the product ∂f/∂inputs · tangents: how y moves when the inputs move along the tangents.
 * Shapes: each tangent has its primal's shape, and the result has y's.
 * @example const [y, dy] = jvp(tanh, [x], [ones(x.shape)]);
 * @throws GraphError where an op on the way has no derivative.
 */
export function jvp(
  f: TensorFunction,
  primals: readonly Tensor[],
  tangents: readonly Tensor[],
): [y: Tensor, dy: Tensor] {
  if (!Array.isArray(primals) || !Array.isArray(tangents) || primals.length !== tangents.length) {
    throw new ArgumentError(
      `jvp: expected as many tangents as primals, got ${describe(primals)} and ${describe(tangents)}`,
    );
  }
  const { inputs, y } = trace("jvp", f, primals);
  const moved = new Map<Tensor, Tensor>();
  inputs.forEach((input, i) => {
    const tangent = checkTensor("jvp", `tangent ${i}`, tangents[i]);
    if (!sameShape(tangent.shape, input.shape)) {
      throw new ShapeError(
        `jvp: expected tangent ${i} to be ${format(input.shape)}, got ${format(tangent.shape)}`,
      );
    }
    if (tangent.dtype !== input.dtype) {
      throw new DTypeError(`jvp: expected tangent ${i} to be ${input.dtype}, got ${tangent.dtype}`);
    }
    moved.set(input, tangent);
  });
  if (!isFloat(y.dtype)) throw new GraphError(`jvp: the result is ${y.dtype}, which has no derivative`);
  const mode = isGradEnabled() ? enableGrad : noGrad;
  mode(() => {
    for (const result of history(y).reverse()) pushThrough(result, moved);
  });
  return [y, moved.get(y) ?? zerosLike(y)];
}

/** The tangent of an op's result: the sum over its inputs of ∂y/∂input · d<input>. */
function pushThrough(y: Tensor, moved: Map<Tensor, Tensor>): void {
  if (moved.has(y)) return;
  const { op, inputs, attributes } = y.producer as Node;
  let dy: Tensor | undefined;
  op.inputs.forEach((name, i) => {
    const tangent = moved.get(inputs[i] as Tensor);
    if (tangent === undefined) return;
    const rule = op.jvp[name];
    if (rule === undefined) throw new GraphError(`jvp: ${op.name} has no derivative with respect to ${name}`);
    const context: Record<string, unknown> = { ...attributes, y, [`d${name}`]: tangent };
    op.inputs.forEach((other, j) => {
      context[other] = inputs[j];
    });
    const part = expand(rule(context as never), y.shape);
    dy = dy === undefined ? part : add(dy, part);
  });
  if (dy !== undefined) moved.set(y, dy);
}

/**
 * The function that gives f's gradient with respect to its first input; f gives a scalar.
 * @example grad((x) => sum(square(x)))(tensor([1, 2]))   // [2, 4]
 * @throws ShapeError where f does not give a scalar.
 */
export function grad(f: TensorFunction): (...inputs: Tensor[]) => Tensor {
  const both = valueAndGrad(f);
  return (...inputs) => both(...inputs)[1];
}

/**
 * As `grad`, with f's value: `[value, gradient]`.
 * @example const [loss, dw] = valueAndGrad(lossOf)(w);
 */
export function valueAndGrad(f: TensorFunction): (...inputs: Tensor[]) => [value: Tensor, gradient: Tensor] {
  return (...inputs) => {
    if (inputs.length === 0) throw new ArgumentError("grad: expected at least one input, got none");
    const traced = trace("grad", f, inputs);
    const first = traced.inputs[0] as Tensor;
    if (isConstant(traced.y)) return [traced.y, zerosLike(first)];
    const [gradient] = backwardFrom("grad", traced.y, [first], { createGraph: isGradEnabled() });
    return [traced.y, gradient ?? zerosLike(first)];
  };
}
