import { context, type Mapping, within } from "../context/context.js";
import type { Attributes, Op } from "../eager/node.js";
import { GraphError } from "../errors.js";
import { withoutScratch } from "../tensor/scratch.js";
import { format, type Shape, sameShape, type TensorSpec } from "../tensor/shape.js";
import { Storage } from "../tensor/storage.js";
import { type Mapped, Tensor } from "../tensor/tensor.js";

/** Runs `run` within one more `vmap`, and passes it the level of that `vmap`. */
export function withLevel<T>(mapping: Mapping, run: (level: number) => T): T {
  const mappings = [...context.mappings, mapping];
  return within("mappings", mappings, () => run(mappings.length));
}

/** A tensor that stands for each of the samples along the first axis of `all`. */
export function sampleOf(all: Tensor, level: number): Tensor {
  const [size, ...shape] = all.shape as [number, ...number[]];
  return standFor({ all, size, level }, { shape, dtype: all.dtype });
}

/** A new tensor with the values of x, without its history. */
export function sameValues(x: Tensor): Tensor {
  return x.mapped === null ? new Tensor(x.storage, x.shape, x.dtype) : standFor(x.mapped, x);
}

function standFor(mapped: Mapped, { shape, dtype }: TensorSpec): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const tensor = new Tensor(new Storage({ length, dtype, refusal }), shape, dtype);
  tensor.mapped = mapped;
  return tensor;
}

const refusal = (): Error =>
  new GraphError(
    "vmap: a tensor under vmap stands for all samples at once, so its value cannot be read; use ops such as where, or return the tensor and read it outside",
  );

/** What a draw has to make: numbers for all samples together. */
export interface DrawSpec {
  readonly shape: Shape;
  /** That shape, with 1 for an axis along which the random bits are the same. */
  readonly counters: Shape;
  /** The parameters: for all samples together, and by which shape each broadcasts. */
  readonly parameters: readonly { readonly all: Tensor; readonly shape: Shape }[];
}

/**
 * Random numbers under the enclosing `vmap`s: `draw` makes one set for each sample of those with `randomness`
 * "different". Under the others the samples have the same random bits, and are the same numbers but where the
 * parameters differ from sample to sample.
 * @throws GraphError under a `vmap` whose `randomness` is "error".
 */
export function drawForSamples(
  name: string,
  shape: Shape,
  draw: (spec: DrawSpec) => Tensor,
  parameters: readonly Tensor[] = [],
): Tensor {
  const { mappings } = context;
  if (mappings.some(({ randomness }) => randomness === "error")) {
    throw new GraphError(
      `vmap: ${name} draws random numbers; say with randomness whether they are "different" for each sample or the "same"`,
    );
  }
  const given = parameters.map((parameter) => ({ ...withoutSamples(name, parameter), own: parameter.shape }));
  const axes = mappings.flatMap(({ size, randomness }, i) => {
    const isMapped = given.some(({ levels }) => levels.includes(i + 1));
    return randomness === "different" || isMapped ? [{ level: i + 1, size, randomness }] : [];
  });
  const sizes = axes.map(({ size }) => size);
  const counted = axes.map(({ size, randomness }) => (randomness === "different" ? size : 1));
  const all = draw({
    shape: [...sizes, ...shape],
    counters: [...counted, ...shape],
    parameters: given.map(({ all, levels, own }) => {
      const front = axes.map(({ level, size }) => (levels.includes(level) ? size : 1));
      return { all, shape: [...front, ...new Array<number>(shape.length - own.length).fill(1), ...own] };
    }),
  });
  return axes.reduce((drawn, { level }) => sampleOf(drawn, level), all);
}

/** The tensor of all samples that x stands for, whose first axes are those of these levels. */
function withoutSamples(name: string, x: Tensor): { all: Tensor; levels: number[] } {
  const levels: number[] = [];
  let all = x;
  for (; all.mapped !== null; all = all.mapped.all) levels.unshift(all.mapped.level);
  if (levels.some((level) => level > context.mappings.length)) refuseEnded(name);
  return { all, levels };
}

function refuseEnded(name: string): never {
  throw new GraphError(`${name}: a tensor of a vmap that has ended cannot be used`);
}

/** Applies an op to all samples at once. At least one input must be mapped. */
export function applyToSamples(op: Op, inputs: readonly Tensor[], attributes: Attributes): Tensor {
  const level = Math.max(...inputs.map((input) => input.mapped?.level ?? 0));
  if (level > context.mappings.length) refuseEnded(op.name);
  const mapped = inputs.map((input) => (input.mapped?.level === level ? input.mapped : null));
  const { size } = mapped.find((one) => one !== null) as Mapped;
  const expected = op.compute === undefined ? op.infer(inputs, attributes) : null;
  const rule = op.batch;
  if (rule === undefined) throw new GraphError(`vmap: ${op.name} has no rule for samples`);
  const given = inputs.map((input, i) => mapped[i]?.all ?? input);
  const batched = mapped.map((one) => one !== null);
  const all = withoutScratch(() => rule(given, batched, size, attributes));
  const spec: TensorSpec = expected ?? { shape: all.shape.slice(1), dtype: all.dtype };
  const wanted = [size, ...spec.shape];
  if (!sameShape(all.shape, wanted) || all.dtype !== spec.dtype) {
    throw new GraphError(
      `vmap: the rule of ${op.name} gave ${all.dtype} ${format(all.shape)}, expected ${spec.dtype} ${format(wanted)}`,
    );
  }
  return standFor({ all, size, level }, spec);
}
