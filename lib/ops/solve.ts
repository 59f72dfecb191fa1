import { ShapeError } from "../errors.js";
import { broadcast, format, stackSizes } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type Apply, checkDTypes, defineOp } from "./define.js";
import { checkSquare } from "./diagonal.js";
import { expand } from "./expand.js";
import { forEach } from "./for-each.js";
import { matmul } from "./matmul.js";
import { neg } from "./neg.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { transposed } from "./transpose.js";

// db = a⁻ᵀ·dy, da = −db·yᵀ; y moves by a⁻¹·(db − da·y).
const op: Apply<object> = defineOp<"a" | "b">("solve", {
  inputs: ["a", "b"],
  kernel: "solve",
  shape: ({ a, b }) => ({ shape: b.shape, dtype: checkDTypes("solve", ["a", "b"], [a, b], "float") }),
  params: ({ a, b }) => [...stackSizes(a.shape), b.shape.at(-1) as number],
  vjp: {
    a: ({ dy, a, y }) => neg(matmul(op([transposed(a), dy], {}), y, { transposeB: true })),
    b: ({ dy, a }) => op([transposed(a), dy], {}),
  },
  jvp: {
    a: ({ da, a, y }) => neg(op([a, matmul(da, y)], {})),
    b: ({ db, a }) => op([a, db], {}),
  },
  batch: ({ a, b }, { batched, size, op: self }) =>
    self([forEach(a, batched.a, size), forEach(b, batched.b, size)], {}),
});

/** @throws ShapeError unless a is square, or a stack of such, and b has a row for each of its rows. */
export function checkSystem(name: string, a: Tensor, b: Tensor): void {
  checkTensor(name, "a", a);
  checkTensor(name, "b", b);
  const n = checkSquare(name, a);
  if (b.rank === 0 || b.shape.at(b.rank === 1 ? 0 : -2) !== n) {
    throw new ShapeError(`${name}: expected b to have ${n} rows, as a has, got ${format(b.shape)}`);
  }
  checkDTypes(name, ["a", "b"], [a, b], "float");
}

/** Has systems of matrices solved for a stack of matrices a with a vector, a matrix or a stack of such b. */
export function solveStacks(
  name: string,
  a: Tensor,
  b: Tensor,
  solution: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  const columns = b.rank === 1 ? reshape(b, [b.size, 1]) : b;
  const front = broadcast(name, a.shape.slice(0, -2), columns.shape.slice(0, -2));
  const expanded = (x: Tensor): Tensor => {
    const shape = [...front, ...x.shape.slice(-2)];
    return x.rank === shape.length && x.shape.every((size, d) => size === shape[d]) ? x : expand(x, shape);
  };
  const y = solution(expanded(a), expanded(columns));
  return b.rank === 1 ? reshape(y, y.shape.slice(0, -1)) : y;
}

/**
 * The y with a·y = b (torch.linalg.solve), by LU with partial pivoting.
 * Shapes: a [..., n, n], b [..., n, m] → y [..., n, m], or b [n] → y [..., n]; the axes in front broadcast. A stack
 * of vectors is b [..., n, 1]: PyTorch takes b for one too where its shape is a's without the last axis.
 * Dtypes: float32, float64.
 * @example solve(tensor([[2, 0], [0, 4]]), tensor([1, 2]))   // [0.5, 0.5]
 * @throws ArgumentError where a has no inverse; ShapeError, DTypeError
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  checkSystem("solve", a, b);
  return solveStacks("solve", a, b, (matrix, columns) => op([matrix, columns], {}));
}

register("solve", solve, {
  torch: "solve",
  cases: ({ floats, matrices }) => ({
    vector: [matrices([3, 3]), floats([3])],
    matrix: [matrices([3, 3]), floats([3, 2])],
    "1 × 1": [matrices([1, 1]), floats([1, 1])],
    stacks: [matrices([2, 3, 3]), floats([2, 3, 2])],
    "one matrix, many sides": [matrices([3, 3]), floats([2, 3, 1])],
    "many matrices, one side": [matrices([2, 3, 3]), floats([3, 2])],
    "no side": [matrices([2, 2]), floats([2, 0])],
    "stacks of rank 4 and 3": [matrices([3, 1, 1, 1]), floats([1, 1, 2])],
    "stacks that broadcast": [matrices([1, 2, 3, 3]), floats([3, 1, 3, 1])],
    "stacks of size 1": [matrices([1, 1, 2, 2]), floats([1, 2, 2, 3])],
    "a stack of size 1 on the right": [matrices([1, 1]), floats([1, 1, 2])],
    "square sides": [matrices([3, 3]), floats([3, 3])],
    "one column": [matrices([2, 2]), floats([2, 1])],
    "square sides of rank 4": [matrices([2, 2]), floats([1, 1, 2, 2])],
    "sides of rank 4": [matrices([2, 2]), floats([1, 1, 2, 3])],
  }),
});
