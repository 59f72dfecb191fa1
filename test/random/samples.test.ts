import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  checkpoint,
  compile,
  DTypeError,
  full,
  Generator,
  GraphError,
  OptionError,
  ops,
  ShapeError,
  setThreads,
  type Tensor,
  tensor,
  vmap,
} from "../../lib/index.js";
import { bad, testErrors } from "../errors/expect-error.js";
import { distanceFromCounts, distanceFromUniform } from "./distributed.js";

const f64 = (...values: number[]): Tensor => tensor(values, { dtype: "float64" });
const COUNT = 20_000;
const all = (value: number, dtype: "float32" | "float64" = "float64"): Tensor =>
  full([COUNT], value, { dtype });

const lnGamma = (x: number): number => ops.lgamma(f64(x)).item();
const lnChoose = (n: number, k: number): number => lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1);

const SHAPES = [0.1, 0.5, 0.999, 1, 1.5, 4, 30, 1e3, 1e4];
describe("numbers of the gamma distribution are distributed so", () => {
  const ofGamma = (alpha: number, x: Tensor): number[] => [
    ...ops.gammainc(all(alpha), ops.to(x, "float64")).data,
  ];
  test.each(SHAPES)("float64, shape %d", (alpha) => {
    expect(distanceFromUniform(ofGamma(alpha, new Generator(1).standardGamma(all(alpha))))).toBeLessThan(
      1.95,
    );
  });
  test.each(SHAPES)("float32, shape %d", (alpha) => {
    const x = new Generator(2).standardGamma(all(alpha, "float32"));
    expect(distanceFromUniform(ofGamma(Math.fround(alpha), x))).toBeLessThan(1.95);
  });
  test.each([1e-6, 1e-3, 0.01, 0.5, 30])("as logarithms, shape %d", (alpha) => {
    const y = new Generator(3).logStandardGamma(all(alpha));
    // P = xᵅ/Γ(α + 1) where x is too small for a number.
    const u = ofGamma(alpha, ops.exp(y)).map((p, i) => {
      const l = y.data[i] as number;
      return l < -600 ? Math.exp(alpha * l - lnGamma(alpha + 1)) : p;
    });
    expect(distanceFromUniform(u)).toBeLessThan(1.95);
  });
});

describe("counts of the Poisson distribution are distributed so", () => {
  test.each([0.1, 1, 3.7, 9.99, 10, 12, 50, 1e3, 1e5])("rate %d", (rate) => {
    const counts = [...new Generator(4).poisson(all(rate)).data];
    const logarithm = Math.log(rate);
    const probability = (k: number): number => Math.exp(k * logarithm - rate - lnGamma(k + 1));
    expect(distanceFromCounts(counts, probability)).toBeLessThan(4);
  });
  test("rate 0", () => {
    expect(Math.max(...new Generator(4).poisson(all(0)).data)).toBe(0);
  });
  test("a rate of 1e15 keeps mean and deviation", () => {
    const moved = [...new Generator(4).poisson(all(1e15)).data].map((k) => (k - 1e15) / Math.sqrt(1e15));
    const mean = moved.reduce((sum, z) => sum + z, 0) / COUNT;
    const variance = moved.reduce((sum, z) => sum + z * z, 0) / COUNT;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });
});

describe("counts of the binomial distribution are distributed so", () => {
  test.each([
    [1, 0.3],
    [7, 0.5],
    [7, 0.9],
    [40, 0.2],
    [40, 0.25],
    [40, 0.75],
    [100, 0.5],
    [1000, 0.001],
    [1000, 0.999],
    [1000, 0.4],
    [1e5, 0.5],
    [1e5, 1e-5],
    [1e5, 0.97],
  ])("%d times, %d", (n, p) => {
    const counts = [...new Generator(5).binomial(all(n), p).data];
    expect(counts.every((k) => k >= 0 && k <= n && Number.isInteger(k))).toBe(true);
    const [yes, no] = [Math.log(p), Math.log1p(-p)];
    const probability = (k: number): number => Math.exp(lnChoose(n, k) + k * yes + (n - k) * no);
    expect(distanceFromCounts(counts, probability)).toBeLessThan(4);
  });
  test("never and always, and none", () => {
    const counts = new Generator(5).binomial(f64(0, 0, 0, 9, 9, 1e6, 1e6), f64(0, 0.5, 1, 0, 1, 0, 1));
    expect([...counts.data]).toEqual([0, 0, 0, 0, 9, 0, 1e6]);
  });
});

