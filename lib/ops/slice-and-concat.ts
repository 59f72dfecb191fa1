// Linear maps along an axis whose transposes are one another: cutting a piece out, joining pieces, filling up.
import { allocate } from "../tensor/dtype.js";
import { sizeOf } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { type Apply, checkDTypes, defineOp, type JvpRules, linear, type VjpRules } from "./define.js";
import { forEach } from "./for-each.js";
import { addSlices } from "./index-maps.js";
import { stridedParams } from "./strided.js";

/** Positions start, start + step, …: `count` of them. */
interface Positions {
  readonly dim: number;
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

const sliceOp = linear<"x", Positions>("slice", {
  inputs: ["x"],
  kernel: "strided",
  shape: ({ x, dim, count }) => ({
    shape: x.shape.map((size, d) => (d === dim ? count : size)),
    dtype: x.dtype,
  }),
  params: ({ x, dim, start, step }, y) => {
    const strides = x.shape.map((_, d) => sizeOf(x.shape.slice(d + 1)));
    const along = strides[dim] as number;
    return stridedParams(
      y.shape,
      strides.map((stride, d) => (d === dim ? stride * step : stride)),
      start * along,
    );
  },
  transpose: ({ dy, x, dim, start, count, step }) => {
    const size = x.shape[dim] as number;
    if (step === 1) return filledUp(dy, dim, start, size - start - count, 0);
    const positions = Int32Array.from({ length: count }, (_, i) => start + i * step);
    return addSlices(dy, dim, new Tensor(positions, [count], "int32"), size);
  },
  batch: ({ x, dim, ...rest }, { op }) => op([x], { dim: dim + 1, ...rest }),
});

/** `slice` with positions that are within x. */
export function sliceAt(x: Tensor, positions: Positions): Tensor {
  const { dim, start, count, step } = positions;
  if (count === x.shape[dim] && step === 1) return x;
  return sliceOp([x], { dim, start: count === 0 ? 0 : start, count, step });
}

/** x with `before` and `after` further positions along an axis, which hold `element`. */
export function filledUp(x: Tensor, axis: number, before: number, after: number, element: number): Tensor {
  const filled = (count: number): Tensor[] => {
    if (count === 0) return [];
    const shape = x.shape.map((size, d) => (d === axis ? count : size));
    const data = allocate(x.dtype, sizeOf(shape), "pad");
    if (element !== 0) data.fill(element);
    return [new Tensor(data, shape, x.dtype)];
  };
  const parts = [...filled(before), x, ...filled(after)];
  return parts.length === 1 ? x : join(parts, axis);
}

/**
 * x moved along an axis: by > 0 to later positions, by < 0 to earlier ones. What passes the end is left out, what comes
 * in holds `element`.
 */
export function shifted(x: Tensor, dim: number, by: number, element: number): Tensor {
  const size = x.shape[dim] as number;
  const space = Math.min(Math.abs(by), size);
  const part = sliceAt(x, { dim, start: by > 0 ? 0 : space, count: size - space, step: 1 });
  return by > 0 ? filledUp(part, dim, space, 0, element) : filledUp(part, dim, 0, space, element);
}

/** `concat` of tensors that fit. */
export function join(tensors: readonly Tensor[], dim: number): Tensor {
  return joinOf(tensors.length)(tensors, { dim });
}

type Input = `x${number}`;

const known = new Map<number, Apply<{ dim: number }>>();

const named = (args: object, name: string): Tensor =>
  (args as Readonly<Record<string, Tensor>>)[name] as Tensor;

/** The op for that many tensors. */
function joinOf(count: number): Apply<{ dim: number }> {
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
      return sliceAt(dy, { dim, start: before(sizes, i), count: sizes[i] as number, step: 1 });
    };
    jvp[name] = (context: Readonly<Record<Input, Tensor>> & { dim: number }) => {
      const sizes = sizesOf(context, context.dim);
      const d = named(context, `d${name}`);
      const left = before(sizes, i);
      return filledUp(d, context.dim, left, before(sizes, count) - left - (sizes[i] as number), 0);
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
