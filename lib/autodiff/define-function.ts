import { apply } from "../eager/apply.js";
import type { Op, Rules } from "../eager/node.js";
import { ArgumentError, GraphError } from "../errors.js";
import { sum } from "../ops/sum.js";
import { checkRequired, describe } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import { isFloat } from "../tensor/dtype.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { vjp as pullBack, type TensorFunction } from "./transforms.js";
import { vmap } from "./vmap.js";

/** What a function's rule receives. */
export interface FunctionContext {
  readonly inputs: readonly Tensor[];
  readonly y: Tensor;
}

/** A function of tensors with a derivative of its own. */
export interface FunctionDefinition {
  /** Computes y from the inputs, with any ops. */
  readonly forward: TensorFunction;
  /**
   * dy · ∂y/∂input for each input; null for an input without gradient. Must be linear in dy.
   * Default: the transpose of `jvp`.
   */
  readonly vjp?: (context: FunctionContext & { readonly dy: Tensor }) => readonly (Tensor | null)[];
  /**
   * Σ ∂y/∂input · tangent over the inputs. Must be linear in the tangents. The tangent of an input that does not
   * move is zeros. Default: the transpose of `vjp`.
   */
  readonly jvp?: (context: FunctionContext & { readonly tangents: readonly Tensor[] }) => Tensor;
}

/**
 * Gives a function of tensors a derivative of its own (torch.autograd.Function, jax.custom_vjp and
 * jax.custom_jvp): for a piecewise function, for a formula that is more stable than the derivatives of the ops, or for
 * a replacement of the gradient, as in a straight-through estimator. One rule is enough: the other is its transpose.
 * The rules are written with ops, so the function has derivatives of every order, also under `vmap` and `compile`.
 * @example
 * const roundStraightThrough = defineFunction("roundStraightThrough", {
 *   forward: (x) => ops.round(x),
 *   vjp: ({ dy }) => [dy],
 * });
 * @throws ArgumentError without a rule; OptionError
 */
export function defineFunction(name: string, definition: FunctionDefinition): TensorFunction {
  if (typeof name !== "string" || name === "") {
    throw new ArgumentError(`defineFunction: expected a name, got ${describe(name)}`);
  }
  checkRequired("defineFunction", definition, ["forward", "vjp", "jvp"]);
  for (const part of ["forward", "vjp", "jvp"] as const) {
    const given = definition[part];
    if (typeof given === "function" || (given === undefined && part !== "forward")) continue;
    throw new ArgumentError(`defineFunction: expected ${part} to be a function, got ${describe(given)}`);
  }
  if (definition.vjp === undefined && definition.jvp === undefined) {
    throw new ArgumentError("defineFunction: expected vjp or jvp, got neither");
  }
  const ops = new Map<number, Op>();
  return (...inputs) => {
    const op = ops.get(inputs.length) ?? opOf(name, definition, inputs.length);
    ops.set(inputs.length, op);
    return apply(op, inputs, {});
  };
}

/** The op for `count` inputs. */
function opOf(name: string, definition: FunctionDefinition, count: number): Op {
  const names = Array.from({ length: count }, (_, i) => (count === 1 ? "x" : `x${i}`));
  const inputsOf = (context: Readonly<Record<string, unknown>>): Tensor[] =>
    names.map((key) => context[key] as Tensor);
  // One call of the rule gives the gradients of all inputs.
  const known = new WeakMap<Tensor, { dy: Tensor; gradients: readonly (Tensor | null)[] }>();
  const gradientsOf = (context: Readonly<Record<string, unknown>>): readonly (Tensor | null)[] => {
    const { y, dy } = context as { y: Tensor; dy: Tensor };
    const found = known.get(y);
    if (found?.dy === dy) return found.gradients;
    const gradients = transposeOf(name, definition, inputsOf(context), y, dy);
    known.set(y, { dy, gradients });
    return gradients;
  };
  const vjp: Record<string, unknown> = {};
  const jvp: Record<string, unknown> = {};
  names.forEach((key, i) => {
    vjp[key] = (context: Readonly<Record<string, unknown>>): Tensor =>
      gradientsOf(context)[i] ?? zerosLike(context[key] as Tensor);
    jvp[key] = (context: Readonly<Record<string, unknown>>): Tensor => {
      const inputs = inputsOf(context);
      const tangents = inputs.map((x, j) => (j === i ? (context[`d${key}`] as Tensor) : zerosLike(x)));
      return tangentOf(name, definition, inputs, context["y"] as Tensor, tangents);
    };
  });
  return {
    name,
    inputs: names,
    instruction: null,
    isCustom: true,
    infer: () => {
      throw new GraphError(`${name}: its shape is known only by its value`);
    },
    params: () => [],
    vjp: vjp as Rules,
    jvp: jvp as Rules,
    compute: (inputs) => checkTensor(name, "the result of forward", definition.forward(...inputs)),
    batch: (inputs, batched) => overSamples(name, definition, batched)(...inputs),
  };
}

