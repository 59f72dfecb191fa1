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
 * const cube = defineOp<"x">("cube", {
 *   inputs: ["x"],
 *   kernel: "pow", …
 *   vjp: { x: ({ dy, x }) => mul(dy, mul(3, square(x))) },
 *   jvp: { x: ({ dx, x }) => mul(dx, mul(3, square(x))) },
 * });
 */
export function defineOp<I extends string, A extends object = object>(
  name: string,
  definition: define.OpDefinition<I, A>,
): define.Apply<A> {
  return define.defineOp(name, { batch: oneByOne<I, A>(definition.inputs), ...definition });
}

/**
 * Defines an op that is linear in its first input: the jvp is the op itself, the vjp its transpose.
 *
 * @example
 * const permute = linear<"x", { dims: number[] }>("permute", {
 *   inputs: ["x"], kernel: "strided", shape: …, params: …,
 *   transpose: ({ dy, dims }) => permute([dy], { dims: inverse(dims) }),
 * });
 */
export function linear<I extends string, A extends object = object>(
  name: string,
  definition: define.LinearDefinition<I, A>,
): define.Apply<A> {
  return define.linear(name, { batch: oneByOne<I, A>(definition.inputs), ...definition });
}
