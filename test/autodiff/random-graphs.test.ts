// Random graphs of ops. Their gradients agree with central differences. Compiled, with any subset of the
// passes and any number of threads, they give the same as eagerly.
import process from "node:process";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import {
  checkGradients,
  compile,
  Generator,
  GraphError,
  nn,
  ops,
  optim,
  setThreads,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { PASSES, type PassName } from "../../lib/plan/index.js";
import { expectSame } from "../oracle/compare.js";

afterEach(() => setThreads(2));

// For other graphs, and more: THALWEG_GRAPHS_SEED=7 THALWEG_GRAPHS=1000 npx vitest run test/autodiff/random-graphs.test.ts
// The nightly run has a thousand, by a seed of the day's.
const RUNS = Number(process.env["THALWEG_GRAPHS"] ?? 250);
const SEED = Number(process.env["THALWEG_GRAPHS_SEED"] ?? 1);

/** Computes a value from one or two others of any shapes. `n` selects options such as an axis. */
type Step = (a: Tensor, b: Tensor, n: number) => Tensor;

const within = (x: Tensor): Tensor => ops.tanh(x);
const matrix = (x: Tensor): Tensor =>
  x.rank >= 2 ? ops.reshape(x, [-1, x.shape.at(-1) as number]) : ops.reshape(x, [1, x.size]);
const list = (x: Tensor): Tensor => ops.reshape(x, [x.size]);
const axisOf = (x: Tensor, n: number): number => n % x.rank;
const numbers = (count: number, below: number, n: number): Tensor =>
  tensor(
    Int32Array.from({ length: count }, (_, i) => (i * 7 + n) % below),
    { shape: [count] },
  );

/** b if it broadcasts with a, else its mean. */
function beside(a: Tensor, b: Tensor): Tensor {
  const fits = b.shape.every((size, d) => {
    const own = a.shape[a.rank - b.rank + d];
    return size === 1 || own === undefined || own === 1 || own === size;
  });
  return fits ? b : ops.mean(b);
}

/** b with as many columns as a. */
function asWideAs(a: Tensor, b: Tensor): Tensor {
  const columns = a.shape[1] as number;
  return ops.matmul(matrix(b), ops.expand(ops.mean(matrix(a)), [matrix(b).shape[1] as number, columns]));
}

/** A square matrix far from singular. */
function square(a: Tensor): Tensor {
  const x = within(matrix(a));
  const n = x.shape[0] as number;
  const eye = ops.diagonalMatrix(ops.expand(tensor(2 * n, { dtype: "float64" }), [n]));
  return ops.add(ops.matmul(x, x, { transposeB: true }), eye);
}

const STEPS: Readonly<Record<string, Step>> = {
  add: (a, b) => ops.add(a, beside(a, b)),
  sub: (a, b) => ops.sub(beside(a, b), a),
  mul: (a, b) => ops.mul(within(a), within(beside(a, b))),
  div: (a, b) => ops.div(a, ops.add(1.5, ops.square(within(beside(a, b))))),
  square: (a) => ops.square(within(a)),
  pow: (a) => ops.pow(ops.add(1.5, within(a)), 1.7),
  exp: (a) => ops.exp(within(a)),
  expm1: (a) => ops.expm1(within(a)),
  log: (a) => ops.log(ops.add(2, within(a))),
  sqrt: (a) => ops.sqrt(ops.add(2, within(a))),
  sin: (a) => ops.sin(a),
  atan2: (a, b) => ops.atan2(a, ops.add(2, within(beside(a, b)))),
  erf: (a) => ops.erf(a),
  tanh: (a) => ops.tanh(a),
  sigmoid: (a) => ops.sigmoid(a),
  relu: (a) => ops.relu(ops.add(a, 0.0625)),
  abs: (a) => ops.abs(ops.add(a, 0.03125)),
  maximum: (a, b) => ops.maximum(a, ops.add(0.1, beside(a, b))),
  where: (a, b) => ops.where(ops.greater(a, 0.2), a, ops.mul(0.5, beside(a, b))),
  clamp: (a) => ops.clamp(a, { min: -0.7, max: 0.9 }),
  floor: (a) => ops.sub(a, ops.mul(0.5, ops.floor(ops.add(a, 0.3)))),
  scale: (a, _, n) => ops.mul(a, (n % 5) - 2),
  sum: (a, _, n) => ops.mul(0.3, a.rank === 0 ? a : ops.sum(a, { dim: axisOf(a, n), keepdim: n % 2 === 0 })),
  mean: (a, _, n) =>
    n % 3 === 0 || a.rank === 0 ? ops.mean(a) : ops.mean(a, { dim: axisOf(a, n), keepdim: true }),
  prod: (a) => ops.prod(ops.add(1, ops.mul(0.2, within(a)))),
  variance: (a) => ops.variance(a, { correction: 0 }),
  norm: (a) => ops.norm(ops.add(within(a), 1.5)),
  logsumexp: (a, _, n) => (a.rank === 0 ? a : ops.logsumexp(a, { dim: axisOf(a, n) })),
  softmax: (a, _, n) => (a.rank === 0 ? a : ops.softmax(a, { dim: axisOf(a, n) })),
  logSoftmax: (a, _, n) => (a.rank === 0 ? a : ops.logSoftmax(a, { dim: axisOf(a, n) })),
  amax: (a, _, n) => (a.rank === 0 ? a : ops.amax(a, { dim: axisOf(a, n) })),
  cumsum: (a, _, n) => ops.cumsum(within(a), a.rank === 0 ? 0 : axisOf(a, n)),
  sort: (a) => ops.sort(a).values,
  transpose: (a) => ops.transpose(matrix(a), 0, 1),
  reshape: (a) => list(a),
  unsqueeze: (a) => (a.rank < 3 ? ops.unsqueeze(a, 0) : ops.reshape(a, [a.size])),
  concat: (a, b) => ops.concat([list(a), list(b)]),
  stack: (a) => (a.rank < 3 && a.size < 20 ? ops.stack([a, ops.neg(a)]) : a),
  slice: (a, _, n) =>
    a.rank === 0
      ? a
      : ops.slice(a, axisOf(a, n), { end: Math.max(1, (a.shape[axisOf(a, n)] as number) - 1) }),
  pad: (a, _, n) => (a.rank === 0 || a.size > 60 ? a : ops.pad(a, axisOf(a, n), 1, n % 2, 0.5)),
  flip: (a, _, n) => (a.rank === 0 ? a : ops.flip(a, axisOf(a, n))),
  indexSelect: (a, _, n) => {
    if (a.rank === 0) return a;
    const size = a.shape[axisOf(a, n)] as number;
    return ops.indexSelect(a, axisOf(a, n), numbers(size, size, n));
  },
  scatterAdd: (a, b, n) => ops.scatterAdd(list(a), 0, numbers(b.size, a.size, n), list(b)),
  diagonal: (a) => ops.diagonal(square(a)),
  matmul: (a, b) => ops.mul(0.3, ops.matmul(asWideAs(matrix(a), b), matrix(a), { transposeB: true })),
  gram: (a, _, n) =>
    ops.mul(0.2, ops.matmul(matrix(a), matrix(a), n % 2 === 0 ? { transposeA: true } : { transposeB: true })),
  linear: (a, b, n) => {
    const x = matrix(a);
    const w = asWideAs(x, b);
    const y = ops.addmm(ops.mean(w, { dim: 1 }), x, within(w), { transposeB: true });
    return [ops.tanh, ops.sigmoid, ops.sin][n % 3]?.(y) as Tensor;
  },
  bias: (a, b) => {
    const x = matrix(a);
    return ops.tanh(ops.add(ops.matmul(x, within(asWideAs(x, b)), { transposeB: true }), 0.25));
  },
  solve: (a, b) => ops.solve(square(a), ops.expand(ops.mean(b), [matrix(a).shape[0] as number, 2])),
  cholesky: (a) => ops.cholesky(square(a)),
  logdet: (a) => ops.logdet(square(a)),
  crossEntropy: (a, _, n) => {
    const [rows, classes] = matrix(a).shape as [number, number];
    return ops.crossEntropy(matrix(a), numbers(rows, classes, n));
  },
  detach: (a, b) => ops.add(a, ops.detach(beside(a, b))),
};
const NAMES = Object.keys(STEPS);
const MOST = 64; // elements; a larger value is averaged over its first axis

interface Graph {
  readonly shapes: readonly (readonly number[])[];
  readonly steps: readonly {
    readonly name: string;
    readonly a: number;
    readonly b: number;
    readonly n: number;
  }[];
  readonly seed: number;
}

/** The weighted sum of the last values, like a cost of several terms. */
function evaluate({ steps }: Graph, inputs: readonly Tensor[]): Tensor {
  const values = [...inputs];
  const at = (i: number): Tensor => values[values.length - 1 - (i % Math.min(values.length, 5))] as Tensor;
  for (const { name, a, b, n } of steps) {
    const y = (STEPS[name] as Step)(at(a), at(b), n);
    values.push(y.size > MOST ? ops.mean(y, { dim: 0 }) : y);
  }
  return values
    .slice(-3)
    .map((value, i) => ops.mul(ops.sum(ops.sin(value)), i + 0.5))
    .reduce((sum, term) => ops.add(sum, term));
}

const inputsOf = ({ shapes, seed }: Graph): Tensor[] => {
  const random = new Generator(seed);
  return shapes.map((shape) => random.normal(shape, { dtype: "float64" }));
};

const graphs: fc.Arbitrary<Graph> = fc.record({
  shapes: fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 0, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  }),
  steps: fc.array(fc.record({ name: fc.constantFrom(...NAMES), a: fc.nat(4), b: fc.nat(4), n: fc.nat(9) }), {
    minLength: 2,
    maxLength: 14,
  }),
  seed: fc.integer({ min: 0, max: 1e6 }),
});
const settings = { numRuns: RUNS, seed: SEED };

