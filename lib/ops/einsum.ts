import { ArgumentError, ShapeError } from "../errors.js";
import { describe } from "../options.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkTensors } from "./concat.js";
import { checkDTypes } from "./define.js";
import { diagonal } from "./diagonal.js";
import { matmul } from "./matmul.js";
import { permute } from "./permute.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";
import { sum } from "./sum.js";

/** A tensor whose axes have letters. */
interface Named {
  readonly x: Tensor;
  readonly letters: string;
}

/**
 * Sums of products in Einstein's notation (torch.einsum): each letter is an axis; those that the result does
 * not name are summed over. A letter twice in one operand is its diagonal. Without an arrow the result has the letters
 * that occur once, in alphabetical order. Dtypes: float32, float64.
 * @example einsum("ik,kj->ij", [a, b])    // matrix product
 * @example einsum("bij,bjk->bik", [a, b]) // of a stack
 * @example einsum("ii->", [a])            // trace
 * @throws ShapeError where sizes of one letter differ; ArgumentError for another notation; DTypeError
 */
export function einsum(equation: string, tensors: readonly Tensor[]): Tensor {
  const { operands, result } = parse(equation);
  const list = checkTensors("einsum", tensors);
  if (operands.length !== list.length) {
    throw new ArgumentError(
      `einsum: "${equation}" has ${operands.length} operands, got ${list.length} tensors`,
    );
  }
  // One operand is only moved and summed.
  if (list.length > 1) {
    checkDTypes(
      "einsum",
      list.map((_, i) => `tensor ${i}`),
      list,
      "float",
    );
  }
  const sizes = new Map<string, number>();
  for (const [i, x] of list.entries()) checkSizes(x, operands[i] as string, sizes);
  let rest = list.map((x, i) => withoutTwins({ x, letters: operands[i] as string }));
  while (rest.length > 1) {
    const [a, b, ...others] = rest as [Named, Named, ...Named[]];
    const needed = new Set([...result, ...others.flatMap(({ letters }) => [...letters])]);
    rest = [product(a, b, needed), ...others];
  }
  const only = keepOnly(rest[0] as Named, new Set(result));
  return permute(
    only.x,
    [...result].map((letter) => only.letters.indexOf(letter)),
  );
}

function parse(equation: unknown): { operands: string[]; result: string } {
  const text = typeof equation === "string" ? equation.replaceAll(" ", "") : "";
  const match = /^([a-zA-Z]*(?:,[a-zA-Z]*)*)(?:->([a-zA-Z]*))?$/.exec(text);
  if (typeof equation !== "string" || match === null) {
    throw new ArgumentError(`einsum: expected an equation such as "ij,jk->ik", got ${describe(equation)}`);
  }
  const operands = (match[1] as string).split(",");
  const all = [...operands.join("")];
  const once = [...new Set(all)].filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter));
  const result = match[2] ?? once.sort().join("");
  for (const [i, letter] of [...result].entries()) {
    if (all.includes(letter) && result.indexOf(letter) === i) continue;
    throw new ArgumentError(
      `einsum: expected each letter of the result once, and in an operand: "${equation}" has ${letter}`,
    );
  }
  return { operands, result };
}

function checkSizes(x: Tensor, letters: string, sizes: Map<string, number>): void {
  if (letters.length !== x.rank) {
    throw new ShapeError(`einsum: "${letters}" names ${letters.length} axes, got ${format(x.shape)}`);
  }
  [...letters].forEach((letter, d) => {
    const size = x.shape[d] as number;
    const known = sizes.get(letter) ?? size;
    if (known !== size) throw new ShapeError(`einsum: sizes of ${letter} differ: ${known} and ${size}`);
    sizes.set(letter, size);
  });
}

