import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  DetachedError,
  manualSeed,
  nn,
  ops,
  rand,
  ShapeError,
  type Tensor,
  zeros,
} from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

const { init } = nn;
const big = (): Tensor => zeros([400, 300]);
const meanOf = (w: Tensor): number => ops.mean(w).item();
const stdOf = (w: Tensor): number => ops.std(w).item();
const rangeOf = (w: Tensor): [number, number] => [ops.amin(w).item(), ops.amax(w).item()];

/** Uniform over (−bound, bound). */
function expectUniform(w: Tensor, bound: number): void {
  const [low, high] = rangeOf(w);
  expect(low).toBeGreaterThanOrEqual(-bound * (1 + 1e-6));
  expect(high).toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(Math.abs(low / -bound - 1)).toBeLessThan(1e-3);
  expect(Math.abs(stdOf(w) / (bound / Math.sqrt(3)) - 1)).toBeLessThan(0.01);
}

function expectNormal(w: Tensor, mean: number, std: number): void {
  expect(Math.abs(meanOf(w) - mean)).toBeLessThan(0.01 * std);
  expect(Math.abs(stdOf(w) / std - 1)).toBeLessThan(0.01);
}

describe("initialisers", () => {
  test("fill in place and give the tensor back", () => {
    manualSeed(1);
    const w = big();
    expect(init.uniform(w, -2, 2)).toBe(w);
    expectUniform(w, 2);
    expectNormal(init.normal(w, 3, 0.5), 3, 0.5);
    expect(rangeOf(init.constant(w, 7))).toEqual([7, 7]);
    expect(rangeOf(init.ones(w))).toEqual([1, 1]);
    expect(rangeOf(init.zeros(w))).toEqual([0, 0]);
    expect(init.eye(zeros([2, 3])).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
  });

  test("Xavier's and Kaiming's", () => {
    manualSeed(2);
    expectUniform(init.xavierUniform(big(), 2), 2 * Math.sqrt(6 / 700));
    expectNormal(init.xavierNormal(big()), 0, Math.sqrt(2 / 700));
    expectUniform(init.kaimingUniform(big(), { nonlinearity: "relu" }), Math.SQRT2 * Math.sqrt(3 / 300));
    expectUniform(init.kaimingUniform(big(), { a: Math.sqrt(5) }), Math.sqrt(1 / 300));
    expectNormal(
      init.kaimingNormal(big(), { mode: "fan_out", nonlinearity: "tanh" }),
      0,
      5 / 3 / Math.sqrt(400),
    );
  });

  test("PyTorch's gains", () => {
    const gains = (["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"] as const).map((one) =>
      init.calculateGain(one),
    );
    expectNumbersClose(gains, [1, 1, 5 / 3, Math.SQRT2, 1.4141428569978354, 0.75]);
  });

  test.each([
    [6, 4],
    [4, 6],
    [5, 5],
    [1, 3],
  ])("orthogonal, %i × %i", (rows, columns) => {
    manualSeed(3);
    const w = init.orthogonal(zeros([rows, columns], { dtype: "float64" }), 3);
    const gram =
      rows >= columns ? ops.matmul(w, w, { transposeA: true }) : ops.matmul(w, w, { transposeB: true });
    const n = Math.min(rows, columns);
    const nine = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 9 : 0));
    expectNumbersClose(gram.data, nine, { rtol: 0, atol: 1e-12 });
  });

  test("a normal distribution between bounds", () => {
    manualSeed(4);
    const w = init.truncNormal(zeros([200_000], { dtype: "float64" }), { mean: 1, std: 2, a: 0, b: 2 });
    const [low, high] = rangeOf(w);
    expect([low >= 0, high <= 2]).toEqual([true, true]);
    expect(Math.abs(meanOf(w) - 1)).toBeLessThan(0.01);
    // Var = σ²·(1 − 2·β·φ(β)/(2·Φ(β) − 1)) with β = 1/2.
    expect(Math.abs(stdOf(w) - 0.5682)).toBeLessThan(0.005);
    const far = init.truncNormal(zeros([1000]), { a: 4, b: 5 });
    expect([rangeOf(far)[0] >= 4, rangeOf(far)[1] <= 5]).toEqual([true, true]);
  });

  test("sparse columns", () => {
    manualSeed(5);
    const w = init.sparse(zeros([10, 50]), 0.65, 2);
    const nonzero = ops.sum(ops.to(ops.notEqual(w, 0), "float32"), { dim: 0 });
    expect(new Set(nonzero.data)).toEqual(new Set([3]));
  });

  test.each<[() => unknown, new (message: string) => Error, string]>([
    [
      () => init.normal(zeros([2], { dtype: "int32" })),
      ArgumentError,
      "normal: expected w to be float32 or float64, got int32",
    ],
    [() => init.uniform(1 as never), ArgumentError, "uniform: expected w to be a tensor, got 1"],
    [
      () => init.xavierUniform(zeros([3])),
      ShapeError,
      "xavierUniform: expected weights [out, in, ...], got [3]",
    ],
    [() => init.eye(zeros([3])), ShapeError, "eye: expected a matrix, got [3]"],
    [
      () => init.sparse(zeros([3, 3]), 2),
      ArgumentError,
      "sparse: expected sparsity to be a number ≥ 0 and ≤ 1, got 2",
    ],
    [
      () => init.truncNormal(zeros([3]), { a: 1, b: 0 }),
      ArgumentError,
      "truncNormal: expected b to be a number > 1, got 0",
    ],
    [
      () => init.calculateGain("elu" as never),
      ArgumentError,
      'calculateGain: expected nonlinearity to be one of "linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", got "elu"',
    ],
  ])("refuses %s", (call, kind, message) => {
    expect(call).toThrow(new kind(message));
  });
});

test("what cannot be written draws nothing from the generator", () => {
  const gone = zeros([4]);
  structuredClone(gone.data, { transfer: [gone.data.buffer as ArrayBuffer] });
  manualSeed(3);
  const expected = rand([2]).toArray();
  manualSeed(3);
  expect(() => init.normal(gone)).toThrow(DetachedError);
  expect(rand([2]).toArray()).toEqual(expected);
});
