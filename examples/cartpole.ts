// A pole on a cart, to be balanced by pushes to the left and to the right: learnt by any of four algorithms.
import { A2C, CartPole, DQN, evaluateRandom, PPO, preset, REINFORCE } from "thalweg/rl";
import { keep, learnUntilInterrupted } from "./shared/learning.js";
import { Options } from "./shared/options.js";

const USAGE = `usage: npx tsx examples/cartpole.ts [options]

  --algorithm NAME   PPO, DQN, A2C or REINFORCE          (default PPO)
  --steps N          steps of all carts                  (default: as the algorithm needs)
  --seed N           of weights, actions and starts      (default 0)
  --save FILE        where to keep the agent
  --explain          say what is computed where, instead of learning
  --threads N        how many to use                     (default: all cores)
  --help             this text

Ctrl-C ends the training early.`;

const options = new Options("cartpole", USAGE, {
  texts: ["algorithm", "save"],
  numbers: { steps: { min: 1 } },
  flags: ["explain"],
});
const algorithm = options.choice("algorithm", ["PPO", "DQN", "A2C", "REINFORCE"]);
const seed = options.number("seed") ?? 0;
const file = options.text("save");
const environment = new CartPole();

function makeAgent() {
  switch (algorithm) {
    case "PPO": {
      const { options: settings, steps } = preset("PPO", "CartPole-v1");
      return { agent: new PPO(environment, { ...settings, seed }), steps };
    }
    case "DQN": {
      const { options: settings, steps } = preset("DQN", "CartPole-v1");
      return { agent: new DQN(environment, { ...settings, seed }), steps };
    }
    case "A2C": {
      const { options: settings, steps } = preset("A2C", "CartPole-v1");
      return { agent: new A2C(environment, { ...settings, seed }), steps };
    }
    case "REINFORCE": {
      const { options: settings, steps } = preset("REINFORCE", "CartPole-v1");
      return { agent: new REINFORCE(environment, { ...settings, seed }), steps };
    }
  }
}

const { agent, steps: needed } = makeAgent();
if (options.has("explain")) {
  console.log(agent.explain());
  process.exit(0);
}
const steps = options.number("steps") ?? needed;

const chance = await evaluateRandom(environment, { seed });
console.log(`pushed by chance: return ${chance.meanReturn.toFixed(1)} ± ${chance.stdReturn.toFixed(1)}`);

const seconds = await learnUntilInterrupted(agent, { steps, progress: true });
const { meanReturn, stdReturn } = await agent.evaluate({ seed });
console.log(
  `${agent.name} after ${agent.steps} steps and ${agent.episodes} episodes in ${seconds.toFixed(1)} s: return ${meanReturn.toFixed(1)} ± ${stdReturn.toFixed(1)} of ${environment.maxEpisodeSteps}`,
);
await keep(agent, file);
