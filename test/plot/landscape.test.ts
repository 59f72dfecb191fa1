import { describe, expect, test } from "vitest";
import { cost, fit, manualSeed, nn, ops, optim, rand, type Tensor, tensor } from "../../lib/index.js";
import { contourLines, levelsOf, regionsBelow } from "../../lib/plot/contours.js";
import { coordinates, normalisedByFilters, principalPlane } from "../../lib/plot/directions.js";
import * as plot from "../../lib/plot/index.js";
import { defaultGenerator } from "../../lib/random/generator.js";
import { circle, line, lineData, net } from "./cases.js";

/** The mean of (w·x + b − y)² over x = −1, 0, 1, 2 and y = 2x + 1. */
const lossOfLine = (w: number, b: number): number =>
  [-1, 0, 1, 2].reduce((sum, x) => sum + ((w - 2) * x + b - 1) ** 2 / 4, 0);

describe("plot.landscape", () => {
  test("has the loss at each point of the grid, over the values of two parameters", async () => {
    const { data } = await plot.landscape(line(), cost.mse, lineData, { span: 2, points: 5 });
    expect(data.axes).toEqual(["weight", "bias"]);
    expect([...data.x]).toEqual([-1.5, -0.5, 0.5, 1.5, 2.5]);
    expect([...data.y]).toEqual([-2.5, -1.5, -0.5, 0.5, 1.5]);
    data.y.forEach((b, j) => {
      data.x.forEach((w, i) => {
        expect(data.losses[j * 5 + i]).toBeCloseTo(lossOfLine(w, b), 4);
      });
    });
    expect(data.center).toMatchObject({ x: 0.5, y: -0.5 });
    expect(data.center.loss).toBeCloseTo(lossOfLine(0.5, -0.5), 4);
  });

  test("weighs samples by the set's weights, and targets by those of their costs", async () => {
    const counted = { ...lineData, w: [0, 1, 0, 3] };
    // Of x = 0 and three times x = 2.
    const weighted = (w: number, b: number): number => ((b - 1) ** 2 + 3 * (2 * (w - 2) + b - 1) ** 2) / 4;
    const { data } = await plot.landscape(line(), cost.mse, counted, { span: 2, points: 5 });
    data.y.forEach((b, j) => {
      data.x.forEach((w, i) => {
        expect(data.losses[j * 5 + i]).toBeCloseTo(weighted(w, b), 4);
      });
    });
    class Both extends nn.Module<Tensor[], { a: Tensor; b: Tensor }> {
      readonly inner = line();
      forward(x: Tensor): { a: Tensor; b: Tensor } {
        return { a: this.inner.forward(x), b: this.inner.forward(x) };
      }
    }
    const set = { x: lineData.x, y: { a: lineData.y, b: tensor([[0], [0], [0], [0]]) } };
    const costs = { a: cost.mse, b: cost.mse };
    const [one, other] = [
      lossOfLine(0.5, -0.5),
      [-1, 0, 1, 2].reduce((s, x) => s + (x / 2 - 0.5) ** 2 / 4, 0),
    ];
    const costWeights = { a: 2, b: 0.5 };
    const { data: of } = await plot.landscape(new Both(), costs, set, { points: 5, costWeights });
    expect(of.center.loss).toBeCloseTo(2 * one + 0.5 * other, 4);

    const norms = (log: plot.GradientLog): number[] => {
      log.record();
      return [...(log.norms[0] as Float64Array)];
    };
    const last = { x: tensor([[2]]), y: tensor([[5]]) };
    const only = norms(new plot.GradientLog(line(), cost.mse, { ...lineData, w: [0, 0, 0, 2] }));
    norms(new plot.GradientLog(line(), cost.mse, last)).forEach((norm, i) => {
      expect(only[i]).toBeCloseTo(norm, 4);
    });
    const first = norms(new plot.GradientLog(new Both(), costs, set, { costWeights: { a: 1, b: 0 } }));
    norms(new plot.GradientLog(line(), cost.mse, lineData)).forEach((norm, i) => {
      expect(first[i]).toBeCloseTo(norm, 4);
    });
  });

  test("goes along elements that are named", async () => {
    const model = net();
    const { data } = await plot.landscape(model, cost.crossEntropy, circle(), {
      directions: ["0.weight[2, 1]", "2.bias[0]"],
      span: [
        [-1, 1],
        [0, 3],
      ],
      points: 5,
    });
    const set = circle();
    const moved = model.clone();
    (moved.parameters()[0] as Tensor).data[5] = 0.5;
    (moved.parameters()[3] as Tensor).data[0] = 0.75;
    const loss = cost.crossEntropy(moved.forward(set.x), set.y).item();
    expect([data.x[3], data.y[1]]).toEqual([0.5, 0.75]);
    expect(data.losses[1 * 5 + 3]).toBeCloseTo(loss, 5);
    expect(data.axes).toEqual(["0.weight[2, 1]", "2.bias[0]"]);
  });

  test("normalises random directions by filters and leaves out biases", () => {
    const places = [
      { name: "w", shape: [2, 2], start: 0, size: 4 },
      { name: "b", shape: [2], start: 4, size: 2 },
    ];
    const d = normalisedByFilters(
      places,
      Float64Array.of(3, 4, 0, 0, 9, 9),
      Float64Array.of(0, 2, 1, 1, 5, 5),
    );
    expect([...d]).toEqual([0, 5, 0, 0, 0, 0]);
  });

  test("normalises the weights of sparse layers and of units row by row", async () => {
    const x = tensor([
      [1, 2, 3],
      [0, 1, 0],
    ]);
    const sparse = new nn.SparseLinear(3, 3, { pattern: [[0, 2], [], [1]] });
    const units = new nn.Units({ inputs: 3, up: [[0, 2], [1], [3, 4, 0]], bias: false });
    for (const [model, rows] of [
      [sparse, [2, 1]],
      [units, [2, 1, 3]],
    ] as const) {
      const y = model.forward(x).detach();
      const { data } = await plot.landscape(model as nn.Module, cost.mse, { x, y }, { points: 5 });
      const w = model.parameters().flatMap((one) => [...one.data]);
      for (const direction of data.directions) {
        let start = 0;
        for (const width of rows) {
          const lengthOf = (of: ArrayLike<number>): number =>
            Math.hypot(...Array.from(of).slice(start, start + width));
          expect(lengthOf(direction)).toBeCloseTo(lengthOf(w), 6);
          start += width;
        }
        // The biases.
        expect([...direction.subarray(start)].every((value) => value === 0)).toBe(true);
      }
    }
  });

  test("has random directions by its seed, with the norms of the model's rows", async () => {
    const model = net();
    const of = async (seed: number) =>
      (await plot.landscape(model, cost.crossEntropy, circle(), { points: 5, seed })).data;
    const [one, again, other] = [await of(1), await of(1), await of(2)];
    expect(one.losses).toEqual(again.losses);
    expect(one.losses).not.toEqual(other.losses);
    const row = (vector: ArrayLike<number>): number => Math.hypot(vector[0] as number, vector[1] as number);
    const weight = (model.parameters()[0] as Tensor).data;
    for (const direction of one.directions) {
      expect(row(direction)).toBeCloseTo(row(weight), 6);
      // The biases of the first layer.
      expect([...direction.subarray(12, 18)]).toEqual([0, 0, 0, 0, 0, 0]);
    }
  });

  test("finds the principal components of a known way", () => {
    // Around (1, 1, 1, 1): far along (1, 1, 0, 0)/√2, less along (0, 0, 1, −1)/√2.
    const points = [-2, -1, 0, 1, 2].flatMap((a) =>
      [-0.5, 0.5].map((b) => Float64Array.of(1 + a, 1 + a, 1 + b, 1 - b)),
    );
    for (const some of [points, points.slice(0, 3)]) {
      const plane = principalPlane("test", new Float64Array(4), some);
      const r = Math.SQRT1_2;
      if (some === points) {
        const [u, v] = plane.directions;
        for (const [i, value] of [r, r, 0, 0].entries()) expect(u.vector[i]).toBeCloseTo(value, 6);
        for (const [i, value] of [0, 0, r, -r].entries())
          expect(Math.abs(v.vector[i] as number)).toBeCloseTo(Math.abs(value), 6);
        // Variances: 2·2 = 4 of a, 2·0.25 = 0.5 of b.
        expect(plane.explained?.[0]).toBeCloseTo(4 / 4.5, 6);
        expect(plane.explained?.[1]).toBeCloseTo(0.5 / 4.5, 6);
      } else {
        for (const { vector } of plane.directions) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
        expect((plane.explained?.[0] ?? 0) + (plane.explained?.[1] ?? 0)).toBeCloseTo(1, 6);
      }
    }
  });

  test("has components at right angles, also where the second is small", () => {
    const points = Array.from({ length: 6 }, (_, i) =>
      Float64Array.from({ length: 40 }, (__, k) => Math.sin(k) * i + 1e-4 * Math.cos(i * k)),
    );
    const { directions } = principalPlane("test", new Float64Array(40), points);
    const [u, v] = directions.map(({ vector }) => vector) as [Float64Array, Float64Array];
    expect(u.reduce((sum, value, i) => sum + value * (v[i] as number), 0)).toBeCloseTo(0, 12);
    expect(Math.hypot(...v)).toBeCloseTo(1, 12);
  });

  test("gives a point its coordinates, also where the directions are not at right angles", () => {
    const plane = {
      origin: Float64Array.of(1, 2, 3),
      directions: [
        { name: "a", vector: Float64Array.of(1, 0, 0) },
        { name: "b", vector: Float64Array.of(1, 1, 0) },
      ] as const,
      offset: [0, 0] as const,
      explained: null,
    };
    const [a, b] = coordinates(plane, Float64Array.of(1 + 2 + 3, 2 + 3, 7));
    expect(a).toBeCloseTo(2, 12);
    expect(b).toBeCloseTo(3, 12);
  });

  test("shows ways on one line beside a random direction, and refuses ways that go nowhere", async () => {
    // Samples that vary in one feature: what is beside the one direction is rounding.
    const set = {
      x: tensor([1, 2, 3, 4].map((v) => [v / 3, v / 7, v / 9])),
      y: tensor([[1], [2], [5], [3]]),
    };
    const optimizer = (parameters: nn.Parameter[]): optim.SGD => new optim.SGD(parameters, { lr: 0.1 });
    const plane = new nn.Linear(3, 1, { bias: false });
    const options = { ways: { straight: { optimizer, steps: 2 } }, points: 5 };
    const { data } = await plot.trajectory(plane, cost.mse, set, options);
    const [u, v] = data.directions;
    expect(data.axes).toEqual(["principal component 1 (100.0 %)", "random direction beside it"]);
    expect(data.explained).toEqual([1, 0]);
    expect(u.reduce((sum, value, i) => sum + value * (v[i] as number), 0)).toBeCloseTo(0, 12);
    expect(Math.hypot(...v)).toBeCloseTo(1, 12);
    for (const b of data.ways[0]?.y ?? []) expect(b).toBeCloseTo(0, 6);
    expect((await plot.trajectory(plane, cost.mse, set, options)).data.directions).toEqual(data.directions);
    const other = await plot.trajectory(plane, cost.mse, set, { ...options, seed: 1 });
    expect(other.data.directions[1]).not.toEqual(v);

    const model = net();
    const still = new plot.Way(model);
    still.record();
    await expect(
      plot.landscape(model, cost.crossEntropy, circle(), { ways: { still }, directions: "principal" }),
    ).rejects.toMatchObject({ code: "ERR_DATA", message: expect.stringContaining("all the same") });
    const one = plot.trajectory(new nn.Linear(1, 1, { bias: false }), cost.mse, lineData, {
      ways: { straight: { optimizer, steps: 2 } },
    });
    await expect(one).rejects.toMatchObject({
      code: "ERR_DATA",
      message: expect.stringContaining("one number"),
    });
  });

  test("changes nothing of the model, whether it ends or fails", async () => {
    const model = new nn.Sequential(
      new nn.Linear(2, 4),
      new nn.BatchNorm1d(4),
      new nn.Dropout(0.5),
      new nn.Linear(4, 2),
    );
    const before = {
      state: Object.fromEntries(
        Object.entries(model.stateDict()).map(([name, one]) => [name, [...one.data]]),
      ),
      modes: [...model.namedModules()].map(([, module]) => module.training),
      parameters: model.parameters(),
      random: defaultGenerator.getState(),
    };
    const same = (): void => {
      const now = Object.entries(model.stateDict()).map(([name, one]) => [name, [...one.data]]);
      expect(Object.fromEntries(now)).toEqual(before.state);
      expect([...model.namedModules()].map(([, module]) => module.training)).toEqual(before.modes);
      expect(model.parameters().every((one, i) => one === before.parameters[i])).toBe(true);
      expect(defaultGenerator.getState()).toEqual(before.random);
    };
    const optimizer = (parameters: nn.Parameter[]): optim.SGD => new optim.SGD(parameters, { lr: 0.1 });
    await plot.trajectory(model, cost.crossEntropy, circle(), {
      points: 5,
      ways: { a: { optimizer, steps: 4, batchSize: 10 } },
    });
    same();
    const fails = (y: Tensor, target: Tensor): Tensor => {
      rand([3]);
      return ops.sum(y).item() > 0 ? y : target;
    };
    await expect(plot.landscape(model, fails, circle())).rejects.toMatchObject({ code: "ERR_TRACE" });
    same();
  });

  test("leaves the random numbers to the user while it goes on", async () => {
    const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Dropout(0.5), new nn.Linear(4, 2));
    const optimizer = (parameters: nn.Parameter[]): optim.SGD => new optim.SGD(parameters, { lr: 0.1 });
    const draws = async (make: () => Promise<plot.Plot>): Promise<unknown[]> => {
      manualSeed(5);
      const made = make();
      const first = rand([2]).toArray();
      const { data } = await made;
      return [first, rand([2]).toArray(), data];
    };
    manualSeed(5);
    const expected = [rand([2]).toArray(), rand([2]).toArray()];
    for (const make of [
      () =>
        plot.trajectory(model, cost.crossEntropy, circle(), {
          points: 5,
          ways: { a: { optimizer, steps: 6, batchSize: 10 } },
        }),
      () => plot.decision(model, circle(), { points: 5 }),
    ]) {
      const [first, second, data] = await draws(make);
      expect([first, second]).toEqual(expected);
      manualSeed(5);
      expect((await make()).data).toEqual(data);
    }
  });

  test("gives the same landscape whatever was drawn before", async () => {
    manualSeed(1);
    const one = await plot.landscape(net(), cost.crossEntropy, circle(), { points: 5 });
    rand([5]);
    const other = await plot.landscape(net(), cost.crossEntropy, circle(), { points: 5 });
    expect(other.data).toEqual(one.data);
  });

  test("takes models of several inputs and costs of your own", async () => {
    class Two extends nn.Module<[inputs: { a: Tensor; b: Tensor }], Tensor> {
      readonly w = new nn.Linear(1, 1, { bias: false });
      readonly v = new nn.Linear(1, 1, { bias: false });
      forward({ a, b }: { a: Tensor; b: Tensor }): Tensor {
        return ops.add(this.w.forward(a), this.v.forward(b));
      }
    }
    const set = { x: { a: tensor([[1], [0]]), b: tensor([[0], [1]]) }, y: tensor([[1], [2]]) };
    const { data } = await plot.landscape(
      new Two(),
      (y: Tensor, target: Tensor) => ops.sum(ops.square(ops.sub(y, target))),
      set,
      {
        span: [
          [0, 4],
          [0, 4],
        ],
        points: 5,
      },
    );
    expect(data.losses[2 * 5 + 1]).toBeCloseTo(0, 6);
    expect(data.losses[0]).toBeCloseTo(5, 5);
  });

  test.each([
    ["another model", [{}, cost.mse, lineData], "ERR_ARGUMENT"],
    ["no cost", [line(), 3, lineData], "ERR_ARGUMENT"],
    ["no data", [line(), cost.mse, null], "ERR_ARGUMENT"],
    ["other directions", [line(), cost.mse, lineData, { directions: "up" }], "ERR_ARGUMENT"],
    ["one element twice", [line(), cost.mse, lineData, { directions: ["bias", "bias"] }], "ERR_ARGUMENT"],
    [
      "an element that there is not",
      [net(), cost.crossEntropy, circle(), { directions: ["0.weight[6, 0]", "2.bias[0]"] }],
      "ERR_ARGUMENT",
    ],
    [
      "a whole parameter",
      [net(), cost.crossEntropy, circle(), { directions: ["0.weight", "2.bias[0]"] }],
      "ERR_ARGUMENT",
    ],
    [
      "principal components of nothing",
      [line(), cost.mse, lineData, { directions: "principal" }],
      "ERR_ARGUMENT",
    ],
    [
      "a span backwards",
      [
        line(),
        cost.mse,
        lineData,
        {
          span: [
            [1, 0],
            [0, 1],
          ],
        },
      ],
      "ERR_ARGUMENT",
    ],
    ["too few points", [line(), cost.mse, lineData, { points: 2 }], "ERR_ARGUMENT"],
    ["another option", [line(), cost.mse, lineData, { resolution: 2 }], "ERR_OPTION"],
    ["data of another width", [net(), cost.mse, lineData], "ERR_SHAPE"],
    ["ways that are none", [line(), cost.mse, lineData, { ways: { a: 3 } }], "ERR_ARGUMENT"],
    ["no way", [line(), cost.mse, lineData, { ways: {} }], "ERR_ARGUMENT"],
    [
      "ways of another model",
      [line(), cost.mse, lineData, { ways: { a: new plot.Way(net()) } }],
      "ERR_SHAPE",
    ],
  ])("refuses %s", async (_, args, code) => {
    await expect(plot.landscape(...(args as [never, never, never]))).rejects.toMatchObject({ code });
  });
});

