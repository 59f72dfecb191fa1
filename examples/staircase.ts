// A network that learns by its number of errors itself. The number of errors is a staircase: flat nearly everywhere, so
// that its gradient is zero and says nothing. Methods of order zero need only its values. Beside them, gradient descent
// on cross-entropy, the smooth cost that one takes in its place.
// Run: npx tsx examples/staircase.ts --help
import {
  cost,
  type data,
  fit,
  Generator,
  manualSeed,
  nn,
  noGrad,
  ops,
  optim,
  type Tensor,
  tensor,
} from "thalweg";
import { type MinimizeModuleOptions, minimizeModule } from "thalweg/gradient-free";
import { Options } from "./shared/options.js";

const USAGE = `usage: npx tsx examples/staircase.ts [options]

  --samples N       points of two half moons               (default: 300)
  --hidden N        width of the hidden layer              (default: 16)
  --generations N   of each method without gradients       (default: 150)
  --seed N          of weights, data and methods           (default: 0)
  --threads N       how many to use                        (default: all cores)
  --help            this text`;

const counts = { samples: { min: 1 }, hidden: { min: 1 }, generations: { min: 1 } };
const options = new Options("staircase", USAGE, { numbers: counts });
const seed = options.number("seed") ?? 0;
const generations = options.number("generations") ?? 150;
const hidden = options.number("hidden") ?? 16;

class Net extends nn.Module {
  m0: nn.Linear;
  m1: nn.Linear;

  constructor(hidden: number) {
    super();
    this.m0 = new nn.Linear(2, hidden);
    this.m1 = new nn.Linear(hidden, 2);
  }

  forward(x: Tensor): Tensor {
    return this.m1.forward(ops.tanh(this.m0.forward(x))); // [B, 2] → [B, hidden] → [B, 2]
  }
}

/** Two half moons that interleave, with noise. */
function makeMoons(count: number, seed: number): data.Samples {
  const generator = new Generator(seed);
  const noise = generator.normal([count, 2], { std: 0.15 }).data;
  const turns = generator.uniform([count]).data;
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const x = labels.map((label, i) => {
    const angle = Math.PI * (turns[i] as number);
    const moon =
      label === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
    return moon.map((value, axis) => value + (noise[2 * i + axis] as number));
  });
  return { x: tensor(x), y: tensor(labels, { dtype: "int32" }) };
}

/** The part of samples whose largest output is that of another class. */
function errorRate(model: Net, x: Tensor, y: Tensor): Tensor {
  const classes = ops.argmax(model.forward(x), { dim: 1 });
  return ops.mean(ops.to(ops.notEqual(classes, y), "float32"));
}

const samples = makeMoons(options.number("samples") ?? 300, seed);
const { x, y } = samples as { x: Tensor; y: Tensor };

/** Each method begins with the same weights. */
const makeModel = (): Net => {
  manualSeed(seed);
  return new Net(hidden);
};
const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
const errorsOf = (model: Net): string => percent(errorRate(model, x, y).item());

/** How many of 100 small steps in random directions change the number of errors. */
function countChanges(model: Net): number {
  const generator = new Generator(seed);
  const before = errorRate(model, x, y).item();
  const changed = Array.from({ length: 100 }, () => {
    const moved = Object.fromEntries(
      Array.from(model.namedParameters(), ([name, w]) => [
        name,
        ops.add(w, generator.normal(w.shape, { std: 1e-5 })),
      ]),
    );
    return model.withParameters(moved, () => errorRate(model, x, y).item()) !== before;
  });
  return changed.filter(Boolean).length;
}

const start = makeModel();
const weights = start.parameters().reduce((sum, { size }) => sum + size, 0);
console.log(
  `${x.shape[0]} points, a network of ${weights} weights, ${errorsOf(start)} errors before training`,
);
console.log(
  `a staircase: ${noGrad(() => countChanges(start))} of 100 steps of 0.00001 a weight change the number of errors`,
);

async function search(title: string, options: MinimizeModuleOptions): Promise<void> {
  const model = makeModel();
  const started = performance.now();
  const { evaluations, history } = await minimizeModule(model, errorRate, {
    data: samples,
    maxGenerations: generations,
    seed,
    ...options,
  } as MinimizeModuleOptions);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const every = Math.max(1, Math.floor(history.length / 5));
  const course = history
    .filter(({ generation }) => generation % every === 0)
    .map(({ mean }) => percent(mean));
  console.log(`\n${title}`);
  console.log(`  errors of a generation on average: ${course.join(", ")}`);
  console.log(`  ${errorsOf(model)} errors after ${evaluations} evaluations, ${seconds} s`);
}

await search("CMA-ES on the number of errors", { method: "cma-es", sigma: 0.5, populationSize: 24 });
await search("OpenAI-ES on the number of errors", {
  method: "openai-es",
  sigma: 0.2,
  lr: 0.1,
  populationSize: 128,
});

const model = makeModel();
const started = performance.now();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
const steps = await fit(model, {
  data: samples,
  cost: cost.crossEntropy,
  optimizer,
  epochs: generations,
  seed,
});
console.log("\ngradient descent on cross-entropy, for comparison");
console.log(
  `  cross-entropy ${steps[0]?.loss.toFixed(3)} at first, ${steps.at(-1)?.loss.toFixed(3)} at last`,
);
console.log(
  `  ${errorsOf(model)} errors after ${generations} epochs, ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
