import { ShapeError } from "../errors.js";
import { checkChoice, checkFlag, checkNumber, checkOptions } from "../options.js";
import { checkDim, format } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { any } from "./any.js";
import { ceil } from "./ceil.js";
import { checkDTypes, checkInput } from "./define.js";
import { expand } from "./expand.js";
import { floor } from "./floor.js";
import { gather } from "./gather.js";
import { greaterEqual } from "./greater-equal.js";
import { isNaN } from "./is-nan.js";
import { lerp } from "./lerp.js";
import { lessEqual } from "./less-equal.js";
import { logicalAnd } from "./logical-and.js";
import { movedim } from "./movedim.js";
import { mul } from "./mul.js";
import { type Operand, scalar } from "./operand.js";
import type { ReduceOneOptions } from "./reduce.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { round } from "./round.js";
import { sort } from "./sort.js";
import { sub } from "./sub.js";
import { to } from "./to.js";
import { where } from "./where.js";

const INTERPOLATIONS = ["linear", "lower", "higher", "midpoint", "nearest"] as const;

/** As `ReduceOneOptions`, for `quantile`. */
export interface QuantileOptions extends ReduceOneOptions {
  /** What lies between two elements. Default: "linear". */
  readonly interpolation?: (typeof INTERPOLATIONS)[number];
}

/**
 * The value below which a share q of the elements along an axis lies (torch.quantile): at position q·(n − 1) of their
 * order, and between two of them by the interpolation. NaN where there is one. With no axis x is taken as flat.
 * Shapes: q a number or scalar: as `sum`; q [m]: that with m in front. Dtypes: float32, float64, q's the same.
 * @param q in [0, 1]; another element of a tensor gives NaN (PyTorch refuses it).
 * @example quantile(tensor([1, 2, 3, 4]), 0.5)   // 2.5
 * @throws ArgumentError for a number outside [0, 1]; ShapeError, DTypeError, OptionError
 */
export function quantile(x: Tensor, q: Operand, options: QuantileOptions = {}): Tensor {
  checkInput("quantile", x, "float");
  checkOptions("quantile", options, ["dim", "keepdim", "interpolation"]);
  const { dim, keepdim = false, interpolation = "linear" } = options;
  checkFlag("quantile", "keepdim", keepdim);
  checkChoice("quantile", "interpolation", interpolation, INTERPOLATIONS);
  const shares = readShares(x, q);
  const axis = dim === undefined ? 0 : checkDim("quantile", dim, x.rank);
  const isFlat = dim === undefined || x.rank === 0;
  const lines = isFlat ? reshape(x, [x.size]) : movedim(x, axis, -1); // [..., n]
  const n = lines.shape.at(-1) as number;
  if (n === 0) throw new ShapeError(`quantile: no elements to choose from in ${format(x.shape)}`);
  const ordered = sort(lines).values;
  const hasNaN = any(isNaN(lines), { dim: -1, keepdim: true });
  const list = reshape(shares, [shares.size]);
  const isShare = logicalAnd(greaterEqual(list, 0), lessEqual(list, 1));
  const places = mul(where(isShare, list, 0), n - 1);
  const ranks = where(hasNaN, n - 1, expand(places, [...lines.shape.slice(0, -1), shares.size]));
  const at = (ranks: Tensor): Tensor => gather(ordered, lines.rank - 1, to(ranks, "int32"));
  const found = movedim(where(isShare, between(ranks, interpolation, at), Number.NaN), -1, 0); // [m, ...]
  const one = isFlat ? x.shape.map(() => 1) : x.shape.with(axis, 1);
  const rest = keepdim ? one : isFlat ? [] : x.shape.toSpliced(axis, 1);
  return reshape(found, [...shares.shape, ...rest]);
}

/** q as a tensor. */
function readShares(x: Tensor, q: Operand): Tensor {
  if (!isTensor(q)) return scalar(checkNumber("quantile", "q", q, { min: 0, max: 1 }), x.dtype);
  checkDTypes("quantile", ["x", "q"], [x, q], "float");
  if (q.rank <= 1) return q;
  throw new ShapeError(`quantile: expected q to be a scalar or a list, got ${format(q.shape)}`);
}

/** The elements at ranks between whole numbers. */
function between(
  ranks: Tensor,
  interpolation: (typeof INTERPOLATIONS)[number],
  at: (ranks: Tensor) => Tensor,
): Tensor {
  if (interpolation === "nearest") return at(round(ranks));
  if (interpolation === "lower") return at(floor(ranks));
  if (interpolation === "higher") return at(ceil(ranks));
  const below = floor(ranks);
  const share = interpolation === "midpoint" ? 0.5 : sub(ranks, below);
  return lerp(at(below), at(ceil(ranks)), share);
}

register("quantile", quantile, {
  torch: "torch.quantile",
  cases: ({ floats, values }) => ({
    flat: [floats([2, 3]), 0.3],
    "flat, keepdim": [floats([2, 3]), 0.5, { keepdim: true }],
    "last dim": [floats([3, 5]), 0.7, { dim: 1 }],
    "first dim, keepdim": [floats([4, 3]), 0.25, { dim: 0, keepdim: true }],
    "several shares": [floats([2, 5, 3]), values([0, 0.4, 1]), { dim: 1 }],
    "several shares, flat": [floats([7]), values([0.1, 0.9])],
    "a scalar share": [floats([2, 4]), values(0.6), { dim: -1 }],
    lower: [floats([2, 4]), 0.5, { dim: 1, interpolation: "lower" as const }],
    higher: [floats([2, 4]), 0.5, { dim: 1, interpolation: "higher" as const }],
    midpoint: [floats([2, 4]), 0.6, { dim: 1, interpolation: "midpoint" as const }],
    nearest: [floats([2, 4]), 0.4, { dim: 1, interpolation: "nearest" as const }],
    NaN: [
      values([
        [1, NaN, 2],
        [3, 1, 2],
      ]),
      0.5,
      { dim: 1 },
    ],
    "0-d": [floats([]), 0.5],
    "size 1": [floats([2, 1]), 0.5, { dim: 1 }],
    "an empty axis": [floats([2, 0]), 0.5, { dim: 1 }],
  }),
  order: { NaN: 0 },
});
