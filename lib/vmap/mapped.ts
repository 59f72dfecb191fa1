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

/**
 * Random numbers under the enclosing `vmap`s: `draw` makes one set for each sample of those with `randomness`
 * "different". It receives the shape of all samples together.
 * @throws GraphError under a `vmap` whose `randomness` is "error".
 */
export function drawForSamples(name: string, shape: Shape, draw: (shape: Shape) => Tensor): Tensor {
  const { mappings } = context;
  if (mappings.some(({ randomness }) => randomness === "error")) {
    throw new GraphError(
      `vmap: ${name} draws random numbers; say with randomness whether they are "different" for each sample or the "same"`,
    );
  }
  const levels = mappings.flatMap(({ randomness }, i) => (randomness === "different" ? [i + 1] : []));
  const all = draw([...levels.map((level) => (mappings[level - 1] as Mapping).size), ...shape]);
  return levels.reduce(sampleOf, all);
}

/** Applies an op to all samples at once. At least one input must be mapped. */
export function applyToSamples(op: Op, inputs: readonly Tensor[], attributes: Attributes): Tensor {
  const level = Math.max(...inputs.map((input) => input.mapped?.level ?? 0));
  if (level > context.mappings.length)
    throw new GraphError(`${op.name}: a tensor of a vmap that has ended cannot be used`);
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
