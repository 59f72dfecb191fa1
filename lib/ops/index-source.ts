import { DTypeError, ShapeError } from "../errors.js";
import { format, type Shape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { join, sliceAt } from "./slice-and-concat.js";

/** The front part of x of such sizes, in all axes but that one. */
export function frontOf(x: Tensor, sizes: Shape, except = -1): Tensor {
  return sizes.reduce(
    (part, count, d) => (d === except ? part : sliceAt(part, { dim: d, start: 0, count, step: 1 })),
    x,
  );
}

/**
 * What an index puts into x: the front part of the source, of the index's shape.
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function sourceFor(name: string, x: Tensor, index: Tensor, source: Tensor): Tensor {
  checkTensor(name, "source", source);
  const fits =
    source.rank === index.rank && index.shape.every((size, d) => size <= (source.shape[d] as number));
  if (!fits) {
    throw new ShapeError(
      `${name}: expected source to have index's sizes ${format(index.shape)}, or larger ones, got ${format(source.shape)}`,
    );
  }
  if (source.dtype !== x.dtype) {
    throw new DTypeError(`${name}: x is ${x.dtype} but source is ${source.dtype}`);
  }
  return frontOf(source, index.shape);
}

/** x with another front part, which has x's size along the axis. */
export function withFront(x: Tensor, front: Tensor): Tensor {
  let y = front;
  for (const [d, size] of x.shape.entries()) {
    const own = y.shape[d] as number;
    if (own === size) continue;
    // What is after it along this axis: of the sizes that y has by now in the others.
    const after = frontOf(sliceAt(x, { dim: d, start: own, count: size - own, step: 1 }), y.shape, d);
    y = join([y, after], d);
  }
  return y;
}
