// A pendulum to swing up and to hold, with a torque that is too weak to lift it at once. The actor is a network from
// what is seen to the torque. Its gradient comes through the input of the critic, a network that stands for the return.
import { parseArgs } from "node:util";
import { setThreads } from "thalweg";
import { evaluateRandom, Pendulum, PPO, preset, SAC, TD3 } from "thalweg/rl";

const USAGE = `usage: npx tsx examples/pendulum.ts [options]

  --algorithm NAME   SAC, TD3 or PPO                     (default SAC)
  --steps N          steps to learn                      (default: as the algorithm needs)
  --seed N           of weights, actions and starts      (default 0)
  --save FILE        where to keep the agent
  --threads N        how many to use                     (default: all cores)
  --help             this text

Ctrl-C ends the training early.`;

const { values: options } = parseArgs({
  options: {
    algorithm: { type: "string", default: "SAC" },
    steps: { type: "string" },
    seed: { type: "string", default: "0" },
    save: { type: "string" },
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
const environment = new Pendulum();

function makeAgent(name: string) {
  switch (name) {
    case "SAC": {
      const { options: settings, steps } = preset("SAC", "Pendulum-v1");
      return { agent: new SAC(environment, { ...settings, seed }), steps };
    }
    case "TD3": {
      const { options: settings, steps } = preset("TD3", "Pendulum-v1");
      return { agent: new TD3(environment, { ...settings, seed }), steps };
    }
    case "PPO": {
      const { options: settings, steps } = preset("PPO", "Pendulum-v1");
      return { agent: new PPO(environment, { ...settings, seed }), steps };
    }
    default:
      console.error(`pendulum: --algorithm is SAC, TD3 or PPO, got ${name}`);
      process.exit(1);
  }
}

const { agent, steps: needed } = makeAgent(options.algorithm);
const steps = options.steps === undefined ? needed : Number(options.steps);
const chance = await evaluateRandom(environment, { seed });
console.log(`turned by chance: return ${chance.meanReturn.toFixed(0)} ± ${chance.stdReturn.toFixed(0)}`);

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
  `${agent.name} after ${agent.steps} steps in ${seconds.toFixed(1)} s: return ${meanReturn.toFixed(0)} ± ${stdReturn.toFixed(0)}`,
);

// One swing, drawn at six of its steps.
let { observation } = environment.reset({ seed });
for (let step = 0; step < 200; step++) {
  if (step % 40 === 0) console.log(`\nstep ${step}\n${environment.render()}`);
  ({ observation } = environment.step(agent.predict(observation)));
}
console.log(`\nstep 200\n${environment.render()}`);
if (options.save !== undefined) {
  await agent.save(options.save);
  console.log(`kept in ${options.save}`);
}
