import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { instructionId } from "../native/instructions.js";
import { format, sameShape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { update } from "./apply.js";

const WRITE_ROWS = instructionId("write_rows");

/**
 * Writes rows of a tensor in place: target[index[j]] ← source[j]. Takes time for the rows alone, however large the
 * target is. Within `compile` this is part of the program, and the index is read in each run. Of equal indices the last
 * stays. No gradient flows. Bits are the same for any number of threads.
 * Shapes: target [P, ...], index [m] int32, source [m, ...].
 * @param name what an error calls it
 * @throws ShapeError, DTypeError; IndexError for an index outside [0, P), which changes nothing; ArgumentError if the
 *   source is the target's own memory, or for the samples of a `vmap`
 */
export function writeRows(name: string, target: Tensor, index: Tensor, source: Tensor): void {
  if (target.rank === 0) throw new ShapeError(`${name}: expected rows to write to, got a number`);
  if (index.rank !== 1) throw new ShapeError(`${name}: expected an index [rows], got ${format(index.shape)}`);
  if (index.dtype !== "int32") throw new DTypeError(`${name}: expected an int32 index, got ${index.dtype}`);
  const [axis, ...row] = target.shape as [number, ...number[]];
  const expected = [index.size, ...row];
  if (!sameShape(source.shape, expected)) {
    throw new ShapeError(`${name}: expected rows ${format(expected)}, got ${format(source.shape)}`);
  }
  if (source.dtype !== target.dtype) {
    throw new DTypeError(`${name}: expected rows of ${target.dtype}, got ${source.dtype}`);
  }
  if (source.storage === target.storage || index.storage === target.storage) {
    throw new ArgumentError(
      `${name}: a tensor's rows cannot be written from its own memory; copy them first`,
    );
  }
  if ([target, index, source].some(({ mapped }) => mapped !== null)) {
    throw new ArgumentError(`${name}: rows cannot be written for the samples of vmap`);
  }
  update(name, WRITE_ROWS, [axis, sizeOf(row), index.size], [target, index, source], [target]);
}
