// A diagram of each kind, for what a browser shows of all of them.

import { type DrawOptions, draw, type Picture } from "../../lib/draw/index.js";
import { compile, cost, nn, ops, optim, type Tensor, tensor, zeros } from "../../lib/index.js";
import { DDPG, Pendulum } from "../../lib/rl/index.js";

/** Weights that are the same on each machine. */
function fixed<Model extends nn.Module<never, unknown>>(model: Model): Model {
  model.parameters().forEach((parameter, k) => {
    parameter.data.set(Array.from({ length: parameter.size }, (_, i) => Math.sin(3 * i + k)));
  });
  return model;
}

/** Branches, a module that is used twice, and ops. */
class Branches extends nn.Module {
  twice = new nn.Linear(4, 4);
  own = new nn.Linear(4, 4);
  norm = new nn.LayerNorm(4);

  forward(x: Tensor): Tensor {
    const h = ops.relu(this.twice.forward(x));
    return this.norm.forward(ops.add(this.twice.forward(this.own.forward(h)), x));
  }
}

/** Two outputs from one body. */
class Heads extends nn.Module<[Tensor], [Tensor, Tensor]> {
  body = new nn.Linear(3, 4);
  kind = new nn.Linear(4, 2);
  size = new nn.Linear(4, 1);

  forward(x: Tensor): [Tensor, Tensor] {
    const h = ops.tanh(this.body.forward(x));
    return [this.kind.forward(h), this.size.forward(h)];
  }
}

const deep = new nn.Sequential(
  ...Array.from({ length: 12 }, () => [new nn.Linear(4, 4), new nn.ReLU()]).flat(),
);
const wide = new nn.Sequential(new nn.Linear(600, 60), new nn.ReLU(), new nn.Linear(60, 10));
const small = () => fixed(new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh(), new nn.Linear(3, 2)));

const backward = (more: DrawOptions = {}): Picture =>
  draw(small(), tensor([[1, -0.5]]), {
    style: "backward",
    cost: cost.mse,
    target: tensor([[1, 0]]),
    ...more,
  });

function program(): Picture {
  const model = new nn.Sequential(new nn.Linear(30, 40), new nn.Tanh(), new nn.Linear(40, 10));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = cost.crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  return draw(step, [zeros([32, 30]), zeros([32], { dtype: "int32" })], { style: "program" });
}

function game(): Picture {
  const [generator, critic] = [new nn.Linear(2, 3), new nn.Linear(3, 1)];
  const fake = (from: nn.Linear): Tensor => from.forward(zeros([16, 2]));
  return draw.game(
    [
      {
        name: "critic",
        parameters: critic,
        cost: (d: nn.Linear, g: nn.Linear, real: Tensor) =>
          ops.sub(ops.mean(d.forward(fake(g))), ops.mean(d.forward(real))),
      },
      {
        name: "generator",
        parameters: generator,
        cost: (d: nn.Linear, g: nn.Linear) => ops.neg(ops.mean(d.forward(fake(g)))),
      },
    ],
    { batch: [zeros([16, 3])] },
  );
}

function agent(): Picture {
  const { actor, critics } = new DDPG(new Pendulum(), { network: { hidden: [4] } }).networks;
  return draw.game(
    [
      { name: "critic", parameters: critics, cost: (q, _, s, a, r) => cost.mse(q.forward(s, a), r) },
      {
        name: "actor",
        parameters: actor,
        cost: (q, pi, s) => ops.neg(ops.mean(q.forward(s, pi.forward(s)))),
      },
    ],
    { batch: { state: zeros([8, 3]), action: zeros([8, 1]), aim: zeros([8]) }, states: false },
  );
}

const x4 = zeros([1, 4]);

export const DIAGRAMS: Readonly<Record<string, () => Picture>> = {
  "branches and a module used twice": () => draw(new Branches(), x4),
  "branches, downwards": () => draw(new Branches(), x4, { direction: "down" }),
  "branches, opened to ops": () => draw(new Branches(), x4, { open: true, direction: "down" }),
  "a deep model": () => draw(deep, x4, { direction: "down" }),
  "several costs with weights": () =>
    draw.loss(
      new Heads(),
      [cost.crossEntropy, cost.mse],
      { x: zeros([9, 3]), y: [zeros([9], { dtype: "int32" }), zeros([9, 1])] },
      { costWeights: [1, 0.5] },
    ),
  "two players": game,
  "an actor and its critic": agent,
  "units of large layers": () => draw(fixed(wide), zeros([1, 600]), { style: "units" }),
  "units, downwards": () => draw(small(), tensor([[1, -0.5]]), { style: "units", direction: "down" }),
  "gradients with values and a perturbation": () => backward({ perturbation: tensor([[0.01, 0]]) }),
  "gradients, to the right": () => backward({ direction: "right" }),
  "several costs that flow back": () =>
    draw(fixed(new Heads()), tensor([[1, -0.5, 2]]), {
      style: "backward",
      cost: [cost.mse, cost.l1],
      target: [tensor([[1, 0]]), tensor([[2]])],
      costWeights: [1, 0.5],
      values: true,
    }),
  "a compiled step": program,
};
