// The products with a sparse matrix w [rows, columns] of that pattern, of which each is a derivative of the others:
//
//     byRows:    y [B, rows]    = x [B, columns] · wᵀ        byColumns: y [B, columns] = a [B, rows] · w
//     sampled:   dw [entries]   = the elements of aᵀ·x where w has entries
//
// Its entries are `values` [entries]. With one more axis in front, of samples that each have their own, they are [S,
// entries], and x and y have it too.
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { type Apply, type Arguments, type BatchRule, checkDTypes, defineOp } from "./define.js";
import { expand } from "./expand.js";
import { forEach } from "./for-each.js";
import { reshape } from "./reshape.js";
import { sampleBySample } from "./sample-by-sample.js";
import type { SparsePattern } from "./sparse-pattern.js";
import { sumTo } from "./sum-and-expand.js";

const INDEX = ["rowStarts", "columns", "columnStarts", "rowsInOrder", "order"] as const;
type Index = (typeof INDEX)[number];
type Pattern = Readonly<Record<Index, Tensor>>;

const indexOf = (pattern: Pattern): Tensor[] => INDEX.map((name) => pattern[name]);
const rowsOf = ({ rowStarts }: Pattern): number => rowStarts.size - 1;
const columnsOf = ({ columnStarts }: Pattern): number => columnStarts.size - 1;

/** The parameters: samples, batch, rows, columns, entries. `x` is [batch, …], or [samples, batch, …]. */
function paramsOf(x: Tensor, rows: number, columns: number, entries: number): number[] {
  const [batch = 0] = x.shape.slice(-2);
  return [x.rank === 3 ? (x.shape[0] as number) : 1, batch, rows, columns, entries];
}

/** x's shape with another number of features. */
const withFeatures = (x: Tensor, features: number): number[] => [...x.shape.slice(0, -1), features];

type Product = "values" | "x" | Index;

/**
 * A product for each sample of `vmap`. Samples of x alone are more rows of it; where values differ too, each has its
 * own. Patterns that differ are taken one after the other.
 */
const productOfSamples: BatchRule<Product, object> = (args, { batched, size, op }) => {
  if (INDEX.some((name) => batched[name]))
    return oneByOne(args, ["values", "x", ...INDEX], batched, size, op);
  const { values, x } = args;
  const index = indexOf(args);
  if (!batched.values && !batched.x) return forEach(op([values, x, ...index], {}), false, size);
  if (!batched.values && x.rank === 3) {
    return byRow(x, (all) => op([values, all, ...index], {}));
  }
  return merged(op, [forEach(values, batched.values, size), forEach(x, batched.x, size)], index);
};

/** What is computed for each row of x [S, B, …], for all rows of all samples at once. */
function byRow(x: Tensor, product: (all: Tensor) => Tensor): Tensor {
  const [size, batch, features] = x.shape as [number, number, number];
  const y = product(reshape(x, [size * batch, features]));
  return reshape(y, [size, batch, y.shape[1] as number]);
}

/** The op on two inputs that have an axis of samples in front. What has another one after it has one of both. */
function merged(op: Apply<object>, inputs: readonly [Tensor, Tensor], index: readonly Tensor[]): Tensor {
  const [a, b] = inputs;
  const [size, samples] = b.shape as [number, number];
  if (b.rank === 3) return op([a, b, ...index], {});
  const together = [a, b].map((one) => reshape(one, [size * samples, ...one.shape.slice(2)]));
  const y = op([...together, ...index], {});
  return reshape(y, [size, samples, ...y.shape.slice(1)]);
}

function oneByOne<I extends string>(
  args: Arguments<I, object>,
  names: readonly I[],
  batched: Readonly<Record<I, boolean>>,
  size: number,
  op: Apply<object>,
): Tensor {
  return sampleBySample(
    names.map((name) => args[name]),
    names.map((name) => batched[name]),
    size,
    (one) => op(one, {}),
  );
}

const byRowsOp = defineOp<Product>("sparseLinear", {
  inputs: ["values", "x", ...INDEX],
  kernel: "sparse_product",
  shape: ({ values, x, ...pattern }) => ({
    shape: withFeatures(x, rowsOf(pattern)),
    dtype: checkDTypes("sparseLinear", ["values", "x"], [values, x], "float"),
  }),
  params: ({ x, columns, ...pattern }) =>
    paramsOf(x, pattern.rowStarts.size - 1, pattern.columnStarts.size - 1, columns.size),
  buffers: ([values, x, rowStarts, columns], y) =>
    [values, x, rowStarts, columns, null, null, y] as (Tensor | null)[],
  vjp: {
    values: ({ dy, x, ...pattern }) => sampled(dy, x, pattern),
    x: ({ dy, values, ...pattern }) => byColumns(values, dy, pattern),
  },
  jvp: {
    values: ({ dvalues, x, ...pattern }) => byRows(dvalues, x, pattern),
    x: ({ dx, values, ...pattern }) => byRows(values, dx, pattern),
  },
  batch: productOfSamples,
});

/** y = x·wᵀ: x [B, columns] → [B, rows]. */
function byRows(values: Tensor, x: Tensor, pattern: Pattern): Tensor {
  return byRowsOp([values, x, ...indexOf(pattern)], {});
}

