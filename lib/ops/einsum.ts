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
 * that occur once, in alphabetical order. "..." (or "…") stands for axes without letters, the same in all operands, by
 * their last; in a result without an arrow they come first, and one that does not name them sums over them. An axis of
 * size 1 broadcasts. Dtypes: float32, float64, int32; one operand alone of any.
 * @example einsum("ik,kj->ij", [a, b])    // matrix product
 * @example einsum("bij,bjk->bik", [a, b]) // of a stack
 * @example einsum("...ij->...ji", [a])    // transposed, for any axes in front
 * @example einsum("ii->", [a])            // trace
 * @throws ShapeError where sizes of one letter differ; ArgumentError for another notation; DTypeError
 */
export function einsum(equation: string, tensors: readonly Tensor[]): Tensor {
  const parsed = parse(equation);
  const list = checkTensors("einsum", tensors);
  if (parsed.operands.length !== list.length) {
    throw new ArgumentError(
      `einsum: "${equation}" has ${parsed.operands.length} operands, got ${list.length} tensors`,
    );
  }
  const { operands, result } = spelled(equation, parsed, list);
  // One operand is only moved and summed.
  if (list.length > 1) {
    checkDTypes(
      "einsum",
      list.map((_, i) => `tensor ${i}`),
      list,
      "number",
    );
  }
  const sizes = new Map<string, number>();
  for (const [i, x] of list.entries()) checkSizes(x, operands[i] as string, sizes);
  let rest = list.map((x, i) => withoutTwins(withoutOnes({ x, letters: operands[i] as string }, sizes)));
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

/** The letters of each operand, and of the result if the equation names it. */
interface Equation {
  readonly operands: readonly string[];
  readonly result: string | null;
}

const DOTS = "…";
/** What stands for the axes of "…", the last axis by the last of these. */
const UNNAMED = "01234567";

function parse(equation: unknown): Equation {
  const text = typeof equation === "string" ? equation.replaceAll(" ", "").replaceAll("...", DOTS) : "";
  const match = /^([a-zA-Z…]*(?:,[a-zA-Z…]*)*)(?:->([a-zA-Z…]*))?$/.exec(text);
  const operands = match?.[1]?.split(",") ?? [];
  const result = match?.[2] ?? null;
  const isOnce = [...operands, result ?? ""].every((one) => one.indexOf(DOTS) === one.lastIndexOf(DOTS));
  if (typeof equation !== "string" || match === null || !isOnce) {
    throw new ArgumentError(`einsum: expected an equation such as "ij,jk->ik", got ${describe(equation)}`);
  }
  return { operands, result };
}

/** The equation with a letter for each axis. */
function spelled(
  equation: string,
  parsed: Equation,
  tensors: readonly Tensor[],
): { readonly operands: readonly string[]; readonly result: string } {
  const operands = parsed.operands.map((letters, i) => {
    if (!letters.includes(DOTS)) return letters;
    const { shape, rank } = tensors[i] as Tensor;
    const count = rank - letters.length + 1;
    if (count >= 0) return letters.replace(DOTS, UNNAMED.slice(UNNAMED.length - count));
    throw new ShapeError(`einsum: "${letters}" names ${letters.length - 1} axes, got ${format(shape)}`);
  });
  const all = [...operands.join("")];
  const unnamed = [...UNNAMED].filter((letter) => all.includes(letter)).join("");
  const isOnce = (letter: string): boolean => all.indexOf(letter) === all.lastIndexOf(letter);
  const once = all.filter((letter) => isOnce(letter) && !UNNAMED.includes(letter));
  const result = parsed.result?.replace(DOTS, unnamed) ?? unnamed + once.sort().join("");
  for (const [i, letter] of [...result].entries()) {
    if (all.includes(letter) && result.indexOf(letter) === i) continue;
    throw new ArgumentError(
      `einsum: expected each letter of the result once, and in an operand: "${equation}" has ${letter}`,
    );
  }
  return { operands, result };
}

/** Notes the size of each letter: 1 broadcasts, but beside the same letter in one operand. */
function checkSizes(x: Tensor, letters: string, sizes: Map<string, number>): void {
  if (letters.length !== x.rank) {
    throw new ShapeError(`einsum: "${letters}" names ${letters.length} axes, got ${format(x.shape)}`);
  }
  [...letters].forEach((letter, d) => {
    const size = x.shape[d] as number;
    const known = sizes.get(letter) ?? 1;
    const twin = x.shape[letters.indexOf(letter)] as number;
    if (twin !== size || (known !== size && known !== 1 && size !== 1)) {
      throw new ShapeError(`einsum: sizes of ${letter} differ: ${twin !== size ? twin : known} and ${size}`);
    }
    sizes.set(letter, known === 1 ? size : known);
  });
}

/** Without the axes that broadcast: a letter that an operand lacks is the same to it. */
function withoutOnes({ x, letters }: Named, sizes: ReadonlyMap<string, number>): Named {
  const stays = [...letters].map((letter, d) => x.shape[d] === sizes.get(letter));
  if (stays.every(Boolean)) return { x, letters };
  return {
    x: reshape(
      x,
      x.shape.filter((_, d) => stays[d]),
    ),
    letters: [...letters].filter((_, d) => stays[d]).join(""),
  };
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
  cases: ({ floats, integers }) => ({
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
    "...ij->...ji": ["...ij->...ji", [floats([2, 3, 2])]],
    "...ij,...jk->...ik": ["...ij,...jk->...ik", [floats([2, 1, 3, 2]), floats([3, 2, 2])]],
    "i...,i...": ["i...,i...", [floats([2, 3]), floats([2, 3])]],
    "i...->i, summed over the rest": ["i...->i", [floats([2, 3, 2])]],
    "b...,...->b, of no axes": ["b...,...->b", [floats([2]), floats([])]],
    "... of one operand alone": ["...i,j->...ij", [floats([2, 3]), floats([2])]],
    "a size of 1": ["ij,jk->ik", [floats([2, 1]), floats([3, 2])]],
    "sizes that differ": ["ij,jk->ik", [floats([2, 3]), floats([2, 2])]],
    int32: ["ij,jk->ik", [integers([2, 3], 5), integers([3, 2], 5)]],
  }),
});
