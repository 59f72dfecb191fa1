// A pole on a cart, to be balanced by pushes to the left and to the right: learnt by any of four algorithms.
import { parseArgs } from "node:util";
import { setThreads } from "thalweg";
import { A2C, CartPole, DQN, evaluateRandom, PPO, preset, REINFORCE } from "thalweg/rl";

const USAGE = `usage: npx tsx examples/cartpole.ts [options]

  --algorithm NAME   PPO, DQN, A2C or REINFORCE          (default PPO)
  --steps N          steps of all carts                  (default: as the algorithm needs)
  --seed N           of weights, actions and starts      (default 0)
  --save FILE        where to keep the agent
  --explain          say what is computed where, instead of learning
  --threads N        how many to use                     (default: all cores)
  --help             this text

Ctrl-C ends the training early.`;

const { values: options } = parseArgs({
  options: {
    algorithm: { type: "string", default: "PPO" },
    steps: { type: "string" },
    seed: { type: "string", default: "0" },
    save: { type: "string" },
    explain: { type: "boolean", default: false },
    threads: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
if (options.threads !== undefined) setThreads(Number(options.threads));
const seed = Number(options.seed);
const environment = new CartPole();

function makeAgent(name: string) {
  switch (name) {
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
    default:
      console.error(`cartpole: --algorithm is PPO, DQN, A2C or REINFORCE, got ${name}`);
      process.exit(1);
  }
}

const { agent, steps: needed } = makeAgent(options.algorithm);
if (options.explain) {
  console.log(agent.explain());
  process.exit(0);
}
const steps = options.steps === undefined ? needed : Number(options.steps);

const chance = await evaluateRandom(environment, { seed });
console.log(`pushed by chance: return ${chance.meanReturn.toFixed(1)} ± ${chance.stdReturn.toFixed(1)}`);

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
const started = performance.now();
try {
  await agent.learn({ steps, signal: interrupt.signal, progress: true });
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  console.log("ended early");
}
const seconds = (performance.now() - started) / 1000;
const { meanReturn, stdReturn } = await agent.evaluate({ seed });
console.log(
  `${agent.name} after ${agent.steps} steps and ${agent.episodes} episodes in ${seconds.toFixed(1)} s: return ${meanReturn.toFixed(1)} ± ${stdReturn.toFixed(1)} of ${environment.maxEpisodeSteps}`,
);
if (options.save !== undefined) {
  await agent.save(options.save);
  console.log(`kept in ${options.save}`);
}
