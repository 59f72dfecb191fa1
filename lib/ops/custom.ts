import { ArgumentError } from "../errors.js";
import { describe } from "../options.js";
import { checkDType } from "../tensor/dtype.js";
import { checkShape, type TensorSpec } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { checkDefinition } from "./check-definition.js";
import * as define from "./define.js";
import { sampleBySample } from "./sample-by-sample.js";

/** The rule for samples of an op that has none of its own. */
function oneByOne<I extends string, A extends object>(inputs: readonly I[]): define.BatchRule<I, A> {
  return (args, { batched, size, op }) => {
    const attributes = Object.fromEntries(
      Object.entries(args).filter(([name]) => !inputs.includes(name as I)),
    ) as A;
    return sampleBySample(
      inputs.map((input) => args[input]),
      inputs.map((input) => batched[input]),
      size,
      (one) => op(one, attributes),
    );
  };
}

/** The shape rule, held to give a shape and a dtype. */
function heldShape<I extends string, A extends object>(
  name: string,
  definition: Pick<define.OpDefinition<I, A>, "shape">,
): define.OpDefinition<I, A>["shape"] {
  return (args) => {
    const spec: Partial<TensorSpec> | null | undefined = definition.shape(args);
    return { shape: checkShape(name, spec?.shape), dtype: checkDType(name, spec?.dtype) };
  };
}

/** A rule, held to give a tensor. */
function held<C extends unknown[]>(
  name: string,
  what: string,
  rule: (...context: C) => Tensor,
): (...context: C) => Tensor {
  return (...context) => checkTensor(name, `the result of ${what}`, rule(...context));
}

/** Rules by input, each held to give a tensor, or 0. */
function heldRules<R extends object>(name: string, what: string, rules: R): R {
  const all = Object.entries(rules as Record<string, ((context: never) => Tensor) | 0>);
  return Object.fromEntries(
    all.map(([input, rule]) => [input, rule === 0 ? 0 : held(name, `${what}.${input}`, rule)]),
  ) as R;
}

/** The operands, held to be tensors or null. */
function heldBuffers<I extends string, A extends object>(
  name: string,
  buffers: define.OpDefinition<I, A>["buffers"],
): Pick<define.OpDefinition<I, A>, "buffers"> {
  if (buffers === undefined) return {};
  return {
    buffers: (inputs, output) => {
      const given: unknown = buffers(inputs, output);
      if (Array.isArray(given) && given.every((one) => one === null || isTensor(one))) return given;
      throw new ArgumentError(`${name}: expected buffers to give a list of tensors, got ${describe(given)}`);
    },
  };
}

/**
 * Defines an op: see `OpDefinition`. Rules are written with ops, so gradients have gradients.
 *
 * @example
 * const sine = ops.defineOp<"x">("sine", {
 *   inputs: ["x"],
 *   kernel: "sin",
 *   shape: ({ x }) => x,
 *   params: ({ x }) => [1, x.size, 1],
 *   vjp: { x: ({ dy, x }) => mul(dy, cos(x)) },
 *   jvp: { x: ({ dx, x }) => mul(dx, cos(x)) },
 * });
 * sine([tensor([0, 1])]);   // [0, 0.841]
 * @throws ArgumentError, OptionError for what is no definition; BackendError for an unknown instruction
 */
export function defineOp<I extends string, A extends object = object>(
  name: string,
  definition: define.OpDefinition<I, A>,
): define.Apply<A> {
  checkDefinition("defineOp", name, definition, {
    functions: ["shape"],
    optional: ["params", "buffers", "batch"],
    rules: ["vjp", "jvp"],
  });
  const { vjp, jvp } = definition;
  return define.defineOp(
    name,
    {
      ...definition,
      shape: heldShape(name, definition),
      batch: held(name, "batch", definition.batch ?? oneByOne<I, A>(definition.inputs)),
      ...(vjp === undefined ? {} : { vjp: heldRules(name, "vjp", vjp) }),
      ...(jvp === undefined ? {} : { jvp: heldRules(name, "jvp", jvp) }),
      ...heldBuffers(name, definition.buffers),
    },
    true,
  );
}

/**
 * Defines an op that is linear in its first input: the jvp is the op itself, the vjp its transpose.
 *
 * @example
 * const negate = ops.linear<"x">("negate", {
 *   inputs: ["x"],
 *   kernel: "neg",
 *   shape: ({ x }) => x,
 *   params: ({ x }) => [1, x.size, 1],
 *   transpose: ({ dy }) => negate([dy]),
 * });
 * negate([tensor([1, -2])]);   // [-1, 2]
 * @throws as `defineOp`
 */
export function linear<I extends string, A extends object = object>(
  name: string,
  definition: define.LinearDefinition<I, A>,
): define.Apply<A> {
  checkDefinition("linear", name, definition, {
    functions: ["shape", "transpose"],
    optional: ["params", "batch"],
  });
  return define.linear(
    name,
    {
      ...definition,
      shape: heldShape(name, definition),
      batch: held(name, "batch", definition.batch ?? oneByOne<I, A>(definition.inputs)),
      transpose: held(name, "transpose", definition.transpose),
    },
    true,
  );
}
