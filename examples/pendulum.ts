// A pendulum to swing up and to hold, with a torque that is too weak to lift it at once. The actor is a network from
// what is seen to the torque. Its gradient comes through the input of the critic, a network that stands for the return.
import { evaluateRandom, Pendulum, PPO, preset, SAC, TD3 } from "thalweg/rl";
import { keep, learnUntilInterrupted } from "./shared/learning.js";
import { Options } from "./shared/options.js";

const USAGE = `usage: npx tsx examples/pendulum.ts [options]

  --algorithm NAME   SAC, TD3 or PPO                     (default SAC)
  --steps N          steps to learn                      (default: as the algorithm needs)
  --seed N           of weights, actions and starts      (default 0)
  --save FILE        where to keep the agent
  --threads N        how many to use                     (default: all cores)
  --help             this text

Ctrl-C ends the training early.`;

const options = new Options("pendulum", USAGE, {
  texts: ["algorithm", "save"],
  numbers: { steps: { min: 1 } },
});
const algorithm = options.choice("algorithm", ["SAC", "TD3", "PPO"]);
const seed = options.number("seed") ?? 0;
const file = options.text("save");
const environment = new Pendulum();

function makeAgent() {
  switch (algorithm) {
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
  }
}

const { agent, steps: needed } = makeAgent();
const steps = options.number("steps") ?? needed;
const chance = await evaluateRandom(environment, { seed });
console.log(`turned by chance: return ${chance.meanReturn.toFixed(0)} ± ${chance.stdReturn.toFixed(0)}`);

const seconds = await learnUntilInterrupted(agent, { steps, progress: true });
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
await keep(agent, file);
