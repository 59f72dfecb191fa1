// Products of matrices.
import { ShapeError } from "../../errors.js";
import * as ops from "../../ops/index.js";
import { broadcast, format } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { at, ofTwo } from "./inputs.js";
import { operator } from "./registry.js";

operator("MatMul", { since: 1, inputs: 2, learns: [0, 1], make: () => ofTwo((a, b) => ops.matmul(a, b)) });

// y = α·op(A)·op(B) + β·C
operator("Gemm", {
  since: 7,
  inputs: [2, 3],
  learns: [0, 1, 2],
  make: ({ attributes }) => {
    const alpha = attributes.float("alpha", 1);
    const beta = attributes.float("beta", 1);
    const transposes = {
      transposeA: attributes.flag("transA", false),
      transposeB: attributes.flag("transB", false),
    };
    return (inputs) => {
      const [a, b, c] = [at(inputs, 0), at(inputs, 1), inputs[2]];
      if (a.rank !== 2 || b.rank !== 2)
        throw new ShapeError(`expected two matrices, got ${format(a.shape)} and ${format(b.shape)}`);
      if (c !== null && c !== undefined) return ops.addmm(c, a, b, { alpha, beta, ...transposes });
      const product = ops.matmul(a, b, transposes);
      return alpha === 1 ? product : ops.mul(product, alpha);
    };
  },
});

operator("Det", { since: 11, inputs: 1, make: () => (inputs) => ops.det(at(inputs, 0)) });

operator("Einsum", {
  since: 12,
  inputs: [1, Number.MAX_SAFE_INTEGER],
  learns: "all",
  make: ({ attributes }) => {
    const equation = attributes.required("equation", attributes.string("equation")).replaceAll(" ", "");
    return (inputs) => einsum(equation, inputs as Tensor[]);
  },
});

const ELLIPSIS = "...";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** As ops.einsum; "..." are the axes without a letter, which broadcast. */
function einsum(equation: string, tensors: readonly Tensor[]): Tensor {
  if (!equation.includes(ELLIPSIS)) return ops.einsum(equation, tensors);
  const [left = "", right] = equation.split("->");
  const terms = left.split(",");
  if (terms.length !== tensors.length)
    throw new ShapeError(`"${equation}" has ${terms.length} operands, got ${tensors.length} tensors`);
  const fronts = terms.map((term, i) => {
    const x = tensors[i] as Tensor;
    const begin = term.indexOf(ELLIPSIS);
    return begin < 0 ? [] : x.shape.slice(begin, begin + x.rank - (term.length - ELLIPSIS.length));
  });
  const common = fronts.reduce((a, b) => broadcast("einsum", a, b), [] as readonly number[]);
  const free = [...LETTERS].filter((letter) => !equation.includes(letter)).slice(0, common.length);
  const operands = terms.map((term, i) => {
    const x = tensors[i] as Tensor;
    const begin = term.indexOf(ELLIPSIS);
    if (begin < 0) return { term, x };
    const front = fronts[i] as readonly number[];
    const own = common.slice(common.length - front.length);
    const letters = free.slice(free.length - front.length).join("");
    return {
      term: term.replace(ELLIPSIS, letters),
      x: ops.expand(x, [...x.shape.slice(0, begin), ...own, ...x.shape.slice(begin + front.length)]),
    };
  });
  const named = [...left.replaceAll(/[.,]/g, "")];
  const once = named.filter((letter) => named.indexOf(letter) === named.lastIndexOf(letter));
  const result = right ?? `${ELLIPSIS}${once.sort().join("")}`;
  return ops.einsum(
    `${operands.map(({ term }) => term).join(",")}->${result.replace(ELLIPSIS, free.join(""))}`,
    operands.map(({ x }) => x),
  );
}