const byColumnsOp = defineOp<Product>("sparseLinearTransposed", {
  inputs: ["values", "x", ...INDEX],
  kernel: "sparse_product",
  shape: ({ values, x, ...pattern }) => ({
    shape: withFeatures(x, columnsOf(pattern)),
    dtype: checkDTypes("sparseLinear", ["values", "x"], [values, x], "float"),
  }),
  params: ({ x, columns, ...pattern }) =>
    paramsOf(x, pattern.columnStarts.size - 1, pattern.rowStarts.size - 1, columns.size),
  buffers: ([values, x, , , columnStarts, rowsInOrder, order], y) =>
    [values, x, columnStarts, rowsInOrder, order, null, y] as (Tensor | null)[],
  vjp: {
    values: ({ dy, x, ...pattern }) => sampled(x, dy, pattern),
    x: ({ dy, values, ...pattern }) => byRows(values, dy, pattern),
  },
  jvp: {
    values: ({ dvalues, x, ...pattern }) => byColumns(dvalues, x, pattern),
    x: ({ dx, values, ...pattern }) => byColumns(values, dx, pattern),
  },
  batch: productOfSamples,
});

/** y = x·w: x [B, rows] → [B, columns]. */
function byColumns(values: Tensor, x: Tensor, pattern: Pattern): Tensor {
  return byColumnsOp([values, x, ...indexOf(pattern)], {});
}

const sampledOp = defineOp<"a" | "x" | Index>("sparseLinearSlope", {
  inputs: ["a", "x", ...INDEX],
  kernel: "sparse_sampled",
  shape: ({ a, x, columns }) => ({
    shape: [...x.shape.slice(0, -2), columns.size],
    dtype: checkDTypes("sparseLinear", ["a", "x"], [a, x], "float"),
  }),
  params: ({ x, columns, ...pattern }) =>
    paramsOf(x, pattern.rowStarts.size - 1, pattern.columnStarts.size - 1, columns.size),
  buffers: ([a, x, rowStarts, columns], y) => [a, x, rowStarts, columns, y] as Tensor[],
  vjp: {
    a: ({ dy, x, ...pattern }) => byRows(dy, x, pattern),
    x: ({ dy, a, ...pattern }) => byColumns(dy, a, pattern),
  },
  jvp: {
    a: ({ da, x, ...pattern }) => sampled(da, x, pattern),
    x: ({ dx, a, ...pattern }) => sampled(a, dx, pattern),
  },
  batch: (args, { batched, size, op }) => {
    if (INDEX.some((name) => batched[name])) return oneByOne(args, ["a", "x", ...INDEX], batched, size, op);
    const { a, x } = args;
    return merged(op, [forEach(a, batched.a, size), forEach(x, batched.x, size)], indexOf(args));
  },
});

/** The elements of aᵀ·x where w has entries: a [B, rows], x [B, columns] → [entries]. */
function sampled(a: Tensor, x: Tensor, pattern: Pattern): Tensor {
  return sampledOp([a, x, ...indexOf(pattern)], {});
}

const affineOp = defineOp<Product | "bias">("sparseLinear", {
  inputs: ["values", "x", ...INDEX, "bias"],
  kernel: "sparse_product",
  shape: ({ values, x, bias, ...pattern }) => ({
    shape: withFeatures(x, rowsOf(pattern)),
    dtype: checkDTypes("sparseLinear", ["values", "x", "bias"], [values, x, bias], "float"),
  }),
  params: ({ x, columns, ...pattern }) =>
    paramsOf(x, pattern.rowStarts.size - 1, pattern.columnStarts.size - 1, columns.size),
  buffers: ([values, x, rowStarts, columns, , , , bias], y) =>
    [values, x, rowStarts, columns, null, bias, y] as (Tensor | null)[],
  vjp: {
    values: ({ dy, x, ...pattern }) => sampled(dy, x, pattern),
    x: ({ dy, values, ...pattern }) => byColumns(values, dy, pattern),
    bias: ({ dy, bias }) => sumTo(dy, bias.shape),
  },
  jvp: {
    values: ({ dvalues, x, ...pattern }) => byRows(dvalues, x, pattern),
    x: ({ dx, values, ...pattern }) => byRows(values, dx, pattern),
    bias: ({ dbias, y }) => expand(dbias, y.shape),
  },
  batch: (args, { batched, size, op }) => {
    const { values, x, bias } = args;
    const isShared = INDEX.every((name) => !batched[name]) && !batched.values && !batched.bias;
    if (isShared && x.rank === 3) {
      return byRow(x, (all) => op([values, all, ...indexOf(args), bias], {}));
    }
    const product = productOfSamples(args, { batched, size, op: byRowsOp });
    // [rows], or [S, rows] where each sample has its own, beside [S, …, B, rows].
    const line = batched.bias
      ? [size, ...new Array(product.rank - 2).fill(1), bias.shape[1] as number]
      : bias.shape;
    return add(product, reshape(bias, line));
  },
});

/** y = x·wᵀ + bias for x [B, columns]: [B, rows]. All fit each other. */
export function sparseProduct(
  values: Tensor,
  x: Tensor,
  bias: Tensor | null,
  pattern: SparsePattern,
): Tensor {
  return bias === null ? byRows(values, x, pattern) : affineOp([values, x, ...indexOf(pattern), bias], {});
}
