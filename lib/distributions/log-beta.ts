import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { less } from "../ops/less.js";
import { lgamma } from "../ops/lgamma.js";
import { log } from "../ops/log.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
import { reciprocal } from "../ops/reciprocal.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import type { Tensor } from "../tensor/tensor.js";

/** From here on Stirling's series has all digits. */
const LARGE = 10;

/** B_2k/(2k·(2k − 1)), k = 1, 2, … */
const STIRLING = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360_360,
  1 / 156,
  -3617 / 122_400,
] as const;

/**
 * ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b), for a and b > 0 that broadcast. The logarithms of large numbers are
 * far larger than their sum: there it is ln Γ(a) less the rise of ln Γ from b to a + b, by Stirling's series.
 */
export function logBeta(a: Tensor, b: Tensor): Tensor {
  const isLess = less(a, b);
  const [small, large] = [where(isLess, a, b), where(isLess, b, a)];
  const isDirect = less(large, LARGE);
  const direct = where(isDirect, large, 1);
  const ofDirect = sub(lgamma(direct), lgamma(add(small, direct)));
  const rise = riseOfLogGamma(where(isDirect, LARGE, large), small);
  return add(lgamma(small), where(isDirect, ofDirect, rise));
}

/** ln Γ(x) − ln Γ(x + h), for x ≥ 10: −(x − ½)·ln(1 + h/x) − h·(ln(x + h) − 1) + δ(x) − δ(x + h). */
function riseOfLogGamma(x: Tensor, h: Tensor): Tensor {
  const end = add(x, h);
  const main = add(mul(sub(x, 0.5), log1p(div(h, x))), mul(h, sub(log(end), 1)));
  return sub(sub(remainder(x), remainder(end)), main);
}

/** δ(x) = ln Γ(x) − (x − ½)·ln x + x − ln(2π)/2 */
function remainder(x: Tensor): Tensor {
  const t = reciprocal(square(x));
  let series = mul(t, STIRLING.at(-1) as number);
  for (const coefficient of STIRLING.slice(1, -1).reverse()) series = mul(add(series, coefficient), t);
  return div(add(series, STIRLING[0]), x);
}
