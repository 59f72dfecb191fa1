// The lecture's robot learns to ride a bicycle. How long it stays up is the return: a number without a gradient. PPO
// estimates one from what the robot tries. While it learns, its policy is shown on a bicycle in the terminal.
import { Bicycle, evaluateRandom, PPO, preset } from "thalweg/rl";
import { keep, learnUntilInterrupted } from "./shared/learning.js";
import { Options } from "./shared/options.js";
import { Screen } from "./shared/screen.js";

const settings = preset("PPO", "Bicycle");

const USAGE = `usage: npx tsx examples/bicycle.ts [options]

  --steps N     steps to learn, each of 10 ms   (default ${settings.steps})
  --seed N      of weights, actions and starts  (default 0)
  --save FILE   where to keep the agent
  --threads N   how many to use                 (default: all cores)
  --help        this text

Ctrl-C ends the training early and rides with what was learnt so far.`;

const options = new Options("bicycle", USAGE, { texts: ["save"], numbers: { steps: { min: 1 } } });
const steps = options.number("steps") ?? settings.steps;
const seed = options.number("seed") ?? 0;
const file = options.text("save");

const bicycle = new Bicycle();
const seconds = (length: number): string => `${(length / 100).toFixed(2)} s`;
const chance = await evaluateRandom(bicycle, { seed });
console.log(`Steered by chance it falls after ${seconds(chance.meanLength)}.\n`);

/** The bicycle that is drawn. */
const shown = new Bicycle();
const screen = new Screen();
let { observation } = shown.reset({ seed });
let [length, drawn] = [0, 0];
const agent = new PPO(bicycle, { ...settings.options, seed });

/** Rides on for a tenth of a second with what the agent has learnt, at most ten times a second. */
function show(title: string): void {
  const now = performance.now();
  if (!screen.isTerminal || now - drawn < 100) return;
  drawn = now;
  for (let i = 0; i < 10; i++) {
    const result = shown.step(agent.predict(observation));
    observation = result.observation;
    length++;
    if (result.terminated || result.truncated) {
      ({ observation } = shown.reset());
      length = 0;
    }
  }
  screen.draw(`${shown.render()}\n${title}, up for ${seconds(length)}`);
}

const recent: number[] = [];
let told = 0;
await learnUntilInterrupted(agent, {
  steps,
  onEpisode: (episode) => {
    recent.push(episode.length);
    if (recent.length > 100) recent.shift();
  },
  onUpdate: ({ steps: done }) => {
    const mean = recent.reduce((sum, one) => sum + one, 0) / recent.length;
    const state = `${done} steps: it stays up for ${seconds(mean)}`;
    show(state);
    if (screen.isTerminal || done < told) return;
    told = done + steps / 20;
    console.log(state);
  },
});
screen.keep();

const { meanLength, lengths } = await agent.evaluate({ seed });
const whole = lengths.filter((one) => one === bicycle.maxEpisodeSteps).length;
console.log(
  `\nOf ${lengths.length} rides ${whole} last for all of ${seconds(bicycle.maxEpisodeSteps)}; the mean is ${seconds(meanLength)}.`,
);
await keep(agent, file);