test("a distance is large for numbers that are distributed otherwise", () => {
  const x = new Generator(1).standardGamma(all(2));
  expect(distanceFromUniform([...ops.gammainc(all(2.05), x).data])).toBeGreaterThan(2.5);
  const counts = [...new Generator(4).poisson(all(50)).data];
  const probability = (k: number): number => Math.exp(k * Math.log(50.3) - 50.3 - lnGamma(k + 1));
  expect(distanceFromCounts(counts, probability)).toBeGreaterThan(4);
});

type Draw = (generator: Generator, of: Tensor, shape?: readonly number[]) => Tensor;
const options = (shape: readonly number[] | undefined): { shape?: readonly number[] } =>
  shape === undefined ? {} : { shape };
const DRAWS: readonly (readonly [name: string, draw: Draw])[] = [
  ["standardGamma", (g, of, shape) => g.standardGamma(of, options(shape))],
  ["logStandardGamma", (g, of, shape) => g.logStandardGamma(of, options(shape))],
  ["poisson", (g, of, shape) => g.poisson(of, options(shape))],
  ["binomial", (g, of, shape) => g.binomial(ops.ceil(of), 0.4, options(shape))],
];

describe.each(DRAWS)("%s", (name, draw) => {
  const of = f64(0.25, 3, 12, 500);
  const fresh = (): Generator => new Generator(7);

  test("is the same for any number of threads", () => {
    const many = full([40_001], 11.5);
    const drawn = [1, 2, 3].map((threads) => {
      setThreads(threads);
      return draw(fresh(), many).data;
    });
    expect(drawn[1]).toEqual(drawn[0]);
    expect(drawn[2]).toEqual(drawn[0]);
  });

  test("is the same compiled, and goes on in the next run", () => {
    const [eager, own] = [fresh(), fresh()];
    const compiled = compile((x: Tensor) => [draw(own, x), draw(own, x, [3, 4])]);
    for (let run = 0; run < 2; run++) {
      const expected = [draw(eager, of), draw(eager, of, [3, 4])];
      expect((compiled(of) as Tensor[]).map(({ data }) => data)).toEqual(expected.map(({ data }) => data));
    }
    expect(draw(own, of).data).toEqual(draw(eager, of).data);
  });

  test("of float32 is that of float64, rounded", () => {
    const small = ops.to(of, "float32");
    expect(draw(fresh(), small).dtype).toBe("float32");
    const rounded = ops.to(draw(fresh(), of), "float32");
    expect(draw(fresh(), small).data).toEqual(rounded.data);
  });

  test("gives each element numbers that do not depend on the others", () => {
    const drawn = draw(fresh(), of).data;
    const other = draw(fresh(), f64(300, 3, 0.5, 500)).data;
    expect([drawn[1], drawn[3]]).toEqual([other[1], other[3]]);
    expect(drawn[0]).not.toBe(other[0]);
  });

  test("broadcasts to a shape, each element a draw of its own", () => {
    const drawn = draw(fresh(), ops.reshape(of, [4, 1]), [2, 4, 50]);
    expect(drawn.shape).toEqual([2, 4, 50]);
    const repeated = draw(fresh(), ops.expand(ops.reshape(of, [4, 1]), [2, 4, 50]));
    expect(drawn.data).toEqual(repeated.data);
    expect(new Set(drawn.data.slice(150, 200)).size).toBeGreaterThan(10);
    expect(draw(fresh(), of, [0, 4]).shape).toEqual([0, 4]);
  });

  test("is a draw for each sample of a vmap, or one whose bits are the same for all", () => {
    const both = ops.stack([of, ops.mul(of, 2)]);
    const each = vmap((x: Tensor) => draw(own, x), { randomness: "different" });
    let own = fresh();
    expect(each(both).data).toEqual(draw(fresh(), both).data);
    own = fresh();
    const same = vmap((x: Tensor) => draw(own, x), { randomness: "same" })(both);
    const rows = [of, ops.mul(of, 2)].map((row) => [...draw(fresh(), row).data]);
    expect([...same.data]).toEqual(rows.flat());
    // The generator has gone on by one draw of one sample.
    const after = fresh();
    draw(after, of);
    expect(draw(own, of).data).toEqual(draw(after, of).data);
    expect(() => vmap((x: Tensor) => draw(own, x))(both)).toThrow(GraphError);
  });

  test("is a draw for each sample of two vmaps, of which one has the parameter", () => {
    const own = fresh();
    const drawn = vmap(
      (x: Tensor) =>
        vmap((z: Tensor) => ops.add(draw(own, x), ops.mul(z, 0)), { randomness: "different" })(of),
      { randomness: "same" },
    )(ops.stack([of, of]));
    const expected = draw(fresh(), of, [4, 4]).data;
    expect([...drawn.data]).toEqual([...expected, ...expected]);
  });

  test("is the same when a checkpoint computes it again", () => {
    const x = tensor([1, 1, 1, 1], { dtype: "float64", requiresGrad: true });
    const own = fresh();
    checkpoint((z: Tensor) => ops.mul(z, draw(own, of)), x)
      .sum()
      .backward();
    expect(x.grad?.data).toEqual(draw(fresh(), of).data);
  });

  test("refuses a bad parameter, compiled too, and draws nothing", () => {
    const own = fresh();
    const wrong = f64(3, -1, Infinity);
    const message = new RegExp(`^${name}: expected .* for element 1$`);
    expect(() => draw(own, wrong)).toThrow(ArgumentError);
    expect(() => draw(own, wrong)).toThrow(message);
    expect(draw(own, of).data).toEqual(draw(fresh(), of).data);
    const compiled = compile((x: Tensor) => draw(own, x));
    expect(() => compiled(wrong)).toThrow(ArgumentError);
    expect(() => compiled(wrong)).toThrow(message);
  });
});

