// A game of one's own, in plain JavaScript, is learnt: examples/shared/catch.ts has its four members. Several games are
// played side by side, in this thread or in others.
import { checkEnvironment, evaluateRandom, PPO, WorkerVectorEnvironment } from "thalweg/rl";
import Catch from "./shared/catch.js";
import { keep, learnUntilInterrupted } from "./shared/learning.js";
import { Options } from "./shared/options.js";
import { Screen } from "./shared/screen.js";

const GAMES = 8;

const USAGE = `usage: npx tsx examples/own-game.ts [options]

  --steps N     steps of all ${GAMES} games            (default 80000)
  --seed N      of weights, actions and games    (default 0)
  --workers N   threads in which games run       (default 0: in this one)
  --save FILE   where to keep the agent
  --threads N   how many the engine uses         (default: all cores)
  --help        this text

Ctrl-C ends the training early.`;

const options = new Options("own-game", USAGE, {
  texts: ["save"],
  numbers: { steps: { min: 1 }, workers: { min: 0, max: GAMES } },
});
const steps = options.number("steps") ?? 80_000;
const seed = options.number("seed") ?? 0;
const workers = options.number("workers") ?? 0;
const file = options.text("save");

// Says what a game does that it must not.
checkEnvironment(new Catch());
const chance = await evaluateRandom(() => new Catch(), { seed });
console.log(`moved by chance it catches ${caught(chance.meanReturn)} of 10 balls`);

const games =
  workers === 0
    ? null
    : await WorkerVectorEnvironment.start(new URL("./shared/catch.ts", import.meta.url), {
        n: GAMES,
        workers,
      });
const settings = { rolloutSteps: 128, batchSize: 256, lr: 1e-3, seed };
const agent =
  games === null
    ? new PPO(() => new Catch(), { ...settings, environments: GAMES })
    : new PPO<ArrayLike<number>, number>(games, settings);

try {
  await learnUntilInterrupted(agent, { steps, progress: true });
} finally {
  await games?.close();
}
const learnt = await agent.evaluate({ environment: () => new Catch(), seed });
console.log(`after ${agent.steps} steps it catches ${caught(learnt.meanReturn)} of 10 balls`);
await keep(agent, file);

// One game, drawn. Where there is no terminal, only its end.
const game = new Catch();
const screen = new Screen();
let { observation } = game.reset({ seed: seed + 1 });
for (let isOver = false; !isOver; ) {
  if (screen.isTerminal) {
    screen.draw(game.render());
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  const result = game.step(agent.predict(observation));
  observation = result.observation;
  isOver = result.terminated || result.truncated;
}
if (!screen.isTerminal) screen.draw(game.render());

/** Each ball that is caught pays 1, each other one costs 1. */
function caught(meanReturn: number): string {
  return ((meanReturn + 10) / 2).toFixed(1);
}