/** The diagonal along axes of one letter. */
function withoutTwins({ x, letters }: Named): Named {
  const twin = [...letters].find((letter, d) => letters.indexOf(letter) !== d);
  if (twin === undefined) return { x, letters };
  const [first, second] = [letters.indexOf(twin), letters.lastIndexOf(twin)];
  const others = [...letters].map((_, d) => d).filter((d) => d !== first && d !== second);
  const rest = others.map((d) => letters[d]).join("");
  return withoutTwins({ x: diagonal(permute(x, [...others, first, second])), letters: rest + twin });
}

/** The sum over the letters that nobody needs. */
function keepOnly({ x, letters }: Named, needed: ReadonlySet<string>): Named {
  const dim = [...letters].flatMap((letter, d) => (needed.has(letter) ? [] : [d]));
  if (dim.length === 0) return { x, letters };
  return { x: sum(x, { dim }), letters: [...letters].filter((letter) => needed.has(letter)).join("") };
}

/** Two operands as a product of stacks of matrices: [stack, left, inner] · [stack, inner, right]. */
function product(a: Named, b: Named, needed: ReadonlySet<string>): Named {
  const left = keepOnly(a, new Set([...needed, ...b.letters]));
  const right = keepOnly(b, new Set([...needed, ...a.letters]));
  const shared = [...left.letters].filter((letter) => right.letters.includes(letter));
  const stack = shared.filter((letter) => needed.has(letter));
  const inner = shared.filter((letter) => !needed.has(letter));
  const own = ({ letters }: Named): string[] => [...letters].filter((letter) => !shared.includes(letter));
  const sizesOf = ({ x, letters }: Named, some: readonly string[]): number[] =>
    some.map((letter) => x.shape[letters.indexOf(letter)] as number);
  const count = (named: Named, some: readonly string[]): number =>
    sizesOf(named, some).reduce((total, size) => total * size, 1);
  const matrix = (named: Named, rows: readonly string[], columns: readonly string[]): Tensor =>
    reshape(
      permute(
        named.x,
        [...stack, ...rows, ...columns].map((letter) => named.letters.indexOf(letter)),
      ),
      [count(named, stack), count(named, rows), count(named, columns)],
    );
  const y = matmul(matrix(left, own(left), inner), matrix(right, inner, own(right)));
  return {
    x: reshape(y, [...sizesOf(left, stack), ...sizesOf(left, own(left)), ...sizesOf(right, own(right))]),
    letters: [...stack, ...own(left), ...own(right)].join(""),
  };
}

register("einsum", einsum, {
  torch: "torch.einsum",
  cases: ({ floats }) => ({
    "ij,jk->ik": ["ij,jk->ik", [floats([2, 3]), floats([3, 2])]],
    "ij,jk": ["ij,jk", [floats([2, 3]), floats([3, 2])]],
    "bij,bjk->bik": ["bij,bjk->bik", [floats([2, 2, 3]), floats([2, 3, 2])]],
    "bij,bkj->bik": ["bij,bkj->bik", [floats([2, 2, 3]), floats([2, 2, 3])]],
    "i,j->ij": ["i,j->ij", [floats([2]), floats([3])]],
    "i,i->": ["i,i->", [floats([3]), floats([3])]],
    "ii->": ["ii->", [floats([3, 3])]],
    "ii->i": ["ii->i", [floats([3, 3])]],
    "ij->ji": ["ij->ji", [floats([2, 3])]],
    "ijk->k": ["ijk->k", [floats([2, 3, 2])]],
    "ij,kj,lj->ikl": ["ij,kj,lj->ikl", [floats([2, 3]), floats([2, 3]), floats([2, 3])]],
    "ij,ij->i": ["ij,ij->i", [floats([2, 3]), floats([2, 3])]],
    "i,jk->kji": ["i,jk->kji", [floats([2]), floats([2, 3])]],
    ",i->i": [",i->i", [floats([]), floats([3])]],
    empty: ["ij,jk->ik", [floats([0, 3]), floats([3, 2])]],
  }),
});
