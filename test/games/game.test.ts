import { describe, expect, test } from "vitest";
import { Game, type GameOptions, type GameStateDict, type Players } from "../../lib/games/index.js";
import { compile, Generator, nn, ops, optim, type Tensor, tensor } from "../../lib/index.js";

const { add, cos, mean, mul, neg, softplus, square, sub, sum, tanh } = ops;

const float64 = (values: number[]): Tensor => tensor(values, { dtype: "float64" });

const METHODS: readonly GameOptions[] = [
  { method: "descent" },
  { method: "descent", order: "alternating" },
  { method: "extragradient" },
  { method: "extragradient", past: true },
  { method: "optimistic" },
  { method: "consensus" },
  { method: "symplectic" },
  { method: "competitive" },
  { method: "competitive", adaptive: true },
  { method: "lola" },
];
const named = METHODS.map((options) => [JSON.stringify(options), options] as const);

/** Modules of a small GAN, with a cost that draws noise. */
function gan(
  makesSteps: boolean,
  noise = new Generator(3),
): {
  players: Players<[nn.Module, nn.Module]>;
  models: [nn.Module, nn.Module];
  noise: Generator;
} {
  const generator = new Generator(7);
  const filled = <M extends nn.Module>(model: M): M => {
    for (const parameter of model.parameters()) {
      parameter.data.set(generator.normal(parameter.shape, { std: 0.5 }).data as Float32Array);
    }
    return model;
  };
  const d = filled(new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 1)));
  const g = filled(new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2)));
  const fake = (from: nn.Module): Tensor => from.forward(noise.normal([8, 3]));
  const optimizer = (model: nn.Module) =>
    makesSteps
      ? { optimizer: new optim.Adam(model.parameters(), { lr: 0.01, betas: [0.5, 0.9] }) }
      : { lr: 0.05 };
  return {
    players: [
      {
        name: "discriminator",
        parameters: d,
        cost: (own, other, real) =>
          add(mean(softplus(neg(own.forward(real)))), mean(softplus(own.forward(fake(other))))),
        ...optimizer(d),
      },
      {
        name: "generator",
        parameters: g,
        cost: (other, own) => mean(softplus(neg(other.forward(fake(own))))),
        ...optimizer(g),
      },
    ],
    models: [d, g],
    noise,
  };
}

const weights = (models: readonly nn.Module[]): number[] =>
  models.flatMap((model) => model.parameters().flatMap(({ data }) => [...data]));

const takesOptimizers = ({ method }: GameOptions): boolean => method !== "competitive";

describe.each(named)("a step of %s", (_, options) => {
  const real = new Generator(5).normal([8, 2]);

  test("moves the modules of a GAN on mini-batches, and is the same compiled", () => {
    const runs = [false, true].map((isCompiled) => {
      const { players, models } = gan(takesOptimizers(options));
      const before = weights(models);
      const game = new Game(players, options);
      const step = isCompiled
        ? compile((batch: Tensor) => game.step(batch))
        : (batch: Tensor) => game.step(batch);
      const costs = Array.from({ length: 4 }, () => step(real).map((cost) => cost.item()));
      expect(weights(models)).not.toEqual(before);
      return { costs: costs.flat(), after: weights(models) };
    });
    const [eager, compiled] = runs as [(typeof runs)[0], (typeof runs)[0]];
    compiled.costs.forEach((cost, i) => {
      expect(cost).toBeCloseTo(eager.costs[i] as number, 4);
    });
    compiled.after.forEach((w, i) => {
      expect(w).toBeCloseTo(eager.after[i] as number, 4);
    });
  });

  test("goes on with the same bits from a kept state", () => {
    const whole = gan(takesOptimizers(options));
    const first = gan(takesOptimizers(options));
    const step = (game: { step(batch: Tensor): unknown }, count: number): void => {
      for (let i = 0; i < count; i++) game.step(real);
    };
    step(new Game(whole.players, options), 6);
    const before = new Game(first.players, options);
    step(before, 3);
    const state: GameStateDict = before.stateDict();
    // Its noise goes on too.
    const second = gan(takesOptimizers(options), first.noise);
    second.models.forEach((model, i) => {
      model.loadStateDict((first.models[i] as nn.Module).stateDict());
    });
    const after = new Game(second.players, options);
    after.loadStateDict(state);
    step(after, 3);
    expect(weights(second.models)).toEqual(weights(whole.models));
  });

  test("leaves no gradients, and does not touch frozen parameters", () => {
    const { players, models } = gan(takesOptimizers(options));
    const [frozen] = models[0].parameters();
    if (frozen === undefined) throw new Error("no parameter");
    frozen.requiresGrad = false;
    const before = [...frozen.data];
    const game = new Game(players, options);
    game.step(real);
    expect([...frozen.data]).toEqual(before);
    expect(models.flatMap((model) => model.parameters()).every(({ grad }) => grad === null)).toBe(true);
  });
});

