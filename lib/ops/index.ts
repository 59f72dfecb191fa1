export { abs } from "./abs.js";
export { add } from "./add.js";
export { type AddmmOptions, addmm } from "./addmm.js";
export { all } from "./all.js";
export { amax } from "./amax.js";
export { amin } from "./amin.js";
export { any } from "./any.js";
export { argmax } from "./argmax.js";
export { argmin } from "./argmin.js";
export { crossEntropy } from "./cross-entropy.js";
export {
  type Apply,
  defineOp,
  type LinearDefinition,
  linear,
  type OpDefinition,
} from "./define.js";
export { detach } from "./detach.js";
export { div } from "./div.js";
export { type ElementwiseDefinition, elementwise } from "./elementwise.js";
export { equal } from "./equal.js";
export { exp } from "./exp.js";
export { expand } from "./expand.js";
export { flatten } from "./flatten.js";
export { gather } from "./gather.js";
export { greater } from "./greater.js";
export { greaterEqual } from "./greater-equal.js";
export { heaviside } from "./heaviside.js";
export { indexAdd } from "./index-add.js";
export { indexSelect } from "./index-select.js";
export { isFinite } from "./is-finite.js";
export { less } from "./less.js";
export { lessEqual } from "./less-equal.js";
export { log } from "./log.js";
export { logSoftmax } from "./log-softmax.js";
export { logicalAnd } from "./logical-and.js";
export { logicalNot } from "./logical-not.js";
export { logicalOr } from "./logical-or.js";
export { logsumexp } from "./logsumexp.js";
export { type MatmulOptions, matmul } from "./matmul.js";
export { maximum } from "./maximum.js";
export { mean } from "./mean.js";
export { minimum } from "./minimum.js";
export { mul } from "./mul.js";
export { neg } from "./neg.js";
export { notEqual } from "./not-equal.js";
export { oneHot } from "./one-hot.js";
export type { Operand } from "./operand.js";
export { permute } from "./permute.js";
export { pow } from "./pow.js";
export { reciprocal } from "./reciprocal.js";
export type { ReduceOneOptions, ReduceOptions } from "./reduce.js";
export { relu } from "./relu.js";
export { reshape } from "./reshape.js";
export type { DimOptions } from "./rows.js";
export { scatterAdd } from "./scatter-add.js";
export { sigmoid } from "./sigmoid.js";
export { sign } from "./sign.js";
export { softmax } from "./softmax.js";
export { sqrt } from "./sqrt.js";
export { square } from "./square.js";
export { squeeze } from "./squeeze.js";
export { sub } from "./sub.js";
export { sum } from "./sum.js";
export { tanh } from "./tanh.js";
export { to } from "./to.js";
export { transpose } from "./transpose.js";
export { unsqueeze } from "./unsqueeze.js";
export { where } from "./where.js";
