import { describe, expect, test } from "vitest";
import { type DrawOptions, draw } from "../../lib/draw/index.js";
import { shortNumber } from "../../lib/draw/units.js";
import type { UnitGraph, UnitLayer } from "../../lib/draw/units-graph.js";
import { captionOf, levelsOf, shownUnits } from "../../lib/draw/units-layout.js";
import { traceUnits } from "../../lib/draw/units-trace.js";
import {
  ArgumentError,
  compile,
  DTypeError,
  nn,
  ops,
  rand,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { defaultGenerator } from "../../lib/random/generator.js";

const graphOf = (model: unknown, input: unknown): UnitGraph => traceUnits("draw", model, input).graph;

/** The values of the units that the model gives. */
const given = (graph: UnitGraph): number[] =>
  graph.outputs.map((unit) => {
    const layer = graph.layerOf(unit);
    return layer.values[unit - layer.first] as number;
  });

/** s of a unit by its wires: Σ w·z + b. */
function sumOf(graph: UnitGraph, layer: UnitLayer, position: number): number {
  let sum = layer.bias?.[position] ?? 0;
  for (const wires of layer.wires) {
    for (const [unit, weight] of wires.to(position)) {
      const from = graph.layerOf(unit);
      sum += weight * (from.values[unit - from.first] as number);
    }
  }
  return sum;
}

/** What each layer is: its functions and its sources. */
const shapeOf = (graph: UnitGraph): string[] =>
  graph.layers.map((layer) => {
    const functions = layer.functions.map(({ name, isTogether }) => (isTogether ? `${name}!` : name));
    const from = layer.wires.map((wires) => graph.layers.indexOf(graph.layerOf(wires.from[0] as number)));
    return `${layer.size}${layer.isGiven ? " given" : ""}${from.length === 0 ? "" : ` of ${from.join(" ")}`}${functions.length === 0 ? "" : ` ${functions.join(" ")}`}`;
  });

const options = (more: DrawOptions = {}): DrawOptions => ({ style: "units", ...more });
const count = (svg: string, what: RegExp): number => [...svg.matchAll(what)].length;

/** A model with all that can be drawn; float64, so that sums can be compared. */
class Net extends nn.Module {
  mlp = new nn.Mlp({
    in: 4,
    hidden: [4, 5],
    out: 4,
    activation: "gelu",
    norm: "layer",
    residual: true,
    dropout: 0.2,
    dtype: "float64",
  });
  both = new nn.Bilinear(2, 2, 3, { dtype: "float64" });
  w = new nn.Parameter(rand([6, 2], { dtype: "float64" }));

  forward(x: Tensor): Tensor {
    const [a, b] = ops.split(this.mlp.forward(x.flatten(1)), 2, 1) as [Tensor, Tensor];
    const z = this.both.forward(a, b);
    const joined = ops.concat([ops.silu(z), ops.sub(1, z)], 1);
    return ops.softmax(ops.add(ops.matmul(joined, this.w), 0.25));
  }
}

describe("the units of a model", () => {
  test("have a size in whole pixels", () => {
    const { width, height } = draw(new nn.Linear(3, 2), rand([1, 3]), { style: "units" });
    expect([width, height].every(Number.isInteger)).toBe(true);
  });

  test("give what the model gives, and their sums are those of their wires", () => {
    const model = new Net();
    model.eval();
    const x = rand([3, 2, 2], { dtype: "float64" });
    const graph = graphOf(model, x);
    const first = ops.slice(x, 0, { end: 1 });
    expect(given(graph)).toEqual([...model.forward(first).data]);
    for (const layer of graph.layers) {
      const isSum = !layer.isGiven && layer.wires.some((wires) => !wires.isFixed) && layer.note === "";
      for (let i = 0; i < layer.size && isSum; i++) {
        expect(sumOf(graph, layer, i)).toBeCloseTo(layer.sums[i] as number, 12);
      }
    }
  });

  test("are found level by level, with functions at the layers that they belong to", () => {
    const layers = [new nn.Linear(3, 5), new nn.Tanh(), new nn.Linear(5, 2), new nn.ReLU(), new nn.Softmax()];
    const graph = graphOf(new nn.Sequential(...layers), zeros([1, 3]));
    expect(shapeOf(graph)).toEqual(["3 given", "5 of 0 tanh", "2 of 1 relu softmax!"]);
    expect(graph.layers.map(({ name }) => name)).toEqual(["x", "0 · Linear", "2 · Linear"]);
    expect([...levelsOf(graph).values()]).toEqual([0, 1, 2]);
    expect(graph.layers[1]?.bias).not.toBeNull();
  });

  test("name functions by their modules, or by the op that does the same", () => {
    const norm = [new nn.Linear(3, 3), new nn.LayerNorm([3]), new nn.GELU(), new nn.BatchNorm1d(3)];
    expect(shapeOf(graphOf(new nn.Sequential(...norm), zeros([1, 3])))[1]).toBe(
      "3 of 0 layerNorm! gelu batchNorm1d",
    );
    const model = (x: Tensor): Tensor => ops.softplus(ops.matmul(x, zeros([3, 2])));
    expect(shapeOf(graphOf(model, zeros([1, 3])))[1]).toBe("2 of 0 softplus");
    const own = (x: Tensor): Tensor => ops.exp(ops.mul(ops.sin(ops.matmul(x, zeros([3, 2]))), 2));
    expect(shapeOf(graphOf(own, zeros([1, 3])))[1]).toBe("2 of 0 f");
  });

  test("of a sum of layers are one layer with the weights of both", () => {
    const [a, b] = [new nn.Linear(3, 2), new nn.Linear(4, 2)];
    const sum = (x: Tensor, h: Tensor): Tensor => ops.tanh(ops.add(a.forward(x), b.forward(h)));
    const graph = graphOf(sum, [rand([1, 3]), rand([1, 4])]);
    expect(shapeOf(graph)).toEqual(["3 given", "4 given", "2 of 1 0 tanh"]);
    const layer = graph.layers[2] as UnitLayer;
    expect(layer.bias?.[1]).toBeCloseTo((a.bias?.data[1] as number) + (b.bias?.data[1] as number), 6);
    expect(sumOf(graph, layer, 1)).toBeCloseTo(layer.sums[1] as number, 5);
  });

  test("have constants that are added or taken away as biases", () => {
    const w = rand([3, 2], { dtype: "float64" });
    const model = (x: Tensor): Tensor =>
      ops.tanh(ops.sub(ops.add(ops.matmul(x, w), tensor([1, 2], { dtype: "float64" })), 0.25));
    const graph = graphOf(model, rand([1, 3], { dtype: "float64" }));
    expect(shapeOf(graph)).toEqual(["3 given", "2 of 0 tanh"]);
    const layer = graph.layers[1] as UnitLayer;
    expect(Array.from(layer.bias ?? [])).toEqual([0.75, 1.75]);
    for (const i of [0, 1]) expect(sumOf(graph, layer, i)).toBeCloseTo(layer.sums[i] as number, 12);
  });

  test("have no bias from what another module takes away", () => {
    const linear = new nn.Linear(1, 1);
    linear.loadStateDict({ weight: tensor([[2]]), bias: tensor([1]) });
    const norm = new nn.BatchNorm1d(1);
    norm.loadStateDict({ ...norm.stateDict(), running_mean: tensor([5]) });
    const graph = graphOf(new nn.Sequential(linear, norm), tensor([[3]]));
    expect(graph.layers[1]?.bias?.[0]).toBe(1);
    expect(shapeOf(graph)).toEqual(["1 given", "1 of 0 batchNorm1d"]);
  });

  test("that are read twice are kept apart from their function", () => {
    const layer = new nn.Linear(3, 3);
    const residual = (x: Tensor): Tensor => {
      const s = layer.forward(x);
      return ops.add(s, ops.tanh(s));
    };
    expect(shapeOf(graphOf(residual, zeros([1, 3])))).toEqual(["3 given", "3 of 0 f"]);
    const apart = (x: Tensor): Tensor[] => {
      const s = layer.forward(x);
      return [s, ops.tanh(s)];
    };
    const graph = graphOf(apart, zeros([1, 3]));
    expect(shapeOf(graph)).toEqual(["3 given", "3 of 0", "3 of 1 tanh"]);
    const inner = (x: Tensor): Tensor[] => {
      const e = ops.exp(layer.forward(x));
      return [e, ops.mul(e, 2)];
    };
    expect(shapeOf(graphOf(inner, zeros([1, 3])))).toEqual(["3 given", "3 of 0 exp", "3 of 1 mul"]);
  });

  test("are followed through slices, transposes and joins", () => {
    const model = (x: Tensor): Tensor => {
      const turned = ops.permute(ops.reshape(x, [1, 2, 3]), [0, 2, 1]);
      return ops.matmul(
        ops.concat([ops.reshape(turned, [1, 6]), ops.slice(x, 1, { end: 2 })], 1),
        zeros([8, 1]),
      );
    };
    const graph = graphOf(model, zeros([1, 6]));
    const wires = graph.layers[1]?.wires[0];
    expect(Array.from(wires?.from ?? [])).toEqual([0, 3, 1, 4, 2, 5, 0, 1]);
  });

  test("of a sparse layer have the weights that exist alone", () => {
    const layer = new nn.SparseLinear(4, 3, { pattern: [[0, 2], [], [3]] });
    const graph = graphOf(layer, rand([1, 4]));
    const [x, y] = graph.layers as [UnitLayer, UnitLayer];
    const wires = [0, 1, 2].map((position) => [...(y.wires[0] as UnitLayer["wires"][number]).to(position)]);
    const [a, b, c] = layer.values.data;
    expect(wires).toEqual([
      [
        [x.first, a],
        [x.first + 2, b],
      ],
      [],
      [[x.first + 3, c]],
    ]);
    for (let i = 0; i < 3; i++) expect(sumOf(graph, y, i)).toBeCloseTo(y.sums[i] as number, 6);
    // Three weights, three biases, the samples of four lines.
    expect(count(draw(layer, rand([1, 4]), options()).svg, /<path/g)).toBe(3 + 3 + 4);
  });

  test("of a graph of units stand by their depth, and read units of any depth", () => {
    const up = [[0, 1], [1], [2, 3, 0], [4, 2], [5, 1]];
    const net = new nn.Units({ inputs: 2, up, groups: [{ units: [6], activation: "identity" }] });
    const x = rand([1, 2]);
    const graph = graphOf(net, x);
    expect(graph.layers.map(({ name, size }) => `${name}: ${size}`)).toEqual([
      "x: 2",
      "depth 1: 2",
      "depth 2: 1",
      "depth 3: 1",
      "depth 4: 1",
    ]);
    expect([...levelsOf(graph).values()]).toEqual([0, 1, 2, 3, 4]);
    expect(given(graph)).toEqual([...net.forward(x).data]);
    const weights = graph.layers.flatMap((layer) =>
      layer.wires.flatMap((wires) =>
        Array.from({ length: layer.size }, (_, i) => [...wires.to(i)].map(([, weight]) => weight)).flat(),
      ),
    );
    expect(weights.sort()).toEqual(
      net
        .edges()
        .map(({ weight }) => weight)
        .sort(),
    );
    expect(graph.layers.map(({ functions }) => functions.length)).toEqual([0, 1, 1, 1, 0]);
  });

  test("of a gate are products and sums of other units", () => {
    const graph = graphOf(new nn.GRUCell(3, 2), [rand([1, 3]), rand([1, 2])]);
    const kinds = graph.layers.flatMap(({ functions }) => functions.map(({ name }) => name));
    expect(kinds.filter((name) => name === "product")).toHaveLength(3);
    expect(kinds.filter((name) => name === "sigmoid")).toHaveLength(2);
    expect(kinds.filter((name) => name === "tanh")).toHaveLength(1);
  });

  test("leave the default generator as it was", () => {
    class Noisy extends nn.Module {
      lin = new nn.Linear(2, 2);
      forward(x: Tensor): Tensor {
        return ops.add(this.lin.forward(x), rand([1, 2]));
      }
    }
    const model = new Noisy();
    const before = defaultGenerator.getState();
    graphOf(model, zeros([1, 2]));
    expect(defaultGenerator.getState()).toEqual(before);
  });

  test("leave the model as it was", () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.BatchNorm1d(2));
    const before = JSON.stringify(model.toJSON());
    const x = rand([4, 3]);
    draw(model, x, options());
    expect(model.training).toBe(true);
    expect(model.modules[1]?.training).toBe(true);
    expect(JSON.stringify(model.toJSON())).toBe(before);
    expect(x.requiresGrad).toBe(false);
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
  });
});

