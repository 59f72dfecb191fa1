// The figures of the lecture, each drawn by one call from a program that runs: a model with its cost, the average over a
// set, ways of descent over a valley, nets of units, and modules with the gradients that flow through them.
// Needs the packages @dagrejs/dagre, vega and vega-lite.
// Run: npx tsx examples/figures.ts --help
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { cost, type data, full, Generator, manualSeed, nn, ops, optim, type Tensor, tensor } from "thalweg";
import { draw } from "thalweg/draw";
import * as plot from "thalweg/plot";
import { Options } from "./shared/options.js";

const USAGE = `usage: npx tsx examples/figures.ts [options]

  --out FOLDER       where to write the figures           (default figures)
  --seed N           of weights and samples               (default 0)
  --threads N        how many to use                      (default: all cores)
  --help             this text`;

const options = new Options("figures", USAGE, { texts: ["out"] });
const out = options.text("out") ?? "figures";
const seed = options.number("seed") ?? 0;
manualSeed(seed);

const float64 = { dtype: "float64" } as const;

/** A net with one hidden layer. */
class Net extends nn.Module {
  m0 = new nn.Linear(3, 4, float64);
  m1 = new nn.Linear(4, 2, float64);

  forward(x: Tensor): Tensor {
    return this.m1.forward(ops.tanh(this.m0.forward(x))); // [B, 3] → [B, 4] → [B, 2]
  }
}

/** A layer with these weights, so that a reader can compute what is shown. */
function layerOf(weight: number[][]): nn.Linear {
  const layer = new nn.Linear(2, 2, { bias: false, ...float64 });
  layer.weight.data.set(weight.flat());
  return layer;
}

/** A state that two modules read: what flows back to it is a sum. */
class Fork extends nn.Module {
  g = layerOf([
    [1, 0],
    [-1, 2],
  ]);
  h = layerOf([
    [0, 1],
    [1, 0],
  ]);

  forward(x: Tensor): Tensor {
    const z = ops.square(x);
    return ops.add(this.g.forward(z), this.h.forward(z));
  }
}

const net = new Net();
const x = tensor([[1, -0.5, 2]], float64);
const y = tensor([1], { dtype: "int32" });
const samples: data.Samples = {
  x: new Generator(seed).normal([100, 3], float64),
  y: tensor(
    Array.from({ length: 100 }, (_, i) => i % 2),
    { dtype: "int32" },
  ),
};

// UP of units 2 to 6. The units 0 and 1 are the inputs, unit 6 is the output.
const graph = new nn.Units({
  inputs: 2,
  up: [[0, 1], [0], [1], [0, 2, 3], [2, 4, 5]],
  groups: [{ units: [6], activation: "identity" }],
  ...float64,
});

/** Samples of y = 2·x₁ − x₂ with noise. x₁ and x₂ go together, so the loss is a long valley over the two weights. */
function makeValley(): data.Samples {
  const generator = new Generator(seed);
  const first = generator.normal([64, 1], float64);
  const second = ops.add(ops.mul(first, 0.8), generator.normal([64, 1], { ...float64, std: 0.6 }));
  const noise = generator.normal([64, 1], { ...float64, std: 0.5 });
  return { x: ops.concat([first, second], 1), y: ops.add(ops.sub(ops.mul(first, 2), second), noise) };
}

const plane = new nn.Linear(2, 1, { bias: false, ...float64 });
nn.init.constant(plane.weight, -1.5);
const descent = (lr: number) => (parameters: nn.Parameter[]) => new optim.SGD(parameters, { lr });

/** A picture by its call. All of them have the method `toFile`. */
type Drawn = { toFile(path: string): Promise<void> };

const FIGURES: Readonly<Record<string, () => Drawn | Promise<Drawn>>> = {
  "1-sample": () => draw.loss(net, cost.crossEntropy, samples, { over: "sample", direction: "down" }),
  "2-average": () => draw.loss(net, cost.crossEntropy, samples, { over: "set", direction: "down" }),
  "3-descent": () =>
    plot.trajectory(plane, cost.mse, makeValley(), {
      span: [
        [-2, 4],
        [-3, 2],
      ],
      ways: {
        "full batch": { optimizer: descent(0.4), steps: 30 },
        "mini-batches of 8": { optimizer: descent(0.1), batchSize: 8, epochs: 8 },
        "single samples": { optimizer: descent(0.02), batchSize: 1, epochs: 3 },
      },
    }),
  "4-units": () => draw(net, x, { style: "units" }),
  "5-graph-of-units": () => draw(graph, tensor([[1, -0.5]], float64), { style: "units" }),
  "6-perturbation": () =>
    draw(new nn.Tanh(), tensor([[0.5]], float64), {
      style: "backward",
      cost: cost.mse,
      target: tensor([[1]], float64),
      perturbation: full([1, 1], 0.01, float64),
    }),
  "7-fork": () =>
    draw(new Fork(), tensor([[2, -1]], float64), {
      style: "backward",
      cost: cost.mse,
      target: tensor([[4, 4]], float64),
    }),
  "8-module": () => draw(new nn.Linear(3, 4, float64), x, { style: "backward", values: false }),
  "9-backward": () => draw(net, x, { style: "backward", cost: cost.crossEntropy, target: y, values: false }),
};

await mkdir(out, { recursive: true });
for (const [name, make] of Object.entries(FIGURES)) {
  const file = join(out, `${name}.svg`);
  await (await make()).toFile(file);
  console.log(file);
}