test("gradients agree with central differences", { timeout: 120_000 }, () => {
  let kinks = 0;
  const drawn = new Set<string>();
  fc.assert(
    fc.property(graphs, (graph) => {
      for (const { name } of graph.steps) drawn.add(name);
      const f = (...inputs: Tensor[]): Tensor => evaluate(graph, inputs);
      // Differences cannot account for detach().
      if (graph.steps.some(({ name }) => name === "detach")) return;
      try {
        checkGradients(f, inputsOf(graph), { rtol: 1e-4, atol: 1e-6, seed: graph.seed });
      } catch (error) {
        if (!(error instanceof GraphError && error.message.includes("is at a kink"))) throw error;
        kinks++;
      }
    }),
    settings,
  );
  // Random kinks are rare: the test must not pass because most graphs are refused.
  expect(kinks).toBeLessThan(RUNS / 20);
  expect(drawn.size).toBe(NAMES.length);
});

const OPTIMIZERS = [
  (parameters: Tensor[]) => new optim.SGD(parameters, { lr: 0.01 }),
  (parameters: Tensor[]) => new optim.SGD(parameters, { lr: 0.01, momentum: 0.9, weightDecay: 0.1 }),
  (parameters: Tensor[]) => new optim.Adam(parameters, { lr: 0.01 }),
];