describe("what cannot be drawn as units", () => {
  class Attention extends nn.Module {
    q = new nn.Linear(3, 3);
    forward(x: Tensor): Tensor {
      return ops.matmul(x, this.q.forward(x), { transposeB: true });
    }
  }

  test("is told with its module and with the style that shows it", () => {
    const model = new nn.Sequential(new nn.Linear(3, 3), new Attention());
    expect(() => draw(model, zeros([1, 3]), options())).toThrow(
      new ArgumentError(
        'draw: a product of two layers in "1" (Attention) cannot be drawn as units; style "block" shows it',
      ),
    );
    expect(() => draw(new nn.Sequential(new nn.Linear(3, 3)), zeros([1, 4, 3]), options())).toThrow(
      /several rows of one sample with shared weights in "0" \(Linear\)/,
    );
  });

  test("is told where the output does not come from the input", () => {
    expect(() => draw(() => zeros([2]), zeros([1, 3]), options())).toThrow(
      /does not depend on its input; style/,
    );
    expect(() => draw((x: Tensor) => ops.argmax(x, { dim: 1 }), zeros([1, 3]), options())).toThrow(
      /does not depend on its input: argmax has no derivative/,
    );
    const step = compile((x: Tensor) => ops.tanh(x));
    expect(() => draw(step, zeros([1, 3]), options())).toThrow(
      /a compiled function, which style "program" shows/,
    );
  });

  test("is told for inputs of another kind", () => {
    const model = new nn.Linear(3, 2);
    expect(() => draw(model, zeros([1, 3], { dtype: "int32" }), options())).toThrow(DTypeError);
    expect(() => draw(model, zeros([0, 3]), options())).toThrow(/expected x to have a sample/);
    expect(() => draw(model, undefined, options())).toThrow(ArgumentError);
    expect(() => draw(model, zeros([1, 3]), options({ mostUnits: 3 }))).toThrow(
      /mostUnits to be a whole number ≥ 4/,
    );
    expect(() => draw(model, zeros([1, 3]), options({ values: 1 as never }))).toThrow(
      /values to be true or false/,
    );
  });
});

