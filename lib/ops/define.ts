import { apply } from "../eager/apply.js";
import { byName, type Op } from "../eager/node.js";
import { DTypeError } from "../errors.js";
import { instructionId } from "../native/instructions.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import { broadcast, type Shape, type TensorSpec } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

/** The inputs of an op by name, with its attributes. */
export type Arguments<I extends string, A extends object> = Readonly<Record<I, Tensor>> & Readonly<A>;
/** What a vjp rule sees: inputs, attributes, the output y and the row vector dy. */
export type VjpContext<I extends string, A extends object> = Arguments<I, A> & {
  readonly y: Tensor;
  readonly dy: Tensor;
};
/** What a jvp rule sees: inputs, attributes, the output y and the tangent `d<input>` of its input. */
export type JvpContext<I extends string, A extends object, K extends I = I> = Arguments<I, A> & {
  readonly y: Tensor;
} & Readonly<Record<`d${K}`, Tensor>>;

export type VjpRules<I extends string, A extends object> = {
  readonly [K in I]?: ((context: VjpContext<I, A>) => Tensor) | 0;
};
export type JvpRules<I extends string, A extends object> = {
  readonly [K in I]?: ((context: JvpContext<I, A, K>) => Tensor) | 0;
};

/** An op to be called: inputs in order, then attributes. */
export type Apply<A extends object> = (inputs: readonly Tensor[], attributes: A) => Tensor;

/** How an op is defined: all that is known of it, in one place. */
export interface OpDefinition<I extends string, A extends object> {
  /** Names of the inputs, in order. */
  readonly inputs: readonly I[];
  /** The result's shape and dtype; throws where the inputs do not fit. */
  shape(args: Arguments<I, A>): TensorSpec;
  /** The native instruction; null for a view of the first input's memory under another shape. */
  readonly kernel: string | null;
  /** The instruction's parameters. */
  params?(args: Arguments<I, A>, y: TensorSpec): readonly number[];
  /** The instruction's operands, where they are not the inputs and then the output. */
  buffers?(inputs: readonly Tensor[], output: Tensor): (Tensor | null)[];
  /** For each input with a derivative: dy · ∂y/∂input, of the input's shape. 0 if it is 0 everywhere. */
  readonly vjp?: VjpRules<I, A>;
  /** For each input with a derivative: ∂y/∂input · d<input>, of the output's shape. 0 if it is 0 everywhere. */
  readonly jvp?: JvpRules<I, A>;
  /**
   * The op on all samples at once, for `vmap`: inputs that are `batched` have the samples' axis in front, of
   * that size; the result must have it. Default for a user's op: one sample after the other.
   */
  readonly batch?: BatchRule<I, A>;
}

/** What a rule for `vmap` is told of the samples, and the op itself. */
export interface Samples<I extends string, A extends object> {
  readonly batched: Readonly<Record<I, boolean>>;
  readonly size: number;
  readonly op: Apply<A>;
}
export type BatchRule<I extends string, A extends object> = (
  args: Arguments<I, A>,
  samples: Samples<I, A>,
) => Tensor;

/** `defineOp` of custom.ts, without its default for `batch`: what the library's own ops are made with. */
export function defineOp<I extends string, A extends object = object>(
  name: string,
  definition: OpDefinition<I, A>,
  isCustom = false,
): Apply<A> {
  const { inputs, kernel, buffers, batch } = definition;
  const named = (tensors: readonly Tensor[], attributes: object): Arguments<I, A> =>
    byName(inputs, tensors, attributes) as Arguments<I, A>;
  const op: Op = {
    name,
    inputs,
    instruction: kernel === null ? null : instructionId(kernel),
    infer: (tensors, attributes) => definition.shape(named(tensors, attributes)),
    params: (tensors, y, attributes) => definition.params?.(named(tensors, attributes), y) ?? [],
    ...(buffers === undefined ? {} : { buffers }),
    isCustom,
    vjp: definition.vjp ?? {},
    jvp: definition.jvp ?? {},
    ...(batch === undefined
      ? {}
      : {
          batch: (tensors, batched, size, attributes) => {
            const which = Object.fromEntries(inputs.map((input, i) => [input, batched[i]]));
            const samples = { batched: which as Record<I, boolean>, size, op: applied };
            return batch(named(tensors, attributes), samples);
          },
        }),
  };
  const applied: Apply<A> = (tensors, attributes) => apply(op, tensors, attributes);
  return applied;
}