interface Trained {
  readonly losses: readonly Tensor[];
  readonly parameters: readonly Tensor[];
}

/** Two steps of descent. The parameters are the graph's inputs except the first. */
function train(graph: Graph, passes: readonly PassName[] | null): Trained {
  const [x, ...others] = inputsOf(graph) as [Tensor, ...Tensor[]];
  const parameters = [...others, ops.mul(0.5, x)].map((value) => new nn.Parameter(value));
  const make = OPTIMIZERS[graph.seed % OPTIMIZERS.length] as (typeof OPTIMIZERS)[number];
  const optimizer = make(parameters);
  const step = (input: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = evaluate(graph, [input, ...parameters]);
    if (loss.requiresGrad) {
      loss.backward();
      optimizer.step();
    }
    return loss;
  };
  const run = passes === null ? step : compile(step, { passes });
  return { losses: [run(x), run(x)], parameters };
}

test("compiled, with any passes and threads, they train as eagerly", { timeout: 240_000 }, () => {
  fc.assert(
    fc.property(graphs, fc.subarray([...PASSES]), (graph, some) => {
      const expected = train(graph, null);
      for (const [threads, passes] of [
        [1, PASSES],
        [2, some],
        [1 + (graph.seed % 2), []],
      ] as const) {
        setThreads(threads);
        const found = train(graph, passes);
        const what = `${threads} threads, passes ${passes.join(", ")}`;
        expected.losses.forEach((loss, i) => {
          expectSame(found.losses[i], loss, `loss ${i}, ${what}`, { rtol: 1e-9, atol: 1e-11 });
        });
        expected.parameters.forEach((parameter, i) => {
          expectSame(found.parameters[i], parameter, `parameter ${i}, ${what}`, { rtol: 1e-8, atol: 1e-10 });
        });
      }
    }),
    settings,
  );
});