test("logarithms are those of the numbers from the same state", () => {
  const alpha = f64(0.3, 1, 5, 1e4);
  const [x, y] = [new Generator(9).standardGamma(alpha), new Generator(9).logStandardGamma(alpha)];
  ops.log(x).data.forEach((log, i) => {
    expect(log).toBeCloseTo(y.data[i] as number, 12);
  });
});

test("a seed gives these numbers on every machine", () => {
  const generator = new Generator(42);
  const close = (drawn: Tensor, expected: readonly number[]): void => {
    drawn.data.forEach((value, i) => {
      expect(Math.abs(value / (expected[i] as number) - 1)).toBeLessThan(1e-12);
    });
  };
  close(
    generator.standardGamma(f64(0.5, 2, 100)),
    [0.0001388986094086899, 2.1038111369867156, 111.88437445020415],
  );
  close(generator.poisson(f64(2, 20, 1e6)), [3, 18, 999457]);
  close(generator.binomial(f64(10, 100, 1e6), 0.3), [2, 28, 300062]);
});

describe("bad arguments", () => {
  const generator = new Generator(0);
  testErrors([
    [
      () => generator.standardGamma(f64(1, 0)),
      ArgumentError,
      "standardGamma: expected alpha to be above 0 and finite, got 0 for element 1",
    ],
    [
      () => generator.logStandardGamma(f64(Number.NaN)),
      ArgumentError,
      "logStandardGamma: expected alpha to be above 0 and finite, got NaN for element 0",
    ],
    [
      () => generator.poisson(f64(1, Infinity)),
      ArgumentError,
      "poisson: expected the rate to be at least 0 and finite, got Infinity for element 1",
    ],
    [
      () => generator.binomial(f64(1.5), 0.5),
      ArgumentError,
      "binomial: expected the count to be a whole number from 0 on and p to be in [0, 1], got 1.5 and 0.5 for element 0",
    ],
    [
      () => generator.binomial(3, f64(0.5, 1.25)),
      ArgumentError,
      "binomial: expected the count to be a whole number from 0 on and p to be in [0, 1], got 3 and 1.25 for element 1",
    ],
    [
      () => generator.poisson(f64(1, 2), { shape: [3] }),
      ShapeError,
      "poisson: [2] and [3] do not broadcast: sizes 2 and 3 at axis -1",
    ],
    [
      () => generator.poisson(f64(1, 2), { shape: [1] }),
      ShapeError,
      "poisson: parameters of shape [2] do not broadcast to [1]",
    ],
    [
      () => generator.poisson(tensor([1], { dtype: "int32" })),
      DTypeError,
      "poisson: expected rate to be float32 or float64, got int32",
    ],
    [
      () => generator.standardGamma(bad(2)),
      ArgumentError,
      "standardGamma: expected alpha to be a tensor, got 2",
    ],
    [
      () => generator.binomial(3, bad("0.5")),
      ArgumentError,
      'binomial: expected a tensor beside the number 3, got "0.5"',
    ],
    [
      () => generator.poisson(f64(1), bad({ shaep: [2] })),
      OptionError,
      'poisson: unknown option "shaep"; did you mean "shape"?',
    ],
  ]);
});
