import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { writeRows } from "../../lib/eager/write-rows.js";
import {
  compile,
  cost,
  Generator,
  ops,
  optim,
  setThreads,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { EXACT_PASSES, PASSES, type PassName } from "../../lib/plan/index.js";
import { expectClose, numbers } from "./program.js";

const COLUMNS = 5;

/** A step computes a value from the values before it. All values are [rows, 5]. */
type Op = (pick: (at: number) => Tensor, world: World) => Tensor;
interface World {
  readonly weights: readonly Tensor[];
  readonly generator: Generator;
  readonly optimizers: readonly { step(): void }[];
  readonly labels: Tensor;
  readonly table: Tensor;
}

const OPS: Readonly<Record<string, Op>> = {
  add: (pick) => ops.add(pick(0), pick(1)),
  sub: (pick) => ops.sub(1, pick(0)),
  mul: (pick) => ops.mul(pick(0), pick(1)),
  half: (pick) => ops.mul(pick(0), 0.5),
  square: (pick) => ops.square(ops.tanh(pick(0))),
  relu: (pick) => ops.relu(pick(0)),
  tanh: (pick) => ops.tanh(pick(0)),
  sigmoid: (pick) => ops.sigmoid(pick(0)),
  heaviside: (pick) => ops.heaviside(pick(0)),
  where: (pick) => ops.where(ops.less(pick(0), pick(1)), pick(1), pick(2)),
  cast: (pick) => ops.to(ops.greater(pick(0), 0), "float64"),
  mean: (pick) => ops.add(pick(0), ops.mean(pick(1))),
  rows: (pick) => ops.sub(pick(0), ops.mean(pick(0), { dim: 1, keepdim: true })),
  columns: (pick) => ops.mul(pick(0), ops.sum(ops.tanh(pick(1)), { dim: 0 })),
  softmax: (pick) => ops.softmax(pick(0)),
  permute: (pick) =>
    ops.transpose(ops.reshape(ops.transpose(pick(0), 0, 1), [COLUMNS, pick(0).shape[0] as number]), 0, 1),
  constant: (pick) => ops.mul(pick(0), ops.exp(zeros([pick(0).shape[0] as number, 1], { dtype: "float64" }))),
  weight: (pick, { weights }) => ops.matmul(ops.tanh(pick(0)), weights[0] as Tensor),
  weights: (pick, { weights }) =>
    ops.matmul(ops.tanh(pick(0)), ops.matmul(weights[0] as Tensor, weights[1] as Tensor), {
      transposeB: true,
    }),
  layer: (pick, { weights }) => ops.relu(ops.matmul(ops.sigmoid(pick(0)), weights[1] as Tensor)),
  slope: (pick, { weights }) =>
    ops.mul(ops.matmul(ops.tanh(pick(0)), weights[1] as Tensor), ops.heaviside(pick(1))),
  draw: (pick, { generator }) =>
    ops.add(pick(0), generator.uniform(pick(0).shape, { dtype: "float64", low: -1 })),
  gather: (pick, { labels }) => ops.indexSelect(ops.tanh(pick(0)), 0, labels),
  scatter: (pick, { labels }) => ops.indexAdd(pick(0), 0, labels, ops.tanh(pick(1))),
  table: (pick, { labels, table }) => ops.add(pick(0), ops.indexSelect(table, 0, labels)),
  write: (pick, { labels, table }) => {
    writeRows("write", table, labels, ops.detach(ops.sigmoid(pick(0))));
    return ops.sub(pick(1), ops.mean(table, { dim: 0 }));
  },
};

/** One training step on the computed value, by either optimizer, with the cost or the sum of squares as loss. */
const train = (value: Tensor, { weights, optimizers, labels }: World, which: number): Tensor => {
  for (const w of weights) w.grad = null;
  const scores = ops.matmul(ops.tanh(value), weights[1] as Tensor);
  const loss =
    which % 2 === 0
      ? cost.crossEntropy(scores, labels)
      : ops.mean(ops.square(ops.matmul(scores, weights[0] as Tensor)));
  loss.backward();
  optimizers[which % optimizers.length]?.step();
  for (const w of weights) w.grad = null;
  return ops.add(value, loss);
};

interface Recipe {
  readonly steps: readonly {
    readonly op: string;
    readonly from: readonly number[];
    readonly train: number | null;
  }[];
  readonly results: readonly number[];
}

/** A function with its own state. The same recipe gives the same function. */
function make({ steps, results }: Recipe, rows: number): (x: Tensor) => Tensor[] {
  const generator = new Generator(9);
  const weights = [0, 1].map(() => {
    const w = generator.uniform([COLUMNS, COLUMNS], { dtype: "float64", low: -0.5, high: 0.5 });
    w.requiresGrad = true;
    return w;
  });
  const world: World = {
    weights,
    generator,
    labels: tensor(new Int32Array(rows).map((_, i) => (i * 7) % COLUMNS)),
    table: generator.uniform([COLUMNS + 1, COLUMNS], { dtype: "float64" }),
    optimizers: [
      new optim.SGD(weights, { lr: 0.125 }),
      new optim.SGD(weights, { lr: 0.0625, momentum: 0.5, dampening: 0.25 }),
      new optim.Adam(weights, { lr: 0.01 }),
    ],
  };
  return (x) => {
    const values = [x];
    for (const { op, from, train: which } of steps) {
      const pick = (at: number): Tensor => values[(from[at] as number) % values.length] as Tensor;
      const value = (OPS[op] as Op)(pick, world);
      values.push(which === null ? value : train(ops.detach(value), world, which));
    }
    return [...results.map((at) => values[at % values.length] as Tensor), ...weights.map((w) => ops.neg(w))];
  };
}

const recipes: fc.Arbitrary<Recipe> = fc.record({
  steps: fc.array(
    fc.record({
      op: fc.constantFrom(...Object.keys(OPS)),
      from: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
      train: fc.option(fc.nat(5), { freq: 8 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  results: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
});
// The larger is large enough for a team of threads.
const size = fc.constantFrom(6, 1500);

afterAll(() => setThreads(2));

test.each<[string, readonly PassName[], number]>([
  ["the same bits with any of the passes that change no bit", EXACT_PASSES, 0],
  ["the same up to rounding with any of the passes", PASSES, 1e-12],
])("gives %s, on random graphs", { timeout: 120_000 }, (_, passes, tolerance) => {
  fc.assert(
    fc.property(
      recipes,
      fc.subarray([...passes]),
      size,
      fc.constantFrom(1, 2),
      (recipe, subset, rows, threads) => {
        setThreads(threads);
        const x = new Generator(1).normal([rows, COLUMNS], { dtype: "float64" });
        const eager = make(recipe, rows);
        const compiled = compile(make(recipe, rows), { passes: subset });
        for (let run = 0; run < 2; run++) {
          const expected = numbers(eager(x));
          const actual = numbers(compiled(x));
          expected.forEach((values, k) => {
            expectClose(actual[k] as number[], values, tolerance);
          });
          expect(actual.length).toBe(expected.length);
        }
      },
    ),
    { seed: 20, numRuns: 400 },
  );
});
