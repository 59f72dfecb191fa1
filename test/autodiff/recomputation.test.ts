import { describe, expect, test } from "vitest";
import {
  checkpoint,
  compile,
  Generator,
  GraphError,
  grad,
  manualSeed,
  nn,
  ones,
  ops,
  perSampleGradients,
  rand,
  type Tensor,
  tensor,
  vmap,
} from "../../lib/index.js";

const generator = new Generator(5);
const negative = (): Tensor => tensor([-1, -2, -3, -4, -5, -6, -7, -8], { requiresGrad: true });

const LAYERS: [string, (x: Tensor) => Tensor][] = [
  ["Dropout", (x) => new nn.Dropout(0.5).forward(x)],
  ["AlphaDropout", (x) => new nn.AlphaDropout(0.5).forward(x)],
  ["RReLU", (x) => new nn.RReLU(0.1, 0.9).forward(x)],
  ["numbers of a generator", (x) => ops.mul(x, generator.normal([8]))],
  ["two draws", (x) => new nn.Dropout(0.5).forward(ops.mul(x, rand([8])))],
  [
    "a checkpoint in it",
    (x) => checkpoint((z: Tensor) => new nn.RReLU(0.1, 0.9).forward(z), ops.mul(x, rand([8]))),
  ],
];

describe.each(LAYERS)("a checkpoint around %s", (name, layer) => {
  /** y = a·x + c with random a, and dx = a: y and dx must have the same a. c is 0, but for two numbers of AlphaDropout. */
  const agree = (x: Tensor, y: Tensor, dx: Tensor): void => {
    const offsets = new Map<number, number>();
    ops.sub(y, ops.mul(dx, x)).data.forEach((offset, i) => {
      const a = dx.data[i] as number;
      const expected = name === "AlphaDropout" ? (offsets.get(a) ?? offset) : 0;
      offsets.set(a, expected);
      expect(offset).toBeCloseTo(expected, 4);
    });
  };

  test("computes the gradient with the same random numbers as the value", () => {
    const x = negative();
    const y = checkpoint(layer, x);
    y.sum().backward();
    agree(x, y, x.grad as Tensor);
    expect(new Set(y.data).size).toBeGreaterThan(1);
  });

  test("gives the same as without a checkpoint", () => {
    const run = (saves: boolean): number[][] => {
      manualSeed(7);
      generator.seed(7);
      const x = negative();
      const y = saves ? checkpoint(layer, x) : layer(x);
      y.sum().backward();
      return [y, x.grad as Tensor, rand([3])].map((t) => [...t.data]);
    };
    expect(run(true)).toEqual(run(false));
  });

  test("does so in a compiled function, with new numbers in each run", () => {
    const x = negative();
    const step = compile(() => {
      x.grad = null;
      const y = checkpoint(layer, x);
      y.sum().backward();
      return [y, x.grad as unknown as Tensor];
    });
    const runs = [step(), step(), step()] as [Tensor, Tensor][];
    for (const [y, dx] of runs) agree(x, y, dx);
    expect(new Set(runs.map(([y]) => String(y.data))).size).toBe(3);
  });
});

test("a checkpoint updates the running statistics once", () => {
  const run = (saves: boolean): number[][] => {
    const norm = new nn.BatchNorm1d(2);
    const x = tensor([1, 2, 3, 5, 8, 13], { shape: [3, 2], requiresGrad: true });
    const y = saves ? checkpoint((m: nn.Module, z: Tensor) => m.forward(z), norm, x) : norm.forward(x);
    ops.sum(ops.square(ops.add(y, 1))).backward();
    const { runningMean, runningVar, numBatchesTracked } = norm;
    return [runningMean, runningVar, numBatchesTracked, x.grad].map((t) => [...(t as Tensor).data]);
  };
  expect(run(true)).toEqual(run(false));
});

test("a checkpoint refuses a function that draws other numbers the second time", () => {
  let calls = 0;
  const x = negative();
  const y = checkpoint((z: Tensor) => (calls++ === 0 ? ops.mul(z, rand([8])) : z), x);
  expect(() => y.sum().backward()).toThrow(GraphError);
});

