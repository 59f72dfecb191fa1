import { ArgumentError, ShapeError } from "../errors.js";
import { describe } from "../options.js";
import { checkDim, format, type Shape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type Apply, checkDTypes, defineOp, type JvpRules, type VjpRules } from "./define.js";
import { pad } from "./pad.js";
import { forEach } from "./samples.js";
import { slice } from "./slice.js";

type Input = `x${number}`;

const known = new Map<number, Apply<{ dim: number }>>();

const named = (args: object, name: Input): Tensor =>
  (args as Readonly<Record<Input, Tensor>>)[name] as Tensor;

/** The op for that many tensors. */
function opOf(count: number): Apply<{ dim: number }> {
  const found = known.get(count);
  if (found !== undefined) return found;
  const names = Array.from({ length: count }, (_, i): Input => `x${i}`);
  const sizesOf = (args: object, dim: number): number[] =>
    names.map((name) => named(args, name).shape[dim] as number);
  const before = (sizes: readonly number[], i: number): number =>
    sizes.slice(0, i).reduce((a, b) => a + b, 0);
  const vjp: Partial<Record<Input, unknown>> = {};
  const jvp: Partial<Record<Input, unknown>> = {};
  names.forEach((name, i) => {
    vjp[name] = ({ dy, dim, ...args }: Readonly<Record<Input, Tensor>> & { dy: Tensor; dim: number }) => {
      const sizes = sizesOf(args, dim);
      const start = before(sizes, i);
      return slice(dy, dim, { start, end: start + (sizes[i] as number) });
    };
    jvp[name] = (context: Readonly<Record<Input, Tensor>> & { dim: number }) => {
      const sizes = sizesOf(context, context.dim);
      const d = (context as unknown as Record<string, Tensor>)[`d${name}`] as Tensor;
      const left = before(sizes, i);
      return pad(d, context.dim, left, before(sizes, count) - left - (sizes[i] as number));
    };
  });
  const made = defineOp<Input, { dim: number }>("concat", {
    inputs: names,
    kernel: "concat",
    shape: ({ dim, ...args }) => {
      const tensors = names.map((name) => named(args, name));
      const first = tensors[0] as Tensor;
      return {
        shape: first.shape.map((size, d) => (d === dim ? before(sizesOf(args, dim), count) : size)),
        dtype: checkDTypes("concat", names, tensors, "any"),
      };
    },
    params: ({ dim, ...args }, y) => {
      const inner = sizeOf(y.shape.slice(dim + 1));
      return [count, sizeOf(y.shape.slice(0, dim)), ...sizesOf(args, dim).map((size) => size * inner)];
    },
    batch: ({ dim, ...args }, { batched, size, op }) =>
      op(
        names.map((name) => forEach(named(args, name), batched[name] as boolean, size)),
        { dim: dim + 1 },
      ),
    vjp: vjp as VjpRules<Input, { dim: number }>,
    jvp: jvp as JvpRules<Input, { dim: number }>,
  });
  known.set(count, made);
  return made;
}

/** @throws ArgumentError unless it is a list of at least one tensor. */
export function checkTensors(name: string, tensors: unknown): readonly Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw new ArgumentError(`${name}: expected a list of at least one tensor, got ${describe(tensors)}`);
  }
  for (const [i, tensor] of tensors.entries()) checkTensor(name, `tensor ${i}`, tensor);
  return tensors;
}

/**
 * The tensors one behind the other along an axis (torch.cat).
 * Shapes: [..., nᵢ, ...], equal but along `dim` → [..., Σ nᵢ, ...]. Dtypes: any, the same.
 * @param dim default 0.
 * @example concat([tensor([[1, 2]]), tensor([[3, 4]])])   // [[1, 2], [3, 4]]
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function concat(tensors: readonly Tensor[], dim = 0): Tensor {
  const list = checkTensors("concat", tensors);
  const first = list[0] as Tensor;
  if (first.rank === 0) throw new ShapeError("concat: expected tensors with an axis, got scalars; use stack");
  const axis = checkDim("concat", dim, first.rank);
  const fits = (shape: Shape): boolean =>
    shape.length === first.rank && shape.every((size, d) => d === axis || size === first.shape[d]);
  for (const [i, { shape }] of list.entries()) {
    if (fits(shape)) continue;
    throw new ShapeError(
      `concat: expected tensor ${i} to have the sizes of tensor 0 but along dim ${dim}: ${format(first.shape)}, got ${format(shape)}`,
    );
  }
  return opOf(list.length)(list, { dim: axis });
}
