import { checkDefinition } from "./check-definition.js";
import * as define from "./define.js";
import { sampleBySample } from "./samples.js";

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
  return define.defineOp(name, { batch: oneByOne<I, A>(definition.inputs), ...definition }, true);
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
  return define.linear(name, { batch: oneByOne<I, A>(definition.inputs), ...definition }, true);
}
