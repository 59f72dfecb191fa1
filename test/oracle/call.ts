import { ops, type Tensor } from "../../lib/index.js";
import type { OpRow } from "./read.js";

// Each row has the options that its op takes.
// biome-ignore lint/suspicious/noExplicitAny: they are as many kinds as there are ops
type Options = Readonly<Record<string, any>>;
type Inputs = Readonly<Record<string, Tensor>>;
type Call = (inputs: Inputs, options: Options) => Tensor;

/** Ops whose further arguments are not one object of options at the end. */
const CALLS: Readonly<Record<string, Call>> = {
  reshape: ({ x }, { shape }) => ops.reshape(x as Tensor, shape),
  expand: ({ x }, { shape }) => ops.expand(x as Tensor, shape),
  flatten: ({ x }, { startDim, endDim }) => ops.flatten(x as Tensor, startDim, endDim),
  permute: ({ x }, { dims }) => ops.permute(x as Tensor, dims),
  transpose: ({ x }, { dim0, dim1 }) => ops.transpose(x as Tensor, dim0, dim1),
  unsqueeze: ({ x }, { dim }) => ops.unsqueeze(x as Tensor, dim),
  gather: ({ x, index }, { dim }) => ops.gather(x as Tensor, dim, index as Tensor),
  scatterAdd: ({ x, index, src }, { dim }) =>
    ops.scatterAdd(x as Tensor, dim, index as Tensor, src as Tensor),
  scatter: ({ x, index, src }, { dim }) => ops.scatter(x as Tensor, dim, index as Tensor, src as Tensor),
  indexSelect: ({ x, index }, { dim }) => ops.indexSelect(x as Tensor, dim, index as Tensor),
  indexAdd: ({ x, index, src }, { dim }) => ops.indexAdd(x as Tensor, dim, index as Tensor, src as Tensor),
  slice: ({ x }, { dim, ...options }) => ops.slice(x as Tensor, dim, options),
  pad: ({ x }, { dim, before, after, value }) => ops.pad(x as Tensor, dim, before, after, value),
  flip: ({ x }, { dims }) => ops.flip(x as Tensor, dims),
  repeat: ({ x }, { counts }) => ops.repeat(x as Tensor, counts),
  cumsum: ({ x }, { dim }) => ops.cumsum(x as Tensor, dim),
  sort: ({ x }, options) => ops.sort(x as Tensor, options).values,
  topk: ({ x }, { k, ...options }) => ops.topk(x as Tensor, k, options).values,
  max: ({ x }, options) => ops.max(x as Tensor, options as ops.ExtremeOptions).values,
  min: ({ x }, options) => ops.min(x as Tensor, options as ops.ExtremeOptions).values,
  leakyRelu: ({ x }, { negativeSlope }) => ops.leakyRelu(x as Tensor, negativeSlope),
  hardtanh: ({ x }, { low, high }) => ops.hardtanh(x as Tensor, low, high),
  elu: ({ x }, { alpha }) => ops.elu(x as Tensor, alpha),
  celu: ({ x }, { alpha }) => ops.celu(x as Tensor, alpha),
  hardshrink: ({ x }, { lambda }) => ops.hardshrink(x as Tensor, lambda),
  softshrink: ({ x }, { lambda }) => ops.softshrink(x as Tensor, lambda),
  threshold: ({ x }, { limit, value }) => ops.threshold(x as Tensor, limit, value),
  glu: ({ x }, { dim }) => ops.glu(x as Tensor, dim),
  slogdet: ({ x }) => ops.slogdet(x as Tensor).logabsdet,
  concat: (inputs, { dim }) => ops.concat(Object.values(inputs), dim),
  stack: (inputs, { dim }) => ops.stack(Object.values(inputs), dim),
  split: ({ x }, { sizes, dim, piece }) => ops.split(x as Tensor, sizes, dim).at(piece) as Tensor,
  einsum: (inputs, { equation }) => ops.einsum(equation, Object.values(inputs)),
  oneHot: ({ index }, { numClasses }) => ops.oneHot(index as Tensor, numClasses),
};

/** Calls the op of a row with inputs in the row's order. */
export function callOp(row: OpRow, inputs: readonly Tensor[]): Tensor {
  const names = Object.keys(row.inputs);
  const own = CALLS[row.op];
  if (own !== undefined) {
    return own(
      Object.fromEntries(names.map((name, i) => [name, inputs[i] as Tensor])),
      row.options as Options,
    );
  }
  const op = (ops as unknown as Record<string, ((...args: unknown[]) => Tensor) | undefined>)[row.op];
  if (op === undefined) throw new Error(`the oracle has ${row.op}, which ops lacks`);
  return Object.keys(row.options).length === 0 ? op(...inputs) : op(...inputs, row.options);
}
