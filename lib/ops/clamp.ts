import { ArgumentError } from "../errors.js";
import { checkNumber, checkOptions } from "../options.js";
import { sizeOf } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { broadcastParams } from "./broadcast.js";
import { broadcastSpec, checkInput, defineOp } from "./define.js";
import { greater } from "./greater.js";
import { greaterEqual } from "./greater-equal.js";
import { less } from "./less.js";
import { lessEqual } from "./less-equal.js";
import { checkBeside, type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";
import { aligned } from "./samples.js";
import { sumTo } from "./sum-and-expand.js";
import { where } from "./where.js";

/** The bounds of `clamp`. */
export interface ClampOptions {
  /** A number, or a tensor that broadcasts with x. Default: none. */
  readonly min?: Operand;
  /** A number, or a tensor that broadcasts with x. Default: none. */
  readonly max?: Operand;
}

/** One bound. The slopes are masks, not factors: no 0 meets an infinite dy. */
const clampBy = (
  kernel: "maximum" | "minimum",
  isWithin: (x: Tensor, bound: Tensor) => Tensor,
  isBeyond: (x: Tensor, bound: Tensor) => Tensor,
): ((x: Tensor, bound: Operand) => Tensor) => {
  const op = defineOp<"x" | "bound">("clamp", {
    inputs: ["x", "bound"],
    kernel,
    shape: ({ x, bound }) => broadcastSpec("clamp", ["x", "bound"], [x, bound], "number"),
    params: ({ x, bound }, y) => broadcastParams([x, bound], y.shape, sizeOf(y.shape)),
    vjp: {
      x: ({ dy, x, bound }) => sumTo(where(isWithin(x, bound), dy, 0), x.shape),
      bound: ({ dy, x, bound }) => sumTo(where(isBeyond(x, bound), dy, 0), bound.shape),
    },
    jvp: {
      x: ({ dx, x, bound }) => where(isWithin(x, bound), dx, 0),
      bound: ({ dbound, x, bound }) => where(isBeyond(x, bound), dbound, 0),
    },
    batch: ({ x, bound }, { batched, op: self }) => self(aligned([x, bound], [batched.x, batched.bound]), {}),
  });
  return (x, bound) => op(operands("clamp", x, bound), {});
};

const raise = clampBy("maximum", greaterEqual, less);
const lower = clampBy("minimum", lessEqual, greater);

/**
 * y = x held within [min, max]; where min > max it is max, and NaN stays (torch.clamp). Slope 1 within, the bounds
 * included, 0 outside and for NaN. A bound that is a tensor has slope 1 where it is y, and x is beyond it.
 * Shapes: x and the bounds broadcast to y. Dtypes: float32, float64, int32.
 * @example clamp(tensor([-2, 0.5, 3]), { min: 0, max: 1 })   // [0, 0.5, 1]
 * @example clamp(tensor([1, 5]), { max: tensor([2, 3]) })   // [1, 3]
 * @throws ArgumentError without a bound, or for one that is no number of x's dtype; ShapeError, DTypeError, OptionError
 */
export function clamp(x: Tensor, options: ClampOptions = {}): Tensor {
  checkInput("clamp", x, "number");
  checkOptions("clamp", options, ["min", "max"]);
  const { min, max } = options;
  for (const [name, bound] of Object.entries({ min, max })) {
    if (bound === undefined) continue;
    if (isTensor(bound)) broadcastSpec("clamp", ["x", name], [x, bound], "number");
    else checkBeside("clamp", checkNumber("clamp", name, bound), x.dtype);
  }
  if (min === undefined && max === undefined)
    throw new ArgumentError("clamp: expected min or max, got neither");
  const raised = min === undefined ? x : raise(x, min);
  return max === undefined ? raised : lower(raised, max);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    clamp: Method<typeof clamp>;
  }
}

register("clamp", clamp, {
  method: true,
  torch: "torch.clamp",
  cases: ({ floats, values }) => ({
    "both bounds": [floats([17]), { min: -0.5, max: 1 }],
    min: [floats([2, 3]), { min: 0 }],
    max: [floats([2, 3]), { max: 0.25 }],
    "bounds that cross: max wins": [floats([3]), { min: 1, max: -1 }],
    "0-d": [floats([]), { min: 0, max: 1 }],
    empty: [floats([0, 3]), { min: 0 }],
    "size 1": [floats([1]), { max: 0 }],
    "at the bounds": [values([-1, 1, 0]), { min: -1, max: 1 }],
    "extreme values": [
      values([0, -0, Infinity, -Infinity, NaN, 1e300, -1e300, 1e-300, 5e-324]),
      { min: -1, max: 1 },
    ],
  }),
  order: { "extreme values": 0 },
});