describe("plot.trajectory", () => {
  test("has the points of each descent and their losses", async () => {
    const { data } = await plot.trajectory(line(), cost.mse, lineData, {
      ways: { all: { optimizer: (parameters) => new optim.SGD(parameters, { lr: 0.1 }), steps: 3 } },
      points: 9,
    });
    const [way] = data.ways as [plot.LandscapeWay];
    // By hand: w ← w − η·∂L/∂w, b ← b − η·∂L/∂b.
    let [w, b] = [0.5, -0.5];
    for (let step = 0; step <= 3; step++) {
      expect(way.x[step]).toBeCloseTo(w, 5);
      expect(way.y[step]).toBeCloseTo(b, 5);
      expect(way.losses[step]).toBeCloseTo(lossOfLine(w, b), 4);
      const [dw, db] = [-1, 0, 1, 2].reduce(
        ([sumW, sumB], x) => {
          const away = (2 * ((w - 2) * x + b - 1)) / 4;
          return [sumW + away * x, sumB + away];
        },
        [0, 0],
      ) as [number, number];
      [w, b] = [w - 0.1 * dw, b - 0.1 * db];
    }
    expect(way.steps).toEqual([0, 1, 2, 3]);
  });

  test("keeps what there is of a descent that diverges, and shows where the others are", async () => {
    const sgd = (lr: number) => ({
      optimizer: (parameters: nn.Parameter[]) => new optim.SGD(parameters, { lr }),
      steps: 200,
    });
    const ways = { good: sgd(0.1), bad: sgd(100) };
    const { data, description } = await plot.trajectory(line(), cost.mse, lineData, { ways, points: 5 });
    const [good, bad] = data.ways as [plot.LandscapeWay, plot.LandscapeWay];
    expect([good.diverged, bad.diverged]).toEqual([false, true]);
    expect(bad.steps.at(-1)).toBeGreaterThan(1);
    expect(bad.steps.at(-1)).toBeLessThan(200);
    expect(Math.max(...data.x.map(Math.abs))).toBeLessThan(10);
    expect(description).toMatch(/bad goes from .* and ends there: its next loss is NaN or infinite\.$/);
    const alone = await plot.trajectory(net(), cost.crossEntropy, circle(), {
      points: 5,
      ways: { bad: sgd(1e37) },
    });
    expect(alone.svg).not.toMatch(/="[^"]*NaN/);
  });

  test("draws ways that were recorded while fit ran", async () => {
    const model = net();
    const way = new plot.Way(model);
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
    await fit(model, {
      data: circle(),
      cost: cost.crossEntropy,
      optimizer,
      epochs: 3,
      batchSize: 20,
      onBatch: way.record,
    });
    const { data } = await plot.trajectory(model, cost.crossEntropy, circle(), {
      ways: { adam: way },
      points: 9,
    });
    expect(data.explained?.[0]).toBeGreaterThan(0.5);
    const [own] = data.ways as [plot.LandscapeWay];
    // The plane's origin is where the model is now, which is where the way ends.
    expect(own.x.at(-1)).toBeCloseTo(0, 6);
    expect(own.losses.at(-1)).toBeCloseTo(data.center.loss, 5);
  });
});

