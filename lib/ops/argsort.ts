import { checkFlag, checkOptions } from "../options.js";
import { around, checkDim } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { countable } from "./countable.js";
import { checkDTypes, defineOp } from "./define.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";

/** How `argsort` and `sort` order. */
export interface SortOptions {
  /** The axis; −1 is the last. Default: −1. */
  readonly dim?: number;
  /** The largest first. Default: false. */
  readonly descending?: boolean;
}

const op = defineOp<"x", { dim: number; descending: boolean }>("argsort", {
  inputs: ["x"],
  kernel: "argsort",
  shape: ({ x }) => {
    checkDTypes("argsort", ["x"], [x], "number");
    return { shape: x.shape, dtype: "int32" };
  },
  params: ({ x, dim, descending }) => [...around(x.shape, dim), Number(descending)],
  batch: ({ x, dim, descending }, { op: self }) => self([x], { dim: dim + 1, descending }),
});

/** The checked options of a sorting op. */
export function readSortOptions(
  name: string,
  x: Tensor,
  options: SortOptions,
): { dim: number; descending: boolean } {
  checkTensor(name, "x", x);
  checkOptions(name, options, ["dim", "descending"]);
  const descending = checkFlag(name, "descending", options.descending ?? false);
  return { dim: checkDim(name, options.dim ?? -1, x.rank), descending };
}

/**
 * The positions of the elements along an axis in the order of their values; equal ones stay in order, and
 * NaN is the largest (torch.argsort, stable). No gradient.
 * Shapes: x → y int32, the same. Any dtype; false comes before true.
 * @example argsort(tensor([3, 1, 2]))   // [1, 2, 0]
 * @throws ShapeError, DTypeError, OptionError
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  const order = readSortOptions("argsort", x, options);
  const numbers = countable("argsort", x);
  if (x.rank === 0) return reshape(op([reshape(numbers, [1])], { ...order, dim: 0 }), []);
  return op([numbers], order);
}

register("argsort", argsort, {
  torch: "lambda x, **order: torch.argsort(x, stable=True, **order)",
  along: "options",
  cases: ({ floats, truths, values }) => ({
    truths: [truths([7]), { descending: true }],
    descending: [floats([3, 4]), { descending: true }],
    "ties keep their order": [values([2, 1, 2, 1, 0]), { descending: true }],
    int32: [values([3, 1, 2, 1], "int32"), { dim: 0 }],
  }),
});
