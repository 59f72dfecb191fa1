import { expect, test } from "vitest";
import { draw } from "../../lib/draw/index.js";
import { cost, Generator, nn, ops, type Tensor, tensor, zeros } from "../../lib/index.js";
import { DDPG, Pendulum } from "../../lib/rl/index.js";
import { isWellFormed, named, shown } from "./figures.js";

class Heads extends nn.Module<[x: Tensor], { score: Tensor; rank: Tensor }> {
  body = new nn.Linear(3, 4);
  score = new nn.Linear(4, 1);
  rank = new nn.Linear(4, 5);
  forward(x: Tensor) {
    const z = this.body.forward(x);
    return { score: this.score.forward(z), rank: this.rank.forward(z) };
  }
}

const labels = (count: number) => zeros([count], { dtype: "int32" });

test("the loss of a sample compares the model's output with the target", () => {
  const data = { x: zeros([7, 3]), y: labels(7) };
  const net = shown(draw.loss(new nn.Linear(3, 4), cost.crossEntropy, data, { over: "sample" }));
  expect([...net.edges].sort()).toEqual(["Linear → ȳ", "x → Linear", "y → C", "ȳ → C"]);
  expect(named(net, "observed")).toEqual(["x", "y"]);
  expect(net.texts).toContain("crossEntropy");
  expect(net.frames).toEqual([]);
});

test("the loss over a set averages what stands on a plate", () => {
  const data = { x: zeros([7, 3]), y: labels(7) };
  const net = shown(draw.loss(new nn.Linear(3, 4), cost.crossEntropy, data));
  expect(net.frames).toEqual(["each sample p of P = 7"]);
  expect(net.edges).toEqual(expect.arrayContaining(["C → 1/P Σ", "1/P Σ → L"]));
});

test("several costs have their weights and their own targets", () => {
  const data = { x: zeros([7, 3]), y: { score: zeros([7, 1]), rank: labels(7) } };
  const costs = { score: cost.mse, rank: cost.crossEntropy };
  const picture = draw.loss(new Heads(), costs, data, { costWeights: { rank: 0.3 }, states: false });
  const net = shown(picture);
  expect(named(net, "cost")).toEqual(["C₁", "C₂"]);
  expect(net.texts).toEqual(expect.arrayContaining(["mse", "crossEntropy × 0.3"]));
  expect(net.edges.filter((edge) => edge.startsWith("score → ") && edge.endsWith("C₁"))).toHaveLength(2);
  expect(net.edges.filter((edge) => edge === "rank → C₁")).toEqual([]);
  expect(isWellFormed(picture.svg)).toBe(true);
});

test("a cost is given the outputs that it reads alone", () => {
  const data = { x: zeros([7, 3]), y: zeros([7, 1]) };
  const picture = draw.loss(new Heads(), ({ score }: { score: Tensor }, y) => cost.mse(score, y), data);
  const { edges } = shown(picture);
  expect(edges).toContain("score → C");
  expect(edges).not.toContain("rank → C");
});

test("a game's players share what both costs read", () => {
  const generator = new nn.Sequential(new nn.Linear(2, 3));
  const critic = new nn.Sequential(new nn.Linear(3, 1));
  const noise = new Generator(1);
  const fake = (from: nn.Module) => from.forward(noise.normal([4, 2]));
  const picture = draw.game(
    [
      {
        name: "critic",
        parameters: critic,
        cost: (d, g, real) => ops.sub(ops.mean(d.forward(fake(g))), ops.mean(d.forward(real))),
      },
      { name: "generator", parameters: generator, cost: (d, g) => ops.neg(ops.mean(d.forward(fake(g)))) },
    ],
    { batch: [zeros([4, 3])], states: false },
  );
  const net = shown(picture);
  expect(net.frames).toEqual(["critic", "generator"]);
  expect(named(net, "module").sort()).toEqual(["critic", "critic", "critic", "generator", "generator"]);
  expect(named(net, "parameter").sort()).toEqual(["critic.0", "generator.0"]);
  expect(named(net, "cost")).toEqual(["C", "C"]);
  expect(named(net, "op")).toEqual(["normal", "normal"]);
  expect(net.edges.filter((edge) => edge === "critic → C")).toHaveLength(3);
  expect(net.texts).toContain("minimised by generator");
});

test("a zero-sum game of tensors has one cost, which one player minimises and the other maximises", () => {
  const players = [
    { parameters: tensor([1]), cost: (a: Tensor, b: Tensor) => ops.sum(ops.mul(a, b)) },
    { parameters: tensor([1]) },
  ] as const;
  const net = shown(draw.game(players));
  expect(named(net, "cost")).toEqual(["C"]);
  expect(net.texts).toEqual(
    expect.arrayContaining([
      "player 0 [1]",
      "player 1 [1]",
      "minimised by player 0",
      "maximised by player 1",
    ]),
  );
});

test("an agent's actor climbs its critic, and the batch has its names", () => {
  const { actor, critics } = new DDPG(new Pendulum(), { network: { hidden: [4] } }).networks;
  const net = shown(
    draw.game(
      [
        { name: "critic", parameters: critics, cost: (q, _, s, a, r) => cost.mse(q.forward(s, a), r) },
        {
          name: "actor",
          parameters: actor,
          cost: (q, pi, s) => ops.neg(ops.mean(q.forward(s, pi.forward(s)))),
        },
      ],
      { batch: { state: zeros([8, 3]), action: zeros([8, 1]), aim: zeros([8]) }, states: false },
    ),
  );
  expect(named(net, "observed")).toEqual(["state", "action", "aim"]);
  expect(net.edges).toEqual(
    expect.arrayContaining([
      "state → actor",
      "actor → critic",
      "state → critic",
      "action → critic",
      "aim → C",
    ]),
  );
});
