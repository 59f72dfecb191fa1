import { describe, expect, test } from "vitest";
import {
  Game,
  type GameOptions,
  gameJacobian,
  play,
  simultaneousGradient,
  spectralRadius,
  updateJacobian,
} from "../../lib/games/index.js";
import { compile, nn, ops, optim, type Tensor, tensor } from "../../lib/index.js";

const { argmax, detach, mul, square, sum, to } = ops;

const cost = (x: Tensor, y: Tensor): Tensor => sum(mul(x, y));
const [a, b] = [tensor([1]), tensor([2])];
const adam = (w: Tensor): optim.Adam => new optim.Adam([w]);

/** Two players, with other fields for the first. */
const two = (first: object = {}, second: object = {}) =>
  [
    { parameters: a, cost, lr: 0.1, ...first },
    { parameters: b, lr: 0.1, ...second },
  ] as never;

const make = (players: unknown, options: object) => () => new Game(players as never, options as GameOptions);

describe("Game refuses, with the player's name,", () => {
  const descent = { method: "descent" };
  test.each<[string, unknown, object, string, string]>([
    ["players that are no list", 5, descent, "ERR_ARGUMENT", "Game: expected a list of players, got 5"],
    ["no players", [], descent, "ERR_ARGUMENT", "Game: expected at least one player, got none"],
    [
      "a player that is no object",
      [5],
      descent,
      "ERR_ARGUMENT",
      "Game: player 0: expected an object of options, got 5",
    ],
    [
      "a misspelt field",
      two({ params: a }),
      descent,
      "ERR_OPTION",
      'Game: player 0: unknown option "params"',
    ],
    [
      "a name that is no word",
      two({ name: 3 }),
      descent,
      "ERR_ARGUMENT",
      "Game: expected the name of player 0 to be a word, got 3",
    ],
    [
      "parameters of another kind",
      two({}, { parameters: "w" }),
      descent,
      "ERR_ARGUMENT",
      "Game: expected the parameters of player 1 to be a tensor, or a list",
    ],
    [
      "no parameters",
      two({ parameters: [], name: "max" }),
      descent,
      "ERR_ARGUMENT",
      'Game: player "max" has no parameters that are not frozen',
    ],
    [
      "integers",
      two({ parameters: tensor([1], { dtype: "int32" }) }),
      descent,
      "ERR_DTYPE",
      "Game: expected the parameters of player 0 to be float32 or float64, one is int32",
    ],
    [
      "results of ops",
      two({ parameters: mul(tensor([1], { requiresGrad: true }), 2) }),
      descent,
      "ERR_GRAPH",
      "Game: a parameter of player 0 is the result of an op",
    ],
    [
      "shared parameters",
      two({ name: "min" }, { parameters: [b, a] }),
      descent,
      "ERR_ARGUMENT",
      'Game: player "min" and player 1 share a parameter',
    ],
    [
      "shared memory",
      two({}, { parameters: detach(a) }),
      descent,
      "ERR_ARGUMENT",
      "Game: player 0 and player 1 share a parameter",
    ],
    [
      "a parameter twice",
      two({ parameters: [a, a] }),
      descent,
      "ERR_ARGUMENT",
      "Game: player 0 has a parameter twice",
    ],
    [
      "a cost that is no function",
      two({ cost: 1 }),
      descent,
      "ERR_ARGUMENT",
      "Game: expected the cost of player 0 to be a function, got 1",
    ],
    [
      "a first player without cost",
      two({ cost: undefined }),
      descent,
      "ERR_ARGUMENT",
      "Game: player 0 has no cost; only the second of two players may have none",
    ],
    [
      "no learning rate",
      [{ parameters: a, cost: sum }],
      descent,
      "ERR_ARGUMENT",
      "Game: expected the lr of player 0 to be a number ≥ 0, got undefined",
    ],
    [
      "a negative learning rate",
      two({}, { lr: -1 }),
      descent,
      "ERR_ARGUMENT",
      "Game: expected the lr of player 1 to be a number ≥ 0, got -1",
    ],
    [
      "an optimizer of another kind",
      two({ lr: undefined, optimizer: {} }),
      descent,
      "ERR_ARGUMENT",
      "Game: expected the optimizer of player 0 to be an Optimizer, got an object",
    ],
    [
      "both lr and optimizer",
      two({ optimizer: adam(a) }),
      descent,
      "ERR_ARGUMENT",
      "Game: player 0 has an lr and an optimizer; give one of them",
    ],
    [
      "an optimizer of other parameters",
      two({ lr: undefined, optimizer: adam(tensor([0])) }),
      descent,
      "ERR_ARGUMENT",
      "Game: the optimizer of player 0 lacks one of its parameters",
    ],
    [
      "an optimizer of both",
      two({ lr: undefined, optimizer: new optim.SGD([a, b]) }),
      descent,
      "ERR_ARGUMENT",
      "Game: the optimizers of player 0 and player 1 share a parameter",
    ],
    [
      "LBFGS",
      two({ lr: undefined, optimizer: new optim.LBFGS([a]) }),
      descent,
      "ERR_ARGUMENT",
      "Game: the optimizer of player 0 is LBFGS",
    ],
    [
      "an optimizer that extragradient is not defined for",
      two({ lr: undefined, optimizer: new optim.Adagrad([a]) }),
      { method: "extragradient" },
      "ERR_ARGUMENT",
      "Game: extragradient takes the optimizers SGD, Adam; the optimizer of player 0 is Adagrad",
    ],
    [
      "an optimizer that optimistic is not defined for",
      two({}, { lr: undefined, optimizer: new optim.Lion([b]) }),
      { method: "optimistic" },
      "ERR_ARGUMENT",
      "Game: optimistic takes the optimizers SGD, Adam, Adagrad; the optimizer of player 1 is Lion",
    ],
    [
      "any optimizer for competitive",
      two({ lr: undefined, optimizer: adam(a) }),
      { method: "competitive" },
      "ERR_ARGUMENT",
      "Game: competitive takes lr and no optimizer",
    ],
  ])("%s", (_, players, options, code, message) => {
    expect(make(players, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe("Game refuses", () => {
  test.each<[string, unknown, string, string]>([
    [
      "options that are none",
      undefined,
      "ERR_ARGUMENT",
      "Game: expected an object of options with a method, got undefined",
    ],
    [
      "an unknown method",
      { method: "ascent" },
      "ERR_ARGUMENT",
      'Game: expected method to be one of "descent", ',
    ],
    ["no method", {}, "ERR_ARGUMENT", "Game: expected method to be one of"],
    [
      "a misspelt option",
      { method: "consensus", gama: 1 },
      "ERR_OPTION",
      'Game: consensus: unknown option "gama"; did you mean "gamma"?',
    ],
    [
      "another method's option",
      { method: "descent", gamma: 1 },
      "ERR_OPTION",
      'Game: descent: unknown option "gamma"',
    ],
    [
      "an unknown order",
      { method: "descent", order: "random" },
      "ERR_ARGUMENT",
      'Game: expected the order of descent to be one of "simultaneous", "alternating", got "random"',
    ],
    [
      "an order of competitive",
      { method: "competitive", order: "alternating" },
      "ERR_ARGUMENT",
      'Game: expected the order of competitive to be one of "simultaneous", got "alternating"',
    ],
    [
      "past of another kind",
      { method: "extragradient", past: 1 },
      "ERR_ARGUMENT",
      "Game: extragradient: expected past to be true or false, got 1",
    ],
    [
      "gamma below 0",
      { method: "consensus", gamma: -1 },
      "ERR_ARGUMENT",
      "Game: consensus: expected gamma to be a number ≥ 0, got -1",
    ],
    [
      "lambda below 0",
      { method: "symplectic", lambda: -1 },
      "ERR_ARGUMENT",
      "Game: symplectic: expected lambda to be a number ≥ 0, got -1",
    ],
    [
      "align of another kind",
      { method: "symplectic", align: "yes" },
      "ERR_ARGUMENT",
      "Game: symplectic: expected align to be true or false",
    ],
    [
      "an opponent's rate below 0",
      { method: "lola", opponentLr: -1 },
      "ERR_ARGUMENT",
      "Game: lola: expected opponentLr to be a number ≥ 0, got -1",
    ],
    [
      "firstOrder of another kind",
      { method: "lola", firstOrder: 2 },
      "ERR_ARGUMENT",
      "Game: lola: expected firstOrder to be true or false, got 2",
    ],
    [
      "no iterations",
      { method: "competitive", iterations: 0 },
      "ERR_ARGUMENT",
      "Game: competitive: expected iterations to be a whole number ≥ 1, got 0",
    ],
    [
      "a negative tolerance",
      { method: "competitive", tolerance: -1 },
      "ERR_ARGUMENT",
      "Game: competitive: expected tolerance to be a number ≥ 0, got -1",
    ],
    [
      "adaptive of another kind",
      { method: "competitive", adaptive: 1 },
      "ERR_ARGUMENT",
      "Game: competitive: expected adaptive to be true or false, got 1",
    ],
    [
      "beta of 1",
      { method: "competitive", beta: 1 },
      "ERR_ARGUMENT",
      "Game: competitive: expected beta to be a number ≥ 0 and < 1, got 1",
    ],
    [
      "eps of 0",
      { method: "competitive", eps: 0 },
      "ERR_ARGUMENT",
      "Game: competitive: expected eps to be a number > 0, got 0",
    ],
  ])("%s", (_, options, code, message) => {
    expect(make(two(), options as object)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("competitive for other than two players", () => {
    const players = [{ parameters: a, cost: sum, lr: 1 }];
    expect(make(players, { method: "competitive" })).toThrow("Game: competitive is for 2 players, got 1");
  });

  test("vectors of parameters of different dtypes where a method needs one vector", () => {
    const mixed = [
      {
        parameters: [tensor([1]), tensor([1], { dtype: "float64" })],
        cost: ([u, v]: Tensor[]) => mul(sum(u as Tensor), to(sum(v as Tensor), "float32")),
        lr: 1,
      },
      { parameters: b, cost: (_: unknown, y: Tensor) => sum(square(y)), lr: 1 },
    ];
    const game = new Game(mixed as never, { method: "competitive" });
    expect(() => game.step()).toThrow(
      "Game: competitive: expected parameters of one dtype, got float32 and float64",
    );
  });
});

describe("a step refuses, with the player's name and nothing moved,", () => {
  const rows: [string, (x: Tensor, y: Tensor) => unknown, string, string][] = [
    [
      "a cost that gives no tensor",
      () => 3,
      "ERR_ARGUMENT",
      'expected the cost of player "second" to be a tensor, got 3',
    ],
    [
      "a cost that is no scalar",
      (_, y) => mul(y, tensor([1, 2])),
      "ERR_SHAPE",
      'expected the cost of player "second" to be a scalar, got [2]',
    ],
    [
      "a cost of integers",
      (_, y) => argmax(y),
      "ERR_DTYPE",
      'expected the cost of player "second" to be float32 or float64, got int32',
    ],
    [
      "a cost that does not depend on its player",
      (x) => sum(square(x)),
      "ERR_GRAPH",
      'the cost of player "second" does not depend on its own parameters',
    ],
    [
      "a cost that reads a tensor past its arguments",
      () => sum(square(b)),
      "ERR_GRAPH",
      "a cost reads plain tensors from its arguments",
    ],
    [
      "a cost that an op cuts off",
      (_, y) => to(argmax(y), "float32"),
      "ERR_GRAPH",
      'the cost of player "second" comes from argmax, which has no gradient',
    ],
  ];
  const methods: GameOptions[] = [
    { method: "descent", order: "alternating" },
    { method: "extragradient" },
    { method: "consensus" },
    { method: "lola" },
    { method: "competitive" },
  ];
  test.each(rows)("%s", (_, wrong, code, message) => {
    for (const options of methods) {
      const [x, y] = [tensor([1]), tensor([2])];
      const players = [
        { parameters: x, cost: (x: Tensor, y: Tensor) => sum(mul(square(x), y)), lr: 0.1 },
        { name: "second", parameters: y, cost: wrong as (x: Tensor, y: Tensor) => Tensor, lr: 0.1 },
      ] as const;
      const game = new Game(players, options);
      for (const step of [() => game.step(), compile(() => game.step())]) {
        expect(step).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
        expect([x.item(), y.item()]).toEqual([1, 2]);
      }
      expect(game.stateDict().steps).toBe(0);
    }
    expect([a.item(), b.item()]).toEqual([1, 2]);
  });

  test("parameters that were frozen when the game was made", () => {
    const layer = new nn.Linear(1, 1);
    layer.weight.requiresGrad = false;
    const game = new Game([{ parameters: layer, cost: (m) => sum(m.forward(a)) }], {
      method: "descent",
      lr: 1,
    });
    game.step();
    layer.weight.requiresGrad = true;
    expect(() => game.step()).toThrow("Game: the optimizer of player 0 lacks one of its parameters");
  });
});

describe("Game.loadStateDict refuses, with nothing changed,", () => {
  const game = () =>
    new Game(
      [
        { parameters: tensor([1]), cost, lr: 0.1 },
        { parameters: tensor([2]), lr: 0.1 },
      ],
      {
        method: "optimistic",
      },
    );
  const state = (): Record<string, unknown> => ({ ...game().stateDict() });
  test.each<[string, (own: Record<string, unknown>) => unknown, string]>([
    ["what is no object", () => 3, "expected an object of options, got 3"],
    [
      "another method's state",
      (own) => ({ ...own, method: "lola" }),
      'expected a state of optimistic, got "lola"',
    ],
    ["unknown entries", (own) => ({ ...own, step: 3 }), 'unknown option "step"'],
    [
      "a count that is none",
      (own) => ({ ...own, steps: -1 }),
      "expected steps to be a whole number ≥ 0, got -1",
    ],
    ["nothing kept", (own) => ({ ...own, kept: {} }), "expected kept.move to be a list, got undefined"],
    [
      "what is kept of other players",
      (own) => ({ ...own, kept: { move: [[a]] } }),
      "expected kept.move to have 2 entries, got 1",
    ],
    [
      "what is kept of other shapes",
      (own) => ({ ...own, kept: { move: [[a], [tensor([1, 2])]] } }),
      "kept.move[1][0]: expected shape [1], got [2]",
    ],
    [
      "another number of optimizers",
      (own) => ({ ...own, optimizers: [] }),
      "expected states of 2 optimizers, got 0",
    ],
    [
      "an optimizer's state that is none",
      (own) => ({ ...own, optimizers: [(own["optimizers"] as unknown[])[0], 5] }),
      "expected a state dict, got 5",
    ],
  ])("%s", (_, change, message) => {
    const own = game();
    own.step();
    const before = JSON.stringify(own.stateDict());
    expect(() => own.loadStateDict(change(state()) as never)).toThrow(message);
    expect(JSON.stringify(own.stateDict())).toBe(before);
  });
});

describe("play refuses, before any step,", () => {
  test.each<[string, unknown, string]>([
    ["no options", undefined, "play: expected an object of options with a method, got undefined"],
    ["steps that are no number", {}, "play: expected steps to be a whole number ≥ 0, got undefined"],
    ["a misspelt option", { stepz: 3, steps: 1 }, 'unknown option "stepz"; did you mean "steps"?'],
    [
      "a state that is none",
      { steps: 1, state: 3 },
      "Game.loadStateDict: expected an object of options, got 3",
    ],
    ["every of 0", { steps: 1, every: 0 }, "play: expected every to be a whole number ≥ 1, got 0"],
    [
      "compiled of another kind",
      { steps: 1, compiled: 1 },
      "play: expected compiled to be true or false, got 1",
    ],
    [
      "shuffle of another kind",
      { steps: 1, shuffle: 1 },
      "play: expected shuffle to be true or false, got 1",
    ],
    ["a seed below 0", { steps: 1, seed: -1 }, "play: expected seed to be a whole number ≥ 0, got -1"],
    [
      "a signal that is none",
      { steps: 1, signal: {} },
      "play: expected signal to be an AbortSignal, got an object",
    ],
    ["a callback that is none", { steps: 1, onStep: 3 }, "play: expected onStep to be a function, got 3"],
    ["data that are no list", { steps: 1, data: 3 }, "play: expected data to be a list of tensors, got 3"],
    ["a list of no data", { steps: 1, data: [] }, "play: expected data to hold a tensor, got none"],
    ["data that are no tensors", { steps: 1, data: [3] }, "play: expected data[0] to be a tensor, got 3"],
    [
      "data without samples",
      { steps: 1, data: [tensor(3)] },
      "play: expected data[0] to hold samples, got []",
    ],
    [
      "data of different lengths",
      { steps: 1, data: [tensor([1, 2]), tensor([1])] },
      "play: data[1] has 1 samples, data[0] has 2",
    ],
    [
      "a batch larger than the data",
      { steps: 1, data: [tensor([1, 2])], batchSize: 3 },
      "play: expected batchSize (the set has 2 samples) to be a whole number ≥ 1 and ≤ 2, got 3",
    ],
    ["a batch size without data", { steps: 1, batchSize: 3 }, "play: batchSize needs data"],
  ])("%s", async (_, options, message) => {
    const given = typeof options === "object" ? { method: "descent", ...options } : options;
    await expect(play(two(), given as never)).rejects.toThrow(message);
    expect([a.item(), b.item()]).toEqual([1, 2]);
  });
});

describe("the Jacobians refuse", () => {
  test("bad players, by their own names", () => {
    expect(() => simultaneousGradient([] as never)).toThrow(
      "simultaneousGradient: expected at least one player",
    );
    expect(() => gameJacobian(two({ cost: () => mul(a, tensor([1, 2])) }))).toThrow(
      "gameJacobian: expected the cost of player 0 to be a scalar, got [2]",
    );
  });

  test("steps that are not plain", () => {
    for (const optimizer of [
      adam(a),
      new optim.SGD([a], { momentum: 0.5 }),
      new optim.SGD([a], { weightDecay: 1 }),
    ]) {
      expect(() => updateJacobian(two({ lr: undefined, optimizer }), { method: "descent" })).toThrow(
        "updateJacobian: expected plain steps of player 0",
      );
    }
    expect(() => updateJacobian(two(), { method: "competitive", adaptive: true })).toThrow(
      "updateJacobian: competitive has plain steps only without adaptive",
    );
  });

  test("a radius of what is no square matrix of floats", () => {
    expect(() => spectralRadius(5 as never)).toThrow("spectralRadius: expected matrix to be a tensor, got 5");
    expect(() => spectralRadius(tensor([1, 2]))).toThrow("spectralRadius: expected a square matrix, got [2]");
    expect(() => spectralRadius(tensor([[1, 2]]))).toThrow(
      "spectralRadius: expected a square matrix, got [1, 2]",
    );
    expect(() => spectralRadius(tensor([[1]], { dtype: "int32" }))).toThrow(
      "of float32 or float64, got int32",
    );
  });
});
