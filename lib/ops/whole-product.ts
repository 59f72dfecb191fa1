import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { floor } from "./floor.js";
import { mul } from "./mul.js";
import { slice } from "./slice.js";
import { sub } from "./sub.js";
import { to } from "./to.js";

/** Sums of this many products stay below 2⁵³. */
const MOST = 2 ** 20;
const HALF = 2 ** 16;

/** x as high · 2¹⁶ + low in float64, with low in [0, 2¹⁶). */
function halves(x: Tensor): { readonly high: Tensor; readonly low: Tensor } {
  const whole = to(x, "float64");
  const high = floor(mul(whole, 1 / HALF));
  return { high, low: sub(whole, mul(high, HALF)) };
}

/** x modulo `size`, in [0, size). */
const modulo = (x: Tensor, size: number): Tensor => sub(x, mul(floor(mul(x, 1 / size)), size));

/**
 * A matrix product of int32, which wraps as their sums and products do, by exact ones of float64:
 * a·b = (highA·lowB + lowA·highB)·2¹⁶ + lowA·lowB, modulo 2³².
 * @param along the inner axis of a and of b.
 */
export function wholeProduct(
  a: Tensor,
  b: Tensor,
  along: readonly [ofA: number, ofB: number],
  product: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  const count = a.shape.at(along[0]) as number;
  if (count > MOST) {
    const part = (options: { start?: number; end?: number }): Tensor =>
      wholeProduct(slice(a, along[0], options), slice(b, along[1], options), along, product);
    return add(part({ end: MOST }), part({ start: MOST }));
  }
  const [x, y] = [halves(a), halves(b)];
  const middle = modulo(add(product(x.high, y.low), product(x.low, y.high)), HALF);
  const sum = modulo(add(mul(middle, HALF), product(x.low, y.low)), 2 ** 32);
  // From [0, 2³²) to [−2³¹, 2³¹).
  return to(sub(modulo(add(sum, 2 ** 31), 2 ** 32), 2 ** 31), "int32");
}
