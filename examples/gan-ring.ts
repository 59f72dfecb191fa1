// A generative adversarial network learns a mixture of normal distributions in the plane. It is a game of two
// players: the critic D learns to tell real points from made ones, and the generator G learns to make points
// that D takes for real. There is no common cost that gets smaller: each player has its own, L_D and L_G, and
// both depend on the weights of both (examples/shared/gan.ts has the formulas).
import { parseArgs } from "node:util";
import { compile, manualSeed, noGrad, optim, setThreads } from "thalweg";
import { play } from "thalweg/games";
import { choose } from "./shared/choose.js";
import { dense, nonSaturatingR1, Sampler, wganGp } from "./shared/gan.js";
import { drawDensity, grid, ring } from "./shared/mixture.js";

const USAGE = `usage: npx tsx examples/gan-ring.ts [options]

  --data NAME        ring: 8 modes on a circle; grid: 5 × 5 modes   (default ring)
  --cost NAME        r1: non-saturating GAN with the penalty R₁;
                     wgan-gp: Wasserstein GAN with gradient penalty (default r1)
  --method NAME      descent, optimistic or extragradient           (default descent)
  --steps N          steps of both players                          (default 10000)
  --seed N           of weights, noise and order                    (default 0)
  --threads N        how many to use                                (default: all cores)
  --help             this text

Ctrl-C ends the training early and draws what the generator has learnt so far.`;

const { values: options } = parseArgs({
  options: {
    data: { type: "string", default: "ring" },
    cost: { type: "string", default: "r1" },
    method: { type: "string", default: "descent" },
    steps: { type: "string", default: "10000" },
    seed: { type: "string", default: "0" },
    threads: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
if (options.threads !== undefined) setThreads(Number(options.threads));
const mixture = choose("data", options.data, { ring, grid })();
const costs = choose("cost", options.cost, { r1: nonSaturatingR1(0.1), "wgan-gp": wganGp(0.1) });
const method = choose("method", options.method, {
  descent: "descent",
  optimistic: "optimistic",
  extragradient: "extragradient",
} as const);
const steps = Number(options.steps);
const seed = Number(options.seed);

manualSeed(seed);
const critic = dense(2, 128, 128, 128, 1); //                  D: points [B, 2] → [B, 1]
const generator = new Sampler(2, dense(2, 64, 64, 64, 2)); //  G: noise  [B, 2] → points [B, 2]
const adam = { lr: 0.002, betas: [0.5, 0.9] } as const;
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

/** New points of the generator: one compiled program, like a step of the game. */
const makePoints = compile(() => noGrad(() => generator.sample(5000)));

function report(step: number, [criticCost = 0, generatorCost = 0]: readonly number[]): void {
  const { modes, close } = mixture.fit(makePoints());
  console.log(
    `step ${step}: L_D ${criticCost.toFixed(3)}, L_G ${generatorCost.toFixed(3)}, ` +
      `modes ${modes}/${mixture.modes.length}, within 3σ ${(100 * close).toFixed(1)} %`,
  );
}

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
const started = performance.now();
await play(players, {
  method,
  order: "alternating",
  data: [mixture.sample(50_000)],
  batchSize: 256,
  steps,
  seed,
  signal: interrupt.signal,
  every: Math.ceil(steps / 100),
  onStep: ({ step, costs }) => {
    // The steps get smaller along half a cosine, so that the players come to rest.
    for (const { optimizer } of players) optimizer.lr = 0.001 * (1 + Math.cos((Math.PI * step) / steps));
    if (step % Math.ceil(steps / 10) < Math.ceil(steps / 100)) report(step, costs);
  },
}).catch((reason) => {
  if (!interrupt.signal.aborted) throw reason;
});
console.log(`trained in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
console.log(drawDensity(makePoints()));