describe("a game", () => {
  const cost = (x: Tensor, y: Tensor): Tensor => sum(mul(x, tanh(y)));

  test("reports each player's cost before it moves", () => {
    const at = { x: 0.5, y: 2 };
    const players = [
      { parameters: float64([at.x]), cost },
      { parameters: float64([at.y]), cost: (x: Tensor, y: Tensor) => sum(cos(add(x, y))) },
    ] as const;
    for (const options of METHODS.filter(
      (one) => one.order !== "alternating" && one.method !== "extragradient",
    )) {
      players[0].parameters.data[0] = at.x;
      players[1].parameters.data[0] = at.y;
      const [first, second] = new Game(players, { ...options, lr: 0.1 }).step() as [Tensor, Tensor];
      expect(first.item()).toBeCloseTo(0.5 * Math.tanh(2), 12);
      expect(second.item()).toBeCloseTo(Math.cos(2.5), 12);
    }
  });

  test("lets players with different learning rates move at their own", () => {
    const [x, y] = [float64([1]), float64([1])];
    const game = new Game(
      [
        { parameters: x, cost: (x) => sum(square(x)), lr: 0.1 },
        { parameters: y, cost: (_, y) => sum(square(y)) },
      ],
      { method: "descent", lr: 0.25 },
    );
    game.step();
    expect([x.item(), y.item()]).toEqual([0.8, 0.5]);
    const [first] = game.optimizers;
    if (first === undefined) throw new Error("no optimizer");
    first.lr = 0.5;
    game.step();
    expect([x.item(), y.item()]).toEqual([0, 0.25]);
  });

  test("takes a schedule's rates into a compiled step without tracing it again", () => {
    let traces = 0;
    const x = float64([1]);
    const y = float64([1]);
    const game = new Game(
      [
        {
          parameters: x,
          cost: (x, y) => {
            traces++;
            return sum(mul(x, y));
          },
        },
        { parameters: y },
      ],
      { method: "descent", lr: 0.1 },
    );
    const step = compile(() => game.step());
    step();
    const made = traces;
    for (const optimizer of game.optimizers) optimizer.lr = 0.2;
    step();
    expect(traces).toBe(made);
    // (1, 1) → (0.9, 1.1) → (0.68, 1.28)
    expect(x.item()).toBeCloseTo(0.68, 12);
    expect(y.item()).toBeCloseTo(1.28, 12);
  });

  test("may have one player, lists and objects of tensors, and a number of players of any method but competitive", () => {
    for (const options of METHODS.filter(({ method }) => method !== "competitive")) {
      const parts = { a: [float64([1, 2])], b: float64([3]) };
      const one = new Game(
        [
          {
            parameters: parts,
            cost: ({ a, b }) => a.reduce((total, one) => add(total, sum(square(one))), sum(square(b))),
          },
        ],
        { ...options, lr: 0.1 },
      );
      for (let i = 0; i < 200; i++) one.step();
      expect(Math.max(...[...parts.a, parts.b].flatMap(({ data }) => [...data].map(Math.abs)))).toBeLessThan(
        1e-3,
      );
    }
  });

  test("moves its players to the same point by extragradient and by the cost's own solution", () => {
    // x·y + x²/2 − x and −(x·y) + y²/2: x + y = 1, y = x.
    const [x, y] = [float64([3]), float64([-2])];
    const game = new Game(
      [
        { parameters: x, cost: (x, y) => sum(add(mul(x, y), sub(mul(0.5, square(x)), x))) },
        { parameters: y, cost: (x, y) => sum(sub(mul(0.5, square(y)), mul(x, y))) },
      ],
      { method: "extragradient", lr: 0.3 },
    );
    for (let i = 0; i < 200; i++) game.step();
    expect(x.item()).toBeCloseTo(0.5, 10);
    expect(y.item()).toBeCloseTo(0.5, 10);
  });

  test("by ExtraAdam moves Adam's moments twice in a step", () => {
    const x = float64([1]);
    const optimizer = new optim.Adam([x], { lr: 0.1 });
    const game = new Game([{ parameters: x, cost: (x) => sum(square(x)), optimizer }], {
      method: "extragradient",
    });
    game.step();
    const [state] = Object.values(optimizer.stateDict().state);
    expect((state?.["step"] as Tensor | undefined)?.item()).toBe(2);
  });

  test("solves a competitive step to the tolerance that it is given", () => {
    const run = (options: object): number[] => {
      const generator = new Generator(2);
      const [x, y] = [
        generator.normal([6], { dtype: "float64" }),
        generator.normal([6], { dtype: "float64" }),
      ];
      const A = generator.normal([6, 6], { dtype: "float64" });
      const game = new Game(
        [{ parameters: x, cost: (x, y) => sum(mul(x, ops.matmul(A, y))) }, { parameters: y }],
        {
          method: "competitive",
          lr: 1,
          ...options,
        },
      );
      game.step();
      return [...x.data, ...y.data];
    };
    const exact = run({ iterations: 40, tolerance: 0 });
    const distance = (values: number[]): number =>
      Math.hypot(...values.map((v, i) => v - (exact[i] as number)));
    expect(distance(run({ iterations: 40, tolerance: 1e-9 }))).toBeLessThan(1e-7);
    expect(distance(run({ iterations: 40, tolerance: 0.3 }))).toBeGreaterThan(1e-3);
    expect(distance(run({ iterations: 2, tolerance: 1e-9 }))).toBeGreaterThan(1e-3);
  });
});