describe("the picture", () => {
  const small = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));

  test("has a circle for each unit, a line for each weight and bias, and the values in the units", () => {
    const x = tensor([[0.5, -2, 0.125]]);
    const { svg } = draw(small, x, options());
    // Units, and the constant 1 of each layer with a bias.
    expect(count(svg, /<circle/g)).toBe(3 + 4 + 2 + 2);
    // Weights and biases, and four lines of the legend.
    expect(count(svg, /<path/g)).toBe(3 * 4 + 4 + 4 * 2 + 2 + 4);
    for (const text of ["0.5", "−2", "0.13"]) expect(svg).toContain(`>${text}</text>`);
    const [y] = small.forward(x).data;
    expect(svg).toContain(`>${shortNumber(y as number)}</text>`);
    expect(svg).toContain(">tanh</text>");
  });

  test("shows weights that are no numbers, beside those that are", () => {
    const linear = new nn.Linear(2, 2, { bias: false });
    linear.loadStateDict({
      weight: tensor([
        [Number.NaN, 2],
        [Number.POSITIVE_INFINITY, -1],
      ]),
    });
    const { svg } = draw(linear, tensor([[1, 1]]), options());
    expect(svg).not.toMatch(/="[^"]*NaN/);
    expect(svg).toContain("NaN");
  });

  test("has no line for a weight that is 0", () => {
    const mask = tensor([
      [1, 0, 0],
      [0, 1, 1],
    ]);
    const w = new nn.Parameter(rand([2, 3], { dtype: "float32" }));
    const sparse = (x: Tensor): Tensor => ops.matmul(x, ops.mul(w, mask), { transposeB: true });
    expect(count(draw(sparse, rand([1, 3]), options()).svg, /<path/g)).toBe(3 + 4);
  });

  test("shows the first and the last units of a large layer, and says how many there are", () => {
    expect(shownUnits(16, 16)).toEqual({ head: 16, tail: 0 });
    expect(shownUnits(784, 16)).toEqual({ head: 6, tail: 4 });
    expect(shownUnits(5, 4)).toEqual({ head: 2, tail: 1 });
    const model = new nn.Sequential(new nn.Linear(784, 3, { bias: false }));
    const { svg } = draw(model, rand([2, 784]), options());
    expect(svg).toContain(">784 units, given</text>");
    // With three dots between them.
    expect(count(svg, /<circle/g)).toBe(6 + 4 + 3 + 3);
    for (const unit of ["x[0]:", "x[5]:", "x[780]:", "x[783]:"]) expect(svg).toContain(`<title>${unit}`);
    expect(svg).not.toContain("<title>x[6]:");
    expect(svg).toContain("values: the first of 2 samples");
    const more = draw(model, rand([1, 784]), options({ mostUnits: 40, values: false })).svg;
    expect(count(more, /<circle/g)).toBe(15 + 10 + 3 + 3);
    expect(more).not.toMatch(/>0\.\d+<\/text>.*<circle/s);
  });

  test("is the same bytes each time, in each direction", () => {
    const x = rand([1, 3]);
    const sizes = (["right", "left", "down", "up"] as const).map((direction) => {
      const one = draw(small, x, options({ direction }));
      expect(draw(small, x, options({ direction })).svg).toBe(one.svg);
      return [one.width, one.height];
    });
    expect(sizes[0]).toEqual(sizes[1]);
    expect(sizes[2]).toEqual(sizes[3]);
  });

  test("lets no two circles and no two captions overlap, and keeps all within its frame", () => {
    for (const direction of ["right", "left", "down", "up"] as const) {
      const model = new nn.GRUCell(3, 2);
      const { svg, width, height } = draw(model, [rand([1, 3]), rand([1, 2])], options({ direction }));
      const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"/g)].map(
        ([, x, y, r]) => ({
          x: Number(x),
          y: Number(y),
          r: Number(r),
        }),
      );
      circles.forEach((a, i) => {
        expect(a.x - a.r).toBeGreaterThan(0);
        expect(a.y - a.r).toBeGreaterThan(0);
        expect(a.x + a.r).toBeLessThan(width);
        expect(a.y + a.r).toBeLessThan(height);
        for (const b of circles.slice(i + 1)) {
          expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(a.r + b.r);
        }
      });
      const grounds = [
        ...svg.matchAll(/<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)" rx="3"/g),
      ].map((match) => match.slice(1).map(Number) as [number, number, number, number]);
      expect(grounds.length).toBeGreaterThan(5);
      grounds.forEach(([x, y, w, h], i) => {
        expect(x).toBeGreaterThanOrEqual(0);
        for (const [x2, y2, w2, h2] of grounds.slice(i + 1)) {
          const apart = x + w <= x2 || x2 + w2 <= x || y + h <= y2 + 3 || y2 + h2 <= y + 3;
          expect(apart).toBe(true);
        }
      });
    }
  });

  test("says in words what is connected with what", () => {
    const { description, title } = draw(small, rand([1, 3]), options());
    expect(title).toBe("Units and weights of Sequential");
    expect(description).toBe(
      "x: 3 units, given. 0 · Linear: 4 units from x, tanh. 2 · Linear: 2 units from 0 · Linear.",
    );
    expect(
      captionOf({ ...(graphOf(small, rand([1, 3])).layers[1] as UnitLayer) }, true).map(({ text }) => text),
    ).toEqual(["0 · Linear", "tanh", "4 units, output"]);
  });

  test("writes numbers in at most five characters", () => {
    const numbers = [
      0,
      1,
      -1,
      0.5,
      -0.126,
      12.34,
      -99.6,
      1234.5,
      99999,
      0.0001,
      -1e-20,
      Number.NaN,
      -Infinity,
    ];
    expect(numbers.map(shortNumber)).toEqual([
      "0",
      "1",
      "−1",
      "0.5",
      "−0.13",
      "12.3",
      "−100",
      "1235",
      "1e5",
      "1e−4",
      "−1e−20",
      "NaN",
      "−∞",
    ]);
  });
});
