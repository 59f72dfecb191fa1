import { ones, ops, type Tensor, tensor, zeros } from "../../lib/index.js";

export interface Forward {
  readonly run: (x: Tensor) => Tensor;
  /** Of a sample input: a batch of 2. */
  readonly shape: readonly number[];
  /** The batches to run it with. Default: 1, 2, 7. */
  readonly batches?: readonly number[];
}

/** Functions of a batch that need its size in one way or another. */
export const FORWARDS: Readonly<Record<string, Forward>> = {
  "flattening and unflattening": { run: (x) => ops.reshape(x.flatten(1), [-1, 4, 3]), shape: [2, 3, 4] },
  "a reshape that mixes the batch with another axis": {
    run: (x) => ops.reshape(x, [-1, 3]),
    shape: [2, 2, 3],
  },
  "a batch in the middle": { run: (x) => ops.reshape(ops.permute(x, [1, 0, 2]), [3, -1]), shape: [2, 3, 4] },
  "two axes that depend on the batch": {
    run: (x) => ops.matmul(x, x, { transposeB: true }).reshape([x.shape[0] as number, 1, -1]),
    shape: [2, 3],
  },
  "the mean over the batch": { run: (x) => ops.sub(x, ops.mean(x, { dim: 0 })), shape: [2, 3] },
  "the mean of all": { run: (x) => ops.mean(x), shape: [2, 3] },
  "the size itself": { run: (x) => ops.mul(x, x.shape[0] as number), shape: [2, 3] },
  "half of the size": { run: (x) => ops.mul(x, (x.shape[0] as number) / 2), shape: [2, 3] },
  "one and a half times the size and 1": {
    run: (x) => ops.mul(x, 1 + ((x.shape[0] as number) * 3) / 2),
    shape: [2, 3],
  },
  "two by the size": { run: (x) => ops.mul(x, 2 / (x.shape[0] as number)), shape: [2, 3] },
  "zeros of the batch's size": {
    run: (x) => ops.concat([x, zeros([x.shape[0] as number, 2])], 1),
    shape: [2, 3],
  },
  "a constant repeated for each sample": {
    run: (x) => ops.add(x, ops.expand(tensor([1, 2, 3]), [x.shape[0] as number, 3])),
    shape: [2, 3],
  },
  "a cumulative sum over the batch": { run: (x) => ops.cumsum(x, 0), shape: [2, 3] },
  "numbers of samples": {
    run: (x) => ops.mul(x, ops.sub(ops.cumsum(ones([x.shape[0] as number, 1]), 0), 1)),
    shape: [2, 3],
  },
  "softmax over the batch": { run: (x) => ops.softmax(x, { dim: 0 }), shape: [2, 3] },
  "the batch the other way round": { run: (x) => ops.flip(x, 0), shape: [2, 3] },
  "all samples but the last": {
    run: (x) => ops.concat([ops.slice(x, 0, { end: -1 }), x], 0),
    shape: [2, 3],
  },
  "the first half of the samples": {
    run: (x) => ops.slice(x, 0, { end: Math.floor((x.shape[0] as number) / 2) }),
    shape: [2, 3],
    batches: [2, 3, 7],
  },
  "pairs of samples": {
    run: (x) => ops.sum(ops.reshape(x, [-1, 2, 3]), { dim: 1 }),
    shape: [2, 3],
    batches: [2, 4, 8],
  },
  "the first five samples": { run: (x) => ops.slice(x, 0, { end: 5 }), shape: [2, 3] },
  "an axis of one that grows": {
    run: (x) => ops.add(ops.expand(ones([1, 3]), x.shape), x),
    shape: [1, 3],
  },
  "attention over the samples' positions": {
    run: (x) => ops.matmul(ops.softmax(ops.matmul(x, x, { transposeB: true })), x),
    shape: [2, 5, 4],
  },
  "stacks of stacks of matrices": {
    run: (x) => ops.matmul(x, ops.permute(x, [0, 1, 3, 2])),
    shape: [2, 2, 3, 4],
  },
  einsum: { run: (x) => ops.einsum("bij,bkj->bik", [x, x]), shape: [2, 3, 4] },
  "a sorted axis": { run: (x) => ops.sort(x, { dim: 0 }).values, shape: [2, 3] },
  "the largest of the batch": { run: (x) => ops.amax(x, { dim: 0, keepdim: true }), shape: [2, 3] },
  "a triangle of each": { run: (x) => ops.tril(x), shape: [2, 3, 3] },
};
