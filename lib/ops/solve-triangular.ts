import { checkFlag, checkOptions } from "../options.js";
import type { Shape } from "../tensor/shape.js";
import { stackSizes } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Apply, checkDTypes, defineOp } from "./define.js";
import { forEach } from "./for-each.js";
import { matmul } from "./matmul.js";
import { neg } from "./neg.js";
import { register } from "./registry.js";
import { checkSystem, solveStacks } from "./solve.js";
import { transposed } from "./transpose.js";
import { tril, triu } from "./triangle.js";

/** Which matrix a triangular system has. */
export interface SolveTriangularOptions {
  /** The upper triangle is read, and not the lower. Default: false. */
  readonly upper?: boolean;
  /** aᵀ·y = b is solved. Default: false. */
  readonly transposeA?: boolean;
  /** The diagonal counts as 1 and is not read. Default: false. */
  readonly unitriangular?: boolean;
}

type Triangle = Required<SolveTriangularOptions>;

const triangleOf = ({ upper, transposeA, unitriangular }: Triangle): Triangle => ({
  upper,
  transposeA,
  unitriangular,
});

/** What of a matrix is read. */
function read(x: Tensor, { upper, unitriangular }: Triangle): Tensor {
  if (upper) return triu(x, { diagonal: unitriangular ? 1 : 0 });
  return tril(x, { diagonal: unitriangular ? -1 : 0 });
}

const across = (triangle: Triangle): Triangle => ({ ...triangle, transposeA: !triangle.transposeA });

// op(a)·y = b: db = op(a)⁻ᵀ·dy, dop(a) = −db·yᵀ; y moves by op(a)⁻¹·(db − dop(a)·y).
const op: Apply<Triangle> = defineOp<"a" | "b", Triangle>("solveTriangular", {
  inputs: ["a", "b"],
  kernel: "solve_triangular",
  shape: ({ a, b }) => ({
    shape: b.shape,
    dtype: checkDTypes("solveTriangular", ["a", "b"], [a, b], "float"),
  }),
  params: ({ a, b, upper, transposeA, unitriangular }) => [
    ...stackSizes(a.shape),
    b.shape.at(-1) as number,
    ...[upper, transposeA, unitriangular].map(Number),
  ],
  vjp: {
    a: ({ dy, a, y, ...rest }) => {
      const triangle = triangleOf(rest);
      const db = op([a, dy], across(triangle));
      const da = matmul(db, y, { transposeB: true });
      return neg(read(triangle.transposeA ? transposed(da) : da, triangle));
    },
    b: ({ dy, a, ...rest }) => op([a, dy], across(triangleOf(rest))),
  },
  jvp: {
    a: ({ da, a, y, ...rest }) => {
      const triangle = triangleOf(rest);
      return neg(op([a, matmul(read(da, triangle), y, { transposeA: triangle.transposeA })], triangle));
    },
    b: ({ db, a, ...rest }) => op([a, db], triangleOf(rest)),
  },
  batch: ({ a, b, ...rest }, { batched, size, op: self }) =>
    self([forEach(a, batched.a, size), forEach(b, batched.b, size)], triangleOf(rest)),
});

/**
 * The y with a·y = b for a triangular a, of which only that triangle is read (torch.linalg.solve_triangular).
 * Shapes: a [..., n, n], b [..., n, m] → y [..., n, m], or b [n] → y [..., n]; the axes in front broadcast.
 * Dtypes: float32, float64. A 0 on the diagonal gives infinities.
 * @example solveTriangular(tensor([[2, 0], [1, 1]]), tensor([4, 5]))   // [2, 3]
 * @throws ShapeError, DTypeError, OptionError
 */
export function solveTriangular(a: Tensor, b: Tensor, options: SolveTriangularOptions = {}): Tensor {
  checkOptions("solveTriangular", options, ["upper", "transposeA", "unitriangular"]);
  const { upper = false, transposeA = false, unitriangular = false } = options;
  const triangle = { upper, transposeA, unitriangular };
  for (const [name, value] of Object.entries(triangle)) checkFlag("solveTriangular", name, value);
  checkSystem("solveTriangular", a, b);
  return solveStacks("solveTriangular", a, b, (matrix, columns) => op([matrix, columns], triangle));
}

register("solveTriangular", solveTriangular, {
  torch: "solve_triangular",
  cases: ({ floats, matrices }) => {
    const systems: readonly (readonly [note: string, a: Shape, b: Shape])[] = [
      ["vector", [3, 3], [3]],
      ["matrix", [3, 3], [3, 2]],
      ["1 × 1", [1, 1], [1, 1]],
      ["stacks", [2, 3, 3], [2, 3, 2]],
      ["one matrix, many sides", [3, 3], [2, 3, 1]],
      ["many matrices, one side", [2, 3, 3], [3, 2]],
      ["no side", [2, 2], [2, 0]],
      ["stacks of rank 4 and 3", [3, 1, 1, 1], [1, 1, 2]],
      ["stacks that broadcast", [1, 2, 3, 3], [3, 1, 3, 1]],
      ["stacks of size 1", [1, 1, 2, 2], [1, 2, 2, 3]],
      ["a stack of size 1 on the right", [1, 1], [1, 1, 2]],
      ["square sides", [3, 3], [3, 3]],
      ["one column", [2, 2], [2, 1]],
      ["square sides of rank 4", [2, 2], [1, 1, 2, 2]],
      ["sides of rank 4", [2, 2], [1, 1, 2, 3]],
    ];
    const triangles = [
      {},
      { upper: true },
      { transposeA: true },
      { upper: true, transposeA: true, unitriangular: true },
    ];
    return Object.fromEntries(
      systems.flatMap(([note, a, b]) =>
        triangles.map((triangle) => [
          [note, ...Object.keys(triangle)].join(", "),
          [matrices(a), floats(b), triangle] as const,
        ]),
      ),
    );
  },
});
