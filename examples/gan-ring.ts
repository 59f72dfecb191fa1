// A generative adversarial network learns a mixture of normal distributions in the plane. It is a game of two
// players: the critic D learns to tell real points from made ones, and the generator G learns to make points
// that D takes for real. There is no common cost that gets smaller: each player has its own, L_D and L_G, and
// both depend on the weights of both. examples/shared/gan.ts has the formulas.
import { compile, manualSeed, noGrad, optim } from "thalweg";
import { play, type StepReport } from "thalweg/games";
import { dense, nonSaturatingR1, Sampler, wganGp } from "./shared/gan.js";
import { drawDensity, grid, ring } from "./shared/mixture.js";
import { Options } from "./shared/options.js";

const USAGE = `usage: npx tsx examples/gan-ring.ts [options]

  --data NAME        ring: 8 modes on a circle; grid: 5 × 5 modes   (default ring)
  --cost NAME        r1: non-saturating GAN with the penalty R₁;
                     wgan-gp: Wasserstein GAN with gradient penalty (default r1)
  --method NAME      for r1: descent, optimistic or extragradient   (default descent)
  --steps N          steps of the generator                         (default 5000; grid: 10000)
  --seed N           of weights, noise and order                    (default 0)
  --threads N        how many to use                                (default: all cores)
  --help             this text

Ctrl-C ends the training early and draws what the generator has learnt so far.`;

const options = new Options("gan-ring", USAGE, {
  texts: ["data", "cost", "method"],
  numbers: { steps: { min: 1 } },
});
const { mixture, usual } = {
  ring: { mixture: ring(), usual: 5000 },
  grid: { mixture: grid(), usual: 10_000 },
}[options.choice("data", ["ring", "grid"])];
const { costs, moves } = {
  r1: { costs: nonSaturatingR1(0.05), moves: 1 },
  "wgan-gp": { costs: wganGp(0.1), moves: 2 },
}[options.choice("cost", ["r1", "wgan-gp"])];
const method = options.choice("method", ["descent", "optimistic", "extragradient"]);
const steps = options.number("steps") ?? usual;
const seed = options.number("seed") ?? 0;
/** Samples for one move. */
const BATCH = 256;

manualSeed(seed);
const real = mixture.sample(50_000);
const critic = dense(2, 128, 128, 128, 1); //                  D: points [B, 2] → [B, 1]
const generator = new Sampler(2, dense(2, 64, 64, 64, 2)); //  G: noise [B, 2] → points [B, 2]
const lr = 0.002;
const adam = { lr, betas: [0.5, 0.9] } as const;
const players = [
  {
    name: "critic",
    parameters: critic,
    cost: costs.critic,
    moves, // in each step; the generator makes one
    optimizer: new optim.Adam(critic.parameters(), adam),
  },
  {
    name: "generator",
    parameters: generator,
    cost: costs.generator,
    optimizer: new optim.Adam(generator.parameters(), adam),
  },
] as const;

/** New points of the generator, by one compiled program. */
const makePoints = compile(() => noGrad(() => generator.sample(5000)));

/** After every hundredth of the steps. */
const every = Math.ceil(steps / 100);
function onStep({ step, costs: [criticCost = 0, generatorCost = 0] }: StepReport): void {
  // The steps get smaller along half a cosine, so that the players come to rest.
  for (const { optimizer } of players) optimizer.lr = (lr / 2) * (1 + Math.cos((Math.PI * step) / steps));
  if (step % (10 * every) !== 0 && step < steps) return;
  const { modes, close } = mixture.fit(makePoints());
  console.log(
    `step ${step}: L_D ${criticCost.toFixed(3)}, L_G ${generatorCost.toFixed(3)}, ` +
      `modes ${modes}/${mixture.modes.length}, within 3σ ${(100 * close).toFixed(1)} %`,
  );
}

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
const { signal } = interrupt;
const started = performance.now();
// The players move in turns: in each step first the critic makes its moves, and then the generator.
const game = { method, order: "alternating", data: [real], batchSize: BATCH, seed } as const;
await play(players, { ...game, steps, signal, every, onStep }).catch((reason) => {
  if (!signal.aborted) throw reason;
});
console.log(`trained in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);

const points = makePoints();
const { modes, close } = mixture.fit(points);
console.log(drawDensity(points));
console.log(`\nmodes ${modes}/${mixture.modes.length}, within 3σ of a mode: ${(100 * close).toFixed(1)} %`);