describe("random numbers under vmap", () => {
  const drop = new nn.Dropout(0.5);
  const x = ones([6, 50]);

  test("are refused unless `randomness` is given", () => {
    expect(() => vmap((z: Tensor) => drop.forward(z))(x)).toThrow(/vmap: uniform draws random numbers/);
    expect(() => compile((all: Tensor) => vmap((z: Tensor) => drop.forward(z))(all))(x)).toThrow(GraphError);
  });

  test("are those of the whole batch if different for each sample", () => {
    manualSeed(3);
    const each = vmap((z: Tensor) => drop.forward(z), { randomness: "different" })(x);
    manualSeed(3);
    expect([...each.data]).toEqual([...drop.forward(x).data]);
    expect(new Set((each.toArray() as number[][]).map(String)).size).toBe(6);
  });

  test("are drawn once if the same for all samples", () => {
    const each = vmap((z: Tensor) => drop.forward(z), { randomness: "same" })(x);
    expect(new Set((each.toArray() as number[][]).map(String)).size).toBe(1);
  });

  test("differ along the axes of each vmap that asks for it", () => {
    const draw = (inner: "same" | "different", outer: "same" | "different"): number[][][] =>
      vmap((row: Tensor) => vmap((z: Tensor) => ops.mul(z, rand([])), { randomness: inner })(row), {
        randomness: outer,
      })(ones([2, 3, 4])).toArray() as number[][][];
    const kinds = (values: number[][][]): number => new Set(values.flat().map((row) => row[0])).size;
    expect(kinds(draw("same", "same"))).toBe(1);
    expect(kinds(draw("different", "same"))).toBe(3);
    expect(kinds(draw("same", "different"))).toBe(2);
    expect(kinds(draw("different", "different"))).toBe(6);
    expect(() => vmap(() => new Generator(1).permutation(4), { randomness: "different" })(x)).toThrow(
      GraphError,
    );
  });

  test("are different for each sample in perSampleGradients, whose mean is the batch's gradient", () => {
    const model = new nn.Sequential(new nn.Linear(50, 1, { dtype: "float64" }), new nn.Dropout(0.5));
    const cost = (y: Tensor): Tensor => ops.mean(ops.square(y));
    const [samples, target] = [
      generator.normal([6, 50], { dtype: "float64" }),
      ones([6, 1], { dtype: "float64" }),
    ];
    manualSeed(1);
    const each = perSampleGradients(model, cost, samples, target);
    manualSeed(1);
    const whole = grad((m: nn.Module) => cost(m.forward(samples)))(model as never) as unknown as Record<
      string,
      Tensor
    >;
    const mean = ops.mean(each["0.weight"] as Tensor, { dim: 0 });
    [...mean.data].forEach((value, i) => {
      expect(value).toBeCloseTo((whole["0.weight"] as Tensor).data[i] as number, 10);
    });
  });
});

describe("a generator in a compiled function", () => {
  test("continues as in eager calls", () => {
    const own = new Generator(11);
    const f = (x: Tensor): Tensor => ops.add(ops.mul(x, own.uniform([4])), rand([4]));
    const run = (step: (x: Tensor) => Tensor): number[][] => {
      own.seed(11);
      manualSeed(2);
      return [1, 2, 3].map(() => [...step(ones([4])).data]).concat([[...rand([2]).data]]);
    };
    expect(run(compile(f))).toEqual(run(f));
  });

  test("draws the same in a loop as in single calls, on either thread", async () => {
    const own = new Generator(11);
    const step = compile((x: Tensor) => ops.sum(ops.mul(x, own.uniform([2, 4]))));
    const x = ones([6, 4]);
    const order = tensor([0, 1, 2, 3, 4, 5], { dtype: "int32" });
    own.seed(1);
    const loop = [...step.loop([x], order, 2).data];
    own.seed(1);
    const calls = [0, 1, 2].map(() => step(ones([2, 4])).item());
    own.seed(1);
    const later = step.loopAsync([x], order, 2);
    // A draw during the loop gets the numbers after those reserved for the loop.
    const after = own.uniform([4]).toArray();
    expect([...(await later).data]).toEqual(loop);
    expect(calls).toEqual(loop);
    own.seed(1);
    step.loop([x], order, 2);
    expect(own.uniform([4]).toArray()).toEqual(after);
  });

  test("that the function makes starts again in each call and each step", () => {
    const step = compile((x: Tensor) => ops.sum(ops.mul(x, new Generator(4).uniform([2, 4]))));
    const once = step(ones([2, 4])).item();
    expect(step(ones([2, 4])).item()).toBe(once);
    const order = tensor([0, 1, 2, 3], { dtype: "int32" });
    expect([...step.loop([ones([4, 4])], order, 2).data]).toEqual([once, once]);
  });

  test("cannot be seeded there", () => {
    const f = compile(() => {
      manualSeed(3);
      return rand([2]);
    });
    expect(() => f()).toThrow(/seed: a generator cannot be started again/);
  });
});
