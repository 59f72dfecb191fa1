// A generative adversarial network learns to write digits. The critic D learns to tell the digits of MNIST from made
// ones. The generator G learns to make digits that D takes for real. They play a game with the costs L_D and L_G, see
// nonSaturatingR1 in examples/shared/gan.ts. A classifier then reads the new digits.
import { writeFile } from "node:fs/promises";
import { encode } from "fast-png";
import { cost, fit, manualSeed, nn, noGrad, ops, optim, predict, type Tensor } from "thalweg";
import { play } from "thalweg/games";
import { dense, nonSaturatingR1, Sampler } from "./shared/gan.js";
import { loadDigits } from "./shared/images.js";
import { Options } from "./shared/options.js";
import { arrange, enlarge, toText } from "./shared/pictures.js";

const USAGE = `usage: npx tsx examples/gan-digits.ts [options]

  --steps N          steps of both players           (default 10000)
  --batch-size N     digits a step                   (default 64)
  --seed N           of weights, noise and order     (default 0)
  --out FILE         where to write the picture      (default gan-digits.png)
  --threads N        how many to use                 (default: all cores)
  --help             this text

Ctrl-C ends the training early and draws what the generator has learnt so far.`;

const options = new Options("gan-digits", USAGE, {
  texts: ["out"],
  numbers: { steps: { min: 1 }, "batch-size": { min: 1 } },
});
const steps = options.number("steps") ?? 10_000;
const batchSize = options.number("batch-size") ?? 64;
const seed = options.number("seed") ?? 0;
const out = options.text("out") ?? "gan-digits.png";
const { train, test } = await loadDigits();
const digits = train.x.toTensor().reshape([-1, 784]);

manualSeed(seed);
const critic = dense(784, 512, 256, 1); // D: digits [B, 784] → [B, 1]
const generator = new Sampler(64, new nn.Sequential(dense(64, 256, 512, 784), new nn.Sigmoid())); // [B, 64] → [B, 784]
const costs = nonSaturatingR1(0.5);
const lr = 0.001;
const adam = { lr, betas: [0.5, 0.99] } as const;
const players = [
  {
    name: "critic",
    parameters: critic,
    cost: costs.critic,
    optimizer: new optim.Adam(critic.parameters(), adam),
  },
  {
    name: "generator",
    parameters: generator,
    cost: costs.generator,
    optimizer: new optim.Adam(generator.parameters(), adam),
  },
] as const;

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
const started = performance.now();
const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`;
await play(players, {
  method: "descent",
  order: "alternating",
  data: [digits],
  batchSize,
  steps,
  seed,
  signal: interrupt.signal,
  every: Math.ceil(steps / 20),
  onStep: ({ step, costs: [criticCost = 0, generatorCost = 0] }) => {
    console.log(`step ${step}: L_D ${criticCost.toFixed(3)}, L_G ${generatorCost.toFixed(3)} (${seconds()})`);
    // The steps get smaller along half a cosine, so that the players come to rest.
    for (const { optimizer } of players) optimizer.lr = (lr / 2) * (1 + Math.cos((Math.PI * step) / steps));
  },
}).catch((reason) => {
  if (!interrupt.signal.aborted) throw reason;
});
console.log(`trained in ${seconds()}\n`);

const made = noGrad(() => generator.sample(2000));
const pictures = Array.from({ length: 100 }, (_, i) => ({
  width: 28,
  height: 28,
  data: Uint8Array.from(made.data.subarray(784 * i, 784 * (i + 1)), (pixel) => Math.round(255 * pixel)),
}));
const across = Math.max(1, Math.min(10, Math.floor((process.stdout.columns ?? 120) / 30)));
console.log(toText(arrange(pictures.slice(0, 3 * across), across)));
await writeFile(out, encode({ ...enlarge(arrange(pictures, 10), 3), channels: 1 }));
console.log(`\n100 digits are in ${out}`);

// How well can they be read? A classifier that was trained on the real digits tells which digit it sees, and how sure
// it is: the largest of its ten probabilities.
const reader = new nn.Sequential(
  new nn.Flatten(),
  new nn.Linear(784, 128),
  new nn.ReLU(),
  new nn.Linear(128, 10),
);
await fit(reader, {
  data: train,
  cost: cost.crossEntropy,
  optimizer: new optim.Adam(reader.parameters()),
  epochs: 2,
  batchSize: 128,
  seed,
});

async function report(what: string, images: Tensor): Promise<void> {
  const probabilities = ops.softmax(await predict(reader, images), { dim: 1 });
  const sure = ops.mean(ops.amax(probabilities, { dim: 1 })).item();
  const counts = new Array<number>(10).fill(0);
  for (const digit of ops.argmax(probabilities, { dim: 1 }).data)
    counts[digit] = (counts[digit] as number) + 1;
  const shares = counts.map((count) => ((1000 * count) / probabilities.size).toFixed(0).padStart(4));
  console.log(`${what}: sure to ${(100 * sure).toFixed(1)} %; of each digit, in %:${shares.join("")}`);
}

console.log("\nread by a classifier                                   0   1   2   3   4   5   6   7   8   9");
await report("real digits", test.x.slice(0, 2000));
await report("made digits", made);
