import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  deserialize,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  perSampleGradients,
  ShapeError,
  serialize,
  type Tensor,
  tensor,
} from "../../lib/index.js";

const random = new Generator(5);
const placesOf = ({ rows, columns }: nn.SparseLinear): unknown => [rows.toArray(), columns.toArray()];

/** The dense layer with the same weights. */
function dense(layer: nn.SparseLinear): nn.Linear {
  const { inFeatures, outFeatures, bias } = layer;
  const linear = new nn.Linear(inFeatures, outFeatures, { bias: bias !== null, dtype: layer.values.dtype });
  linear.loadStateDict({ weight: layer.toDense(), ...(bias === null ? {} : { bias }) });
  return linear;
}

function expectClose(a: Tensor, b: Tensor, tolerance = 1e-5): void {
  expect(a.shape).toEqual(b.shape);
  expect(a.size === 0 ? 0 : ops.amax(ops.abs(ops.sub(a, b))).item()).toBeLessThan(tolerance);
}

describe("SparseLinear", () => {
  test("draws the share of weights that it is asked for, the same ones from a seed", () => {
    const [a, b, c] = [4, 4, 5].map((seed) => new nn.SparseLinear(30, 20, { density: 0.15, seed }));
    expect(a?.values.size).toBe(90);
    expect(placesOf(a as nn.SparseLinear)).toEqual(placesOf(b as nn.SparseLinear));
    expect(placesOf(a as nn.SparseLinear)).not.toEqual(placesOf(c as nn.SparseLinear));
    expect(new nn.SparseLinear(3, 2, { density: 1 }).toDense().toArray()).not.toContainEqual(0);
    expect(new nn.SparseLinear(3, 2, { density: 0 }).values.size).toBe(0);
  });

  test("draws each place equally often", () => {
    const count = new Float64Array(12);
    for (let seed = 0; seed < 600; seed++) {
      const { rows, columns } = new nn.SparseLinear(4, 3, { density: 0.5, seed });
      rows.data.forEach((row, e) => {
        (count[row * 4 + (columns.data[e] as number)] as number)++;
      });
    }
    // 300 each, with a deviation of 12.
    for (const one of count) expect(Math.abs(one - 300)).toBeLessThan(75);
  });

  test("begins with weights that are as large as the row's number of inputs asks for", () => {
    manualSeed(1);
    const lists = [Array.from({ length: 100 }, (_, j) => j), [0, 1, 2, 3]];
    const layer = new nn.SparseLinear(100, 2, { pattern: lists });
    const most = (from: number, to: number): number =>
      Math.max(...Array.from(layer.values.data.slice(from, to), Math.abs));
    expect(most(0, 100)).toBeLessThan(0.1);
    expect(most(0, 100)).toBeGreaterThan(0.09);
    expect(most(100, 104)).toBeLessThan(0.5);
    expect(most(100, 104)).toBeGreaterThan(0.1);
  });

  test("takes its pattern as a mask, as lists, as rows and columns and as a pattern", () => {
    const mask = tensor([
      [true, false, true],
      [false, true, false],
    ]);
    const rows = { rows: [0, 0, 1], columns: [0, 2, 1] };
    const all = [mask, [[0, 2], [1]], rows, nn.SparsePattern.fromMask(mask)].map((pattern) =>
      placesOf(new nn.SparseLinear(3, 2, { pattern })),
    );
    for (const one of all) expect(one).toEqual([rows.rows, rows.columns]);
  });

  test("keeps the largest weights of a Linear layer", () => {
    const linear = new nn.Linear(3, 2);
    linear.loadStateDict({
      weight: tensor([
        [0.5, -0.1, 0.3],
        [-0.3, 0, 0.2],
      ]),
      bias: tensor([1, 2]),
    });
    const byShare = nn.SparseLinear.fromLinear(linear, { density: 1 / 3 });
    expect(placesOf(byShare)).toEqual([
      [0, 0],
      [0, 2],
    ]);
    expect(byShare.bias?.toArray()).toEqual([1, 2]);
    const byThreshold = nn.SparseLinear.fromLinear(linear, { threshold: 0.25 });
    expect(placesOf(byThreshold)).toEqual([
      [0, 0, 1],
      [0, 2, 0],
    ]);
    const whole = nn.SparseLinear.fromLinear(linear, { density: 1 });
    expectClose(whole.toDense(), linear.weight, 1e-12);
    expect(() => nn.SparseLinear.fromLinear(linear, {})).toThrow(ArgumentError);
    expect(() => nn.SparseLinear.fromLinear(linear, { density: 0.5, threshold: 1 })).toThrow("both");
    expect(() => nn.SparseLinear.fromLinear(new nn.Tanh() as never, { density: 1 })).toThrow("a Linear");
  });

  test.each([1, 2, 9, 40])(
    "trains %d samples as the dense layer with a mask does, eager and compiled",
    (batch) => {
      const layer = new nn.SparseLinear(40, 30, { density: 0.2, seed: 2, dtype: "float64" });
      const compiled = layer.clone();
      const full = dense(layer);
      const mask = ops.to(ops.notEqual(layer.toDense(), 0), "float64");
      const x = random.normal([batch, 40], { dtype: "float64" });
      const trained = (model: nn.SparseLinear) => {
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
        return (input: Tensor): Tensor => {
          optimizer.zeroGrad();
          const loss = ops.mean(ops.square(model.forward(input)));
          loss.backward();
          optimizer.step();
          return loss;
        };
      };
      const [eager, program] = [trained(layer), compile(trained(compiled))];
      for (let step = 0; step < 3; step++) {
        eager(x);
        program(x);
        for (const w of full.parameters()) w.grad = null;
        ops.mean(ops.square(full.forward(x))).backward();
        const [weight, bias] = [full.weight, full.bias as Tensor];
        full.loadStateDict({
          weight: ops.sub(weight, ops.mul(ops.mul(weight.grad as Tensor, mask), 0.1)),
          bias: ops.sub(bias, ops.mul(bias.grad as Tensor, 0.1)),
        });
      }
      expectClose(layer.toDense(), full.weight, 1e-12);
      expect(compiled.values.data).toEqual(layer.values.data);
      expect(compiled.bias?.data).toEqual(layer.bias?.data);
    },
  );

  test("is saved and loaded with its pattern, which a compiled function follows", () => {
    const layer = new nn.SparseLinear(9, 7, { density: 0.3, seed: 1 });
    const other = new nn.SparseLinear(9, 7, { density: 0.3, seed: 2 });
    const x = random.normal([4, 9]);
    const f = compile((input: Tensor) => layer.forward(input));
    // Twice: what a trace took for granted is compared in any case after the first call.
    for (let call = 0; call < 2; call++) expect((f(x) as Tensor).data).toEqual(layer.forward(x).data);
    layer.loadStateDict(other.stateDict());
    expect((f(x) as Tensor).data).toEqual(other.forward(x).data);
    expect(layer.forward(x).data).toEqual(other.forward(x).data);
    const copy = deserialize(serialize(other)) as nn.SparseLinear;
    expect(copy).toBeInstanceOf(nn.SparseLinear);
    expect(copy.forward(x).data).toEqual(other.forward(x).data);
    expect(String(copy)).toBe("SparseLinear(inFeatures=9, outFeatures=7, entries=19, bias=true)");
  });

  test("has the pattern of its own buffers in a copy, whatever was loaded before and after", () => {
    const [a, b] = [1, 2].map((seed) => new nn.SparseLinear(9, 7, { density: 0.3, seed })) as [
      nn.SparseLinear,
      nn.SparseLinear,
    ];
    const x = random.normal([4, 9]);
    const first = serialize(a);
    a.loadStateDict(b.stateDict());
    expect(a.clone().forward(x).data).toEqual(b.forward(x).data);
    expect(a.forward(x).data).toEqual(b.forward(x).data);
    const copy = a.clone();
    const own = deserialize(first) as nn.SparseLinear;
    copy.loadStateDict(own.stateDict());
    // The first look at the copy's pattern is a trace's.
    const f = compile((input: Tensor) => copy.forward(input));
    const again = compile((input: Tensor) => ops.mul(copy.forward(input), 1));
    for (const run of [f, again, f]) expect((run(x) as Tensor).data).toEqual(own.forward(x).data);
    expect(copy.forward(x).data).toEqual(own.forward(x).data);
    expect(a.forward(x).data).toEqual(b.forward(x).data);
  });

  test("refuses a loaded pattern that is none, when it is used", () => {
    const layer = new nn.SparseLinear(3, 2, { pattern: [[0], [1]] });
    const state = layer.stateDict();
    layer.loadStateDict({ ...state, columns: tensor([0, 7], { dtype: "int32" }) });
    expect(() => layer.forward(tensor([1, 2, 3]))).toThrow("column 7 of entry 1 is outside [0, 3)");
  });

  test("has a gradient for each sample", () => {
    const layer = new nn.SparseLinear(6, 5, { density: 0.5, seed: 3 });
    const [x, target] = [random.normal([3, 6]), random.normal([3, 5])];
    const { values } = perSampleGradients(layer, cost.mse, x, target);
    for (let p = 0; p < 3; p++) {
      for (const w of layer.parameters()) w.grad = null;
      const one = (of: Tensor): Tensor => ops.slice(of, 0, { start: p, end: p + 1 });
      cost.mse(layer.forward(one(x)), one(target)).backward();
      expectClose(ops.select(values as Tensor, 0, p), layer.values.grad as Tensor);
    }
  });

  test("counts the weights that there are", () => {
    const layer = new nn.SparseLinear(100, 10, { density: 0.05, seed: 0 });
    expect(nn.summary(layer, [4, 100])).toContain("60 parameters; 400 flops for an input [4, 100]");
  });

  test.each<[string, () => unknown, new (message: string) => Error, string]>([
    [
      "neither a pattern nor a density",
      () => new nn.SparseLinear(3, 2),
      ArgumentError,
      "either pattern or density, got none",
    ],
    ["both", () => new nn.SparseLinear(3, 2, { density: 1, pattern: [[], []] }), ArgumentError, "got both"],
    [
      "a seed for nothing",
      () => new nn.SparseLinear(3, 2, { seed: 1, pattern: [[], []] }),
      ArgumentError,
      "seed",
    ],
    ["a density beyond all", () => new nn.SparseLinear(3, 2, { density: 1.5 }), ArgumentError, "density"],
    ["a pattern of another shape", () => new nn.SparseLinear(3, 2, { pattern: [[]] }), ShapeError, "[2, 3]"],
    [
      "an input that there is not",
      () => new nn.SparseLinear(3, 2, { pattern: [[3], []] }),
      Error,
      "column 3",
    ],
    ["no pattern", () => new nn.SparseLinear(3, 2, { pattern: 7 as never }), ArgumentError, "got 7"],
  ])("refuses %s", (_, make, kind, message) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
