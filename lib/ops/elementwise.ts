import { ArgumentError } from "../errors.js";
import { checkChoice, describe } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import { checkDType, type DType } from "../tensor/dtype.js";
import { sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { broadcastParams } from "./broadcast.js";
import { checkDefinition } from "./check-definition.js";
import {
  type Arguments,
  broadcastSpec,
  defineOp,
  type JvpContext,
  type JvpRules,
  TAKEN,
  type Takes,
  type VjpContext,
} from "./define.js";
import { mul } from "./mul.js";
import { neg } from "./neg.js";
import { aligned } from "./samples.js";
import { sumTo } from "./sum-and-expand.js";

/** ∂y/∂input of an elementwise op, as a tensor that broadcasts to y's shape; the numbers cost no product. */
type Slope<I extends string> =
  | 1
  | -1
  | 0
  | ((context: Arguments<I, object> & { readonly y: Tensor }) => Tensor);

export interface ElementwiseDefinition<I extends string> {
  /** Names of the inputs, in order. Default `["x"]`. */
  readonly inputs?: readonly I[];
  /** Which dtypes it takes. */
  readonly takes: Takes;
  /** The result's dtype. Default: the inputs'. */
  readonly gives?: DType;
  /** The native instruction. Default: the op's name. */
  readonly kernel?: string;
  /** The slope with respect to each input; left out for an op without gradient. */
  readonly slope?: { readonly [K in I]: Slope<I> };
}

/**
 * Defines y = f(a, b, …) element by element, with NumPy's broadcasting.
 * Both rules follow from the slope: vjp = jvp = slope · d, summed over the axes that were broadcast.
 *
 * @example
 * const tanh = ops.elementwise("tanh", { takes: "float", slope: { x: ({ y }) => sub(1, square(y)) } });
 * tanh([tensor([0, 1])]);   // [0, 0.762]
 * @throws ArgumentError, OptionError for what is no definition; BackendError for an unknown instruction
 */
export function elementwise<I extends string = "x">(
  name: string,
  definition: ElementwiseDefinition<I>,
): (inputs: readonly Tensor[]) => Tensor {
  checkDefinition("elementwise", name, named(name, definition), { others: ["takes", "gives", "slope"] });
  checkChoice("elementwise", "takes", definition.takes, TAKEN);
  if (definition.gives !== undefined) checkDType("elementwise", definition.gives);
  const inputs = definition.inputs ?? (["x"] as I[]);
  checkSlopes(inputs, definition.slope);
  const vjp: Partial<Record<I, ((context: VjpContext<I, object>) => Tensor) | 0>> = {};
  const jvp: Partial<Record<I, ((context: JvpContext<I, object>) => Tensor) | 0>> = {};
  for (const input of definition.slope === undefined ? [] : inputs) {
    const slope = (definition.slope as Record<I, Slope<I>>)[input];
    if (slope === 0) {
      vjp[input] = 0;
      jvp[input] = 0;
      continue;
    }
    vjp[input] = (context) => sumTo(times(context.dy, slope, context), context[input].shape);
    // A tangent that is broadcast in the product has the output's shape then; where the slope is a
    // number it may still be the input's, and the sum with other tangents, or autodiff, expands it.
    jvp[input] = (context) =>
      times((context as Record<string, unknown>)[`d${input}`] as Tensor, slope, context);
  }
  const tensorsOf = (context: Arguments<I, object>): Tensor[] => inputs.map((input) => context[input]);
  const op = defineOp<I, object>(name, {
    inputs,
    kernel: definition.kernel ?? name,
    shape: (context) => broadcastSpec(name, inputs, tensorsOf(context), definition.takes, definition.gives),
    params: (context, y) => broadcastParams(tensorsOf(context), y.shape, sizeOf(y.shape)),
    vjp,
    jvp: jvp as JvpRules<I, object>,
    batch: (args, { batched, op: self }) =>
      self(
        aligned(
          tensorsOf(args),
          inputs.map((input) => batched[input]),
        ),
        {},
      ),
  });
  return (tensors) => op(tensors, {});
}

/** The definition with its defaults; whatever else it was given stays, to be checked. */
function named(name: string, definition: object): object {
  return definition === null || typeof definition !== "object"
    ? definition
    : { inputs: ["x"], kernel: name, ...definition };
}

function checkSlopes(inputs: readonly string[], slopes: unknown): void {
  if (slopes === undefined) return;
  for (const input of inputs) {
    const slope = (slopes as Readonly<Record<string, unknown>> | null)?.[input];
    if (typeof slope === "function" || slope === 0 || slope === 1 || slope === -1) continue;
    throw new ArgumentError(
      `elementwise: expected slope.${input} to be a function, 0, 1 or -1, got ${describe(slope)}`,
    );
  }
}

/** slope · d: what a rule gives for a tangent or cotangent d. */
export function times<I extends string>(
  d: Tensor,
  slope: Slope<I>,
  context: Arguments<I, object> & { readonly y: Tensor },
): Tensor {
  if (slope === 1) return d;
  if (slope === -1) return neg(d);
  // Not a product with 0: that is NaN for an infinite d.
  if (slope === 0) return zerosLike(d);
  return mul(d, slope(context));
}
