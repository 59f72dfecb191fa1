import { type BackwardOptions, backward } from "./autodiff/backward.js";
import * as ops from "./ops/index.js";
import type { DType } from "./tensor/dtype.js";
import type { Shape } from "./tensor/shape.js";
import { Tensor } from "./tensor/tensor.js";

// Methods are the ops of the same names with the tensor as their first input.
declare module "./tensor/tensor.js" {
  interface Tensor {
    abs(): Tensor;
    exp(): Tensor;
    log(): Tensor;
    neg(): Tensor;
    acos(): Tensor;
    acosh(): Tensor;
    asin(): Tensor;
    asinh(): Tensor;
    atan(): Tensor;
    atanh(): Tensor;
    ceil(): Tensor;
    cos(): Tensor;
    cosh(): Tensor;
    erf(): Tensor;
    erfc(): Tensor;
    exp2(): Tensor;
    expm1(): Tensor;
    floor(): Tensor;
    log10(): Tensor;
    log1p(): Tensor;
    log2(): Tensor;
    round(): Tensor;
    rsqrt(): Tensor;
    sin(): Tensor;
    sinh(): Tensor;
    tan(): Tensor;
    trunc(): Tensor;
    reciprocal(): Tensor;
    relu(): Tensor;
    sigmoid(): Tensor;
    sign(): Tensor;
    sqrt(): Tensor;
    square(): Tensor;
    tanh(): Tensor;
    add(b: ops.Operand): Tensor;
    sub(b: ops.Operand): Tensor;
    mul(b: ops.Operand): Tensor;
    div(b: ops.Operand): Tensor;
    pow(b: ops.Operand): Tensor;
    maximum(b: ops.Operand): Tensor;
    minimum(b: ops.Operand): Tensor;
    equal(b: ops.Operand): Tensor;
    notEqual(b: ops.Operand): Tensor;
    less(b: ops.Operand): Tensor;
    lessEqual(b: ops.Operand): Tensor;
    greater(b: ops.Operand): Tensor;
    greaterEqual(b: ops.Operand): Tensor;
    sum(options?: ops.ReduceOptions): Tensor;
    mean(options?: ops.ReduceOptions): Tensor;
    amax(options?: ops.ReduceOptions): Tensor;
    amin(options?: ops.ReduceOptions): Tensor;
    any(options?: ops.ReduceOptions): Tensor;
    all(options?: ops.ReduceOptions): Tensor;
    logsumexp(options?: ops.ReduceOptions): Tensor;
    argmax(options?: ops.ReduceOneOptions): Tensor;
    argmin(options?: ops.ReduceOneOptions): Tensor;
    softmax(options?: ops.DimOptions): Tensor;
    logSoftmax(options?: ops.DimOptions): Tensor;
    matmul(b: Tensor, options?: ops.MatmulOptions): Tensor;
    reshape(shape: Shape): Tensor;
    flatten(startDim?: number, endDim?: number): Tensor;
    permute(dims: readonly number[]): Tensor;
    transpose(dim0: number, dim1: number): Tensor;
    expand(shape: Shape): Tensor;
    squeeze(options?: { readonly dim?: number | readonly number[] }): Tensor;
    unsqueeze(dim: number): Tensor;
    gather(dim: number, index: Tensor): Tensor;
    indexSelect(dim: number, index: Tensor): Tensor;
    to(dtype: DType): Tensor;
    /** The same memory as a tensor that no gradient flows through. */
    detach(): Tensor;
    /** Backpropagation from this tensor: see `backward`. */
    backward(options?: BackwardOptions): void;
  }
}

const methods = {
  backward,
  abs: ops.abs,
  add: ops.add,
  all: ops.all,
  amax: ops.amax,
  amin: ops.amin,
  any: ops.any,
  argmax: ops.argmax,
  argmin: ops.argmin,
  detach: ops.detach,
  div: ops.div,
  equal: ops.equal,
  exp: ops.exp,
  expand: ops.expand,
  flatten: ops.flatten,
  gather: ops.gather,
  greater: ops.greater,
  greaterEqual: ops.greaterEqual,
  indexSelect: ops.indexSelect,
  less: ops.less,
  lessEqual: ops.lessEqual,
  log: ops.log,
  logSoftmax: ops.logSoftmax,
  logsumexp: ops.logsumexp,
  matmul: ops.matmul,
  maximum: ops.maximum,
  mean: ops.mean,
  minimum: ops.minimum,
  mul: ops.mul,
  neg: ops.neg,
  acos: ops.acos,
  acosh: ops.acosh,
  asin: ops.asin,
  asinh: ops.asinh,
  atan: ops.atan,
  atanh: ops.atanh,
  ceil: ops.ceil,
  cos: ops.cos,
  cosh: ops.cosh,
  erf: ops.erf,
  erfc: ops.erfc,
  exp2: ops.exp2,
  expm1: ops.expm1,
  floor: ops.floor,
  log10: ops.log10,
  log1p: ops.log1p,
  log2: ops.log2,
  round: ops.round,
  rsqrt: ops.rsqrt,
  sin: ops.sin,
  sinh: ops.sinh,
  tan: ops.tan,
  trunc: ops.trunc,
  notEqual: ops.notEqual,
  permute: ops.permute,
  pow: ops.pow,
  reciprocal: ops.reciprocal,
  relu: ops.relu,
  reshape: ops.reshape,
  sigmoid: ops.sigmoid,
  sign: ops.sign,
  softmax: ops.softmax,
  sqrt: ops.sqrt,
  square: ops.square,
  squeeze: ops.squeeze,
  sub: ops.sub,
  sum: ops.sum,
  tanh: ops.tanh,
  to: ops.to,
  transpose: ops.transpose,
  unsqueeze: ops.unsqueeze,
};

for (const [name, op] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]): unknown {
      return (op as (x: Tensor, ...rest: unknown[]) => unknown)(this, ...rest);
    },
    configurable: true,
    writable: true,
  });
}

export { Tensor };