/** The function on all samples. Its rules are the rules for one sample, under `vmap`. */
function overSamples(
  name: string,
  { forward, vjp, jvp }: FunctionDefinition,
  batched: readonly boolean[],
): TensorFunction {
  const inDims = batched.map((is) => (is ? 0 : null));
  const own = (inputs: readonly Tensor[]): readonly Tensor[] => inputs.slice(0, batched.length);
  return defineFunction(name, {
    forward: vmap(forward, { inDims }),
    ...(vjp === undefined
      ? {}
      : {
          vjp: ({ inputs, y, dy }) => {
            const each = (...all: Tensor[]): Tensor[] => {
              const [value, slope] = all.slice(batched.length) as [Tensor, Tensor];
              const found = vjp({ inputs: own(all), y: value, dy: slope });
              return own(all).map((x, i) => found[i] ?? zerosLike(x));
            };
            const found = vmap(each as never, { inDims: [...inDims, 0, 0] })(
              ...([...inputs, y, dy] as never[]),
            ) as unknown as Tensor[];
            return found.map((dx, i) => (batched[i] ? dx : sum(dx, { dim: 0 })));
          },
        }),
    ...(jvp === undefined
      ? {}
      : {
          jvp: ({ inputs, y, tangents }) =>
            vmap(
              (...all: Tensor[]) =>
                jvp({
                  inputs: own(all),
                  y: all[batched.length] as Tensor,
                  tangents: all.slice(batched.length + 1),
                }),
              { inDims: [...inDims, 0, ...inDims] },
            )(...inputs, y, ...tangents),
        }),
  });
}

function transposeOf(
  name: string,
  { vjp, jvp }: FunctionDefinition,
  inputs: readonly Tensor[],
  y: Tensor,
  dy: Tensor,
): readonly (Tensor | null)[] {
  if (vjp !== undefined) {
    const found = vjp({ inputs, y, dy });
    if (!Array.isArray(found) || found.length !== inputs.length) {
      throw new ArgumentError(
        `${name}: expected vjp to give a list of ${inputs.length} gradients, got ${describe(found)}`,
      );
    }
    return found;
  }
  const moving = inputs.map((x) => isFloat(x.dtype));
  const rule = jvp as NonNullable<typeof jvp>;
  const linear = (...tangents: Tensor[]): Tensor => {
    let next = 0;
    return rule({
      inputs,
      y,
      tangents: inputs.map((x, i) => (moving[i] ? (tangents[next++] as Tensor) : zerosLike(x))),
    });
  };
  const found = pullBack(linear, ...inputs.filter((_, i) => moving[i]).map(zerosLike))[1](dy);
  let next = 0;
  return moving.map((moves) => (moves ? (found[next++] as Tensor) : null));
}

function tangentOf(
  name: string,
  { vjp, jvp }: FunctionDefinition,
  inputs: readonly Tensor[],
  y: Tensor,
  tangents: readonly Tensor[],
): Tensor {
  if (jvp !== undefined) {
    const dy = checkTensor(name, "the result of jvp", jvp({ inputs, y, tangents }));
    if (!sameShape(dy.shape, y.shape)) {
      throw new GraphError(`${name}: expected jvp to give ${format(y.shape)}, got ${format(dy.shape)}`);
    }
    return dy;
  }
  const rule = vjp as NonNullable<typeof vjp>;
  // The rule is linear in dy. Its transpose maps the tangents to ∂y/∂inputs · tangents.
  const linear = (dy: Tensor): Tensor[] => {
    const found = rule({ inputs, y, dy });
    return inputs.flatMap((x, i) => (isFloat(x.dtype) ? [found[i] ?? zerosLike(x)] : []));
  };
  const [, transpose] = pullBack(linear as never, zerosLike(y) as never) as unknown as [
    unknown,
    (tangents: readonly Tensor[]) => Tensor[],
  ];
  return transpose(tangents.filter((_, i) => isFloat((inputs[i] as Tensor).dtype)))[0] as Tensor;
}