export type Takes = keyof typeof TAKES;

const TAKES = {
  float: { accepts: isFloat, words: "float32 or float64" },
  number: { accepts: (dtype: DType) => dtype !== "bool", words: "float32, float64 or int32" },
  bool: { accepts: (dtype: DType) => dtype === "bool", words: "bool" },
  any: { accepts: () => true, words: "any dtype" },
} as const;

export const TAKEN = Object.keys(TAKES) as readonly Takes[];

/** @throws DTypeError unless all inputs are of one dtype that the op takes. */
export function checkDTypes(
  name: string,
  names: readonly string[],
  inputs: readonly Tensor[],
  takes: Takes,
): DType {
  const { accepts, words } = TAKES[takes];
  const dtype = (inputs[0] as Tensor).dtype;
  for (let i = 0; i < inputs.length; i++) {
    const own = (inputs[i] as Tensor).dtype;
    if (!accepts(own)) throw new DTypeError(`${name}: expected ${names[i]} to be ${words}, got ${own}`);
    if (own !== dtype) {
      throw new DTypeError(
        `${name}: ${names[0]} is ${dtype} but ${names[i]} is ${own}; convert one with to()`,
      );
    }
  }
  return dtype;
}

/**
 * The dtype of an op's only input x, for a composition, whose parts would name themselves in errors.
 * @throws ArgumentError, DTypeError unless it is a tensor of a dtype that the op takes.
 */
export function checkInput(name: string, x: Tensor, takes: Takes): DType {
  return checkDTypes(name, ["x"], [checkTensor(name, "x", x)], takes);
}

/** Shape and dtype of the result of an elementwise op: its inputs broadcast. */
export function broadcastSpec(
  name: string,
  names: readonly string[],
  inputs: readonly Tensor[],
  takes: Takes,
  gives?: DType,
): TensorSpec {
  const dtype = checkDTypes(name, names, inputs, takes);
  let shape: Shape = (inputs[0] as Tensor).shape;
  for (let i = 1; i < inputs.length; i++) shape = broadcast(name, shape, (inputs[i] as Tensor).shape);
  return { shape, dtype: gives ?? dtype };
}

export interface LinearDefinition<I extends string, A extends object>
  extends Pick<OpDefinition<I, A>, "shape" | "kernel" | "params" | "batch"> {
  /** Names of the inputs; the op is linear in the first, and the others (indices, say) have no gradient. */
  readonly inputs: readonly [I, ...I[]];
  /** The transposed map, applied to dy: of the first input's shape. */
  transpose(context: VjpContext<I, A>): Tensor;
}

/** `linear` of custom.ts, without its default for `batch`. */
export function linear<I extends string, A extends object = object>(
  name: string,
  definition: LinearDefinition<I, A>,
  isCustom = false,
): Apply<A> {
  const { inputs, shape, kernel, params, transpose, batch } = definition;
  const first = inputs[0];
  const vjp: VjpRules<I, A> = { [first]: transpose } as VjpRules<I, A>;
  const jvp = {
    [first]: (context: JvpContext<I, A>): Tensor => {
      const { y: _, ...rest } = context as Record<string, unknown> & { y: Tensor };
      const tensors = inputs.map((input, i) => rest[i === 0 ? `d${input}` : input] as Tensor);
      const attributes = Object.fromEntries(
        Object.entries(rest).filter(([key]) => !inputs.includes(key as I) && key !== `d${first}`),
      );
      return op(tensors, attributes as A);
    },
  } as JvpRules<I, A>;
  const own: OpDefinition<I, A> = {
    inputs,
    shape,
    kernel,
    ...(params === undefined ? {} : { params }),
    ...(batch === undefined ? {} : { batch }),
    vjp,
    jvp,
  };
  const op: Apply<A> = defineOp<I, A>(name, own, isCustom);
  return op;
}