describe("Way", () => {
  test("keeps at most as many points as it may, evenly, with the first and the last", () => {
    const model = line();
    const way = new plot.Way(model, { most: 4 });
    for (let step = 1; step <= 21; step++) {
      (model.parameters()[0] as Tensor).data[0] = step;
      way.record();
    }
    expect(way.steps[0]).toBe(0);
    expect(way.steps.at(-1)).toBe(21);
    expect(way.points.length).toBeLessThanOrEqual(5);
    const gaps = way.steps.slice(1, -1).map((step, i) => step - (way.steps[i] as number));
    expect(new Set(gaps).size).toBe(1);
    way.points.slice(1).forEach((point, i) => {
      expect(point[0]).toBe(way.steps[i + 1]);
    });
  });
});

describe("contours", () => {
  const axis = Float64Array.from({ length: 41 }, (_, i) => -2 + i / 10);
  const bowl = {
    x: axis,
    y: axis,
    z: Float64Array.from(
      { length: 41 * 41 },
      (_, k) => (axis[k % 41] as number) ** 2 + (axis[Math.floor(k / 41)] as number) ** 2,
    ),
  };

  test("lie where the function has the value of the level", () => {
    for (const region of regionsBelow("test", bowl, [0.5, 1, 2])) {
      const points = contourLines(bowl, region).flat();
      expect(points.length).toBeGreaterThan(20);
      for (const [x, y] of points) expect(Math.hypot(x, y)).toBeCloseTo(Math.sqrt(region.level), 1);
    }
  });

  test("end at the edge of the grid, which is no contour", () => {
    const [region] = regionsBelow("test", bowl, [5]);
    const lines = contourLines(bowl, region as never);
    expect(lines).toHaveLength(4);
    for (const [x, y] of lines.flat()) expect(Math.hypot(x, y)).toBeCloseTo(Math.sqrt(5), 1);
  });

  test("have round levels, or levels by the logarithm of the distance from the least", () => {
    expect(levelsOf(Float64Array.of(0.2, 9.7), 9, "linear")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const levels = levelsOf(Float64Array.of(1, 11), 3, "log");
    const ratios = levels.map((level) => Math.log10((level - 1) / 10));
    expect(ratios[1]).toBeCloseTo(-1, 12);
    expect((ratios[2] as number) - (ratios[1] as number)).toBeCloseTo(
      (ratios[1] as number) - (ratios[0] as number),
      12,
    );
    expect(levelsOf(Float64Array.of(3, 3), 5, "log")).toEqual([]);
  });

  test("stand for a flat landscape and one that is infinite in places", async () => {
    const flat = await plot.landscape(line(), (y: Tensor) => ops.mul(ops.sum(y), 0), lineData, { points: 5 });
    expect(flat.data.levels).toEqual([]);
    expect(flat.svg).not.toContain("NaN");
    const logarithm = (y: Tensor): Tensor => ops.sum(ops.log(y));
    const part = await plot.landscape(line(), logarithm, lineData, { points: 5 });
    expect(part.data.losses.some(Number.isNaN)).toBe(true);
    expect(part.svg).not.toMatch(/="[^"]*NaN/);
  });
});
