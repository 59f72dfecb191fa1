// The products of a loop read the samples of a step directly from the data set. The results have the same bits as the
// same steps with copies of the samples.
import { afterEach, describe, expect, test } from "vitest";
import {
  compile,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  setThreads,
  type Tensor,
  tensor,
} from "../../lib/index.js";

type Model = (x: Tensor, w: Tensor) => Tensor;

/** Models that use x in products in different ways, each with the shape of w for the numbers of inputs and outputs. */
const MODELS: Readonly<
  Record<string, { model: Model; shape: (inputs: number, outputs: number) => number[] }>
> = {
  "x · wᵀ": { model: (x, w) => ops.matmul(x, w, { transposeB: true }), shape: (n, m) => [m, n] },
  "x · w": { model: (x, w) => ops.matmul(x, w), shape: (n, m) => [n, m] },
  "w · xᵀ": { model: (x, w) => ops.matmul(w, x, { transposeB: true }), shape: (n, m) => [m, n] },
  "relu(x · wᵀ + b)": {
    model: (x, w) => ops.relu(ops.addmm(ops.sum(w, { dim: 1 }), x, w, { transposeB: true })),
    shape: (n, m) => [m, n],
  },
  "(x · xᵀ) · x · wᵀ": {
    model: (x, w) =>
      ops.matmul(ops.matmul(ops.matmul(x, x, { transposeB: true }), x), w, { transposeB: true }),
    shape: (n, m) => [m, n],
  },
  "x · wᵀ, and x beside": {
    model: (x, w) => ops.mul(ops.matmul(x, w, { transposeB: true }), ops.mean(x)),
    shape: (n, m) => [m, n],
  },
};

const SIZES: readonly (readonly [batch: number, inputs: number, outputs: number])[] = [
  [1, 1, 1],
  [1, 33, 7],
  [2, 1, 3],
  [3, 50, 40],
  [5, 7, 1],
  [16, 31, 16],
  [17, 64, 33],
  [33, 100, 10],
  [40, 1024, 17],
  [64, 45, 100],
  [130, 200, 70],
];

const STEPS = 3;
const SAMPLES = 150;

function steps(model: Model, shape: readonly number[], dtype: "float32" | "float64") {
  manualSeed(3);
  const start = new Generator(5).normal(shape, { dtype });
  const w = new nn.Parameter(ops.mul(start, 0.1));
  const sgd = new optim.SGD([w], { lr: 1e-3 });
  const step = compile((x: Tensor) => {
    const loss = ops.mean(ops.square(model(x, w)));
    sgd.zeroGrad();
    loss.backward();
    sgd.step();
    return loss;
  });
  return { w, step };
}

const bits = (tensor: Tensor) => Buffer.from(tensor.data.slice().buffer).toString("hex");

afterEach(() => setThreads(2));

describe.each(["float32", "float64"] as const)("in %s, a loop and single steps agree to the bit", (dtype) => {
  test.each(Object.keys(MODELS))("%s", (name) => {
    const { model, shape } = MODELS[name] as (typeof MODELS)[string];
    for (const [batch, inputs, outputs] of SIZES) {
      const data = new Generator(9).normal([SAMPLES, inputs], { dtype });
      const order = Int32Array.from({ length: STEPS * batch }, (_, i) => (i * 61 + 7) % SAMPLES);
      const expected = steps(model, shape(inputs, outputs), dtype);
      const losses: number[] = [];
      for (let s = 0; s < STEPS; s++) {
        const rows = tensor(order.slice(s * batch, (s + 1) * batch));
        losses.push((expected.step(ops.indexSelect(data, 0, rows)) as Tensor).item());
      }
      for (const threads of [1, 2, 3]) {
        setThreads(threads);
        const found = steps(model, shape(inputs, outputs), dtype);
        const log = found.step.loop([data], tensor(order), batch);
        expect([...log.data], `${batch} × ${inputs} → ${outputs}, ${threads} threads`).toEqual(losses);
        expect(bits(found.w)).toBe(bits(expected.w));
      }
    }
  });
});
