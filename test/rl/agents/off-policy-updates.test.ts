// The updates of DQN, DDPG, TD3 and SAC against PyTorch: test/oracle/agent_updates.py.

import { readFileSync } from "node:fs";
import { describe, test } from "vitest";
import { compile, Generator, type nn, type Tensor, tensor } from "../../../lib/index.js";
import {
  Box,
  DDPG,
  Discrete,
  DQN,
  type Environment,
  type ReplayBatch,
  SAC,
  type Space,
  TD3,
} from "../../../lib/rl/index.js";
import { expectNumbersClose, TOLERANCE } from "../../oracle/compare.js";

type Lists = Readonly<Record<string, readonly (readonly number[])[]>>;

interface Answer {
  readonly first: Lists;
  readonly steps: readonly {
    readonly batch: Readonly<Record<keyof ReplayBatch, number[] | number[][] | boolean[]>>;
    readonly noise: readonly (readonly number[][])[];
    readonly figures: Readonly<Record<string, number>>;
  }[];
  readonly last: Lists;
}

const ANSWERS = JSON.parse(
  readFileSync(new URL("../../oracle/agent-updates.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Answer>> & {
  readonly settings: {
    readonly gamma: number;
    readonly tau: number;
    readonly lr: number;
    readonly batchSize: number;
  };
};
const { settings } = ANSWERS;
const OPTIONS = { ...settings, network: { hidden: [5], activation: "tanh" as const } };

/** Spaces alone: no step is made. */
const nowhere = <A>(actionSpace: Space<A>): Environment<ArrayLike<number>, A> => ({
  observationSpace: new Box(-9, 9, { shape: [3] }),
  actionSpace,
  reset: () => ({ observation: [0, 0, 0], info: {} }),
  step: () => ({ observation: [0, 0, 0], reward: 0, terminated: false, truncated: false, info: {} }),
});
const box = () => nowhere(new Box(-1, 1, { shape: [2] }));

/** Gives noise that was drawn elsewhere. */
class Drawn extends Generator {
  readonly noise: Tensor[] = [];
  override normal(): Tensor {
    return this.noise.shift() as Tensor;
  }
}

interface Learner {
  readonly networks: nn.Module;
  readonly updates: readonly { readonly figures: readonly string[]; learn(batch: ReplayBatch): Tensor[] }[];
  readonly drawn: Drawn;
}

class OpenDQN extends DQN<ArrayLike<number>, number> implements Learner {
  declare readonly updates;
  readonly drawn = new Drawn();
}
class OpenDDPG extends DDPG implements Learner {
  declare readonly updates;
  readonly drawn = new Drawn();
  protected override readonly ordering = this.drawn;
}
class OpenTD3 extends TD3 implements Learner {
  declare readonly updates;
  readonly drawn = new Drawn();
  protected override readonly ordering = this.drawn;
}
class OpenSAC extends SAC implements Learner {
  declare readonly updates;
  readonly drawn = new Drawn();
  protected override readonly ordering = this.drawn;
}

const LEARNERS: Readonly<Record<string, () => Learner>> = {
  DQN: () => new OpenDQN(nowhere(new Discrete(4)), { ...OPTIONS, maxGradNorm: 0.1 }),
  "DQN, not double": () =>
    new OpenDQN(nowhere(new Discrete(4)), { ...OPTIONS, maxGradNorm: 0.1, double: false }),
  DDPG: () => new OpenDDPG(box(), OPTIONS),
  TD3: () => new OpenTD3(box(), { ...OPTIONS, targetNoise: 0.5, targetNoiseClip: 0.4 }),
  SAC: () => new OpenSAC(box(), { ...OPTIONS, initialTemperature: Math.exp(-0.5) }),
  "SAC, fixed temperature": () => new OpenSAC(box(), { ...OPTIONS, temperature: 0.3 }),
};

const part = (networks: nn.Module, name: string): nn.Module =>
  (networks as unknown as Readonly<Record<string, nn.Module>>)[name] as nn.Module;

const batchOf = (answer: Answer["steps"][number]["batch"], isDiscrete: boolean): ReplayBatch => ({
  observation: tensor(answer.observation as number[][]),
  action: tensor(answer.action as number[], { dtype: isDiscrete ? "int32" : "float32" }),
  reward: tensor(answer.reward as number[]),
  nextObservation: tensor(answer.nextObservation as number[][]),
  terminated: tensor(answer.terminated as boolean[]),
});

describe("updates are PyTorch's", () => {
  for (const [name, make] of Object.entries(LEARNERS)) {
    test(name, () => {
      const answer = ANSWERS[name] as Answer;
      const { networks, updates, drawn } = make();
      for (const [net, lists] of Object.entries(answer.first)) {
        part(networks, net)
          .parameters()
          .forEach((parameter, i) => {
            parameter.data.set(lists[i] as number[]);
          });
      }
      answer.steps.forEach(({ batch, noise, figures }, i) => {
        const { figures: names, learn } = updates[i % updates.length] as Learner["updates"][number];
        // Compiled, as the agent does it: the noise is a part of the program.
        drawn.noise.push(...noise.map((values) => tensor(values.map((row) => [...row]))));
        const given = batchOf(batch, name.startsWith("DQN"));
        const results = compile(() => learn(given))();
        for (const [figure, value] of Object.entries(figures)) {
          const result = results[names.indexOf(figure)] as Tensor;
          expectNumbersClose([result.item()], [value], TOLERANCE.float32, `${figure} of update ${i}`);
        }
      });
      for (const [net, lists] of Object.entries(answer.last)) {
        part(networks, net)
          .parameters()
          .forEach((parameter, i) => {
            expectNumbersClose(
              parameter.data,
              lists[i] as number[],
              { rtol: 1e-3, atol: 1e-4 },
              `${net} ${i}`,
            );
          });
      }
    });
  }
});
