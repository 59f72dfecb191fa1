// Learning PPO by this library: the environment in ops, or in JavaScript.
import { CartPole, PPO } from "thalweg/rl";
import type { DataFile } from "../data-file.js";
import type { Session } from "../serve.js";

export function learningSession({ header: { ppo } }: DataFile, world: "ops" | "javascript"): Session {
  if (ppo === undefined) throw new Error("the data file holds no settings of PPO");
  const { environments, rollout, chunk, minibatches, steps: whole } = ppo;
  const batch = environments * rollout;
  const make = (seed: number) =>
    new PPO(world === "ops" ? new CartPole() : () => new CartPole(), {
      environments,
      rolloutSteps: rollout,
      batchSize: batch / minibatches,
      epochs: ppo.epochs,
      network: { hidden: ppo.hidden, activation: "tanh" },
      lr: ppo.lr,
      schedule: "linear",
      gamma: ppo.gamma,
      gaeLambda: ppo.lambda,
      clipRange: ppo.clip,
      clipRangeValue: ppo.clip,
      // PPO's loss of the critic has no ½.
      valueCoefficient: ppo.valueWeight / 2,
      entropyCoefficient: ppo.entropyWeight,
      maxGradNorm: ppo.maxGradNorm,
      seed,
    });
  let agent: PPO | null = null;
  return {
    fixedSteps: chunk * batch,
    learn: async (seed, begun) => {
      const own = make(seed);
      const returns: number[] = [];
      await own.learn({
        steps: whole,
        onEpisode: (report) => {
          returns.push(report.return);
        },
        onUpdate: ({ steps }) => {
          if (steps === chunk * batch) begun();
        },
      });
      agent = own;
      return { steps: own.steps, returns };
    },
    run: async (steps) => {
      if (agent === null) throw new Error("nothing was learnt");
      await agent.learn({ steps: agent.steps + steps });
    },
  };
}
