import { describe, expect, test } from "vitest";
import {
  Game,
  type GameOptions,
  gameJacobian,
  type PlayOptions,
  play,
  simultaneousGradient,
  updateJacobian,
} from "../../lib/games/index.js";
import { compile, Generator, ops, optim, type Tensor, tensor } from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";

const { add, mean, mul, neg, square, sub, sum } = ops;

const float64 = (values: number[]): Tensor => tensor(values, { dtype: "float64" });
const range = (rows: number): Tensor =>
  tensor(
    Array.from({ length: rows }, (_, i) => i / rows),
    { shape: [rows, 1], dtype: "float64" },
  );

type Cost = (own: Tensor, other: Tensor, real: Tensor) => Tensor;

/** Two players whose costs need mini-batches and draw noise. Each has its optimizer. */
function noisy(): {
  players: { parameters: Tensor; cost: Cost; optimizer: optim.Adam }[];
  weights: Tensor[];
} {
  const noise = new Generator(9);
  const draw = (): Tensor => noise.normal([4, 1], { dtype: "float64" });
  const weights = [float64([0.3]), float64([-0.2])];
  const costs: Cost[] = [
    (a, b, real) => mean(square(sub(mul(a, real), add(mul(b, draw()), b)))),
    (a, b, real) => neg(mean(mul(a, square(sub(add(b, draw()), real))))),
  ];
  const players = costs.map((cost, i) => {
    const parameters = weights[i] as Tensor;
    return { parameters, cost, optimizer: new optim.Adam([parameters], { lr: 0.05, betas: [0.5, 0.9] }) };
  });
  return { players, weights };
}

/** Plays the noisy game with these numbers of moves, and gives the weights after it and the costs. */
async function outcome(
  moves: readonly (number | undefined)[],
  options: Partial<PlayOptions> = {},
): Promise<number[]> {
  const { players, weights } = noisy();
  const movers = players.map((player, i) => {
    const count = moves[i];
    return count === undefined ? player : { ...player, moves: count };
  });
  const { costs } = await play(
    movers as never,
    {
      method: "descent",
      order: "alternating",
      steps: 12,
      data: [range(20)],
      batchSize: 4,
      ...options,
    } as PlayOptions,
  );
  return [...weights.map((w) => w.item()), ...costs.data];
}

/** The same by hand on the data in their order. */
function byHand(moves: readonly [number, number], steps: number): number[] {
  const { players, weights } = noisy();
  const [a, b] = weights.map((w) => Object.assign(w, { requiresGrad: true })) as [Tensor, Tensor];
  const data = range(20);
  let at = 0;
  const next = (): Tensor => {
    const batch = ops.slice(data, 0, { start: at, end: at + 4 });
    at = (at + 4) % 20;
    return batch;
  };
  const reported: number[] = [];
  for (let step = 0; step < steps; step++) {
    const batches = Array.from({ length: Math.max(...moves) }, next);
    players.forEach(({ cost, optimizer }, i) => {
      for (let k = 0; k < (moves[i] as number); k++) {
        const value = cost(a, b, batches[k] as Tensor);
        if (k === 0) reported.push(value.item());
        optimizer.zeroGrad();
        value.backward();
        optimizer.step();
      }
    });
  }
  return [a.item(), b.item(), ...reported];
}

describe("a player with several moves", () => {
  test("makes steps of the same bits with moves 1 as without", async () => {
    for (const options of [
      {},
      { compiled: false },
      { order: "simultaneous" },
      { method: "extragradient" },
      { method: "optimistic", order: "simultaneous" },
    ] as Partial<PlayOptions>[]) {
      expect(await outcome([1, 1], options)).toEqual(await outcome([undefined, undefined], options));
    }
  });

  test.each<[readonly [number, number]]>([[[2, 1]], [[1, 3]], [[2, 3]]])(
    "goes where descent by hand goes, with moves %j, with new noise and the next mini-batch in each move",
    async (moves) => {
      const expected = byHand(moves, 12);
      for (const compiled of [true, false]) {
        expectNumbersClose(await outcome(moves, { compiled, shuffle: false }), expected);
      }
    },
  );

  test("goes the same way however many steps a call makes", async () => {
    const whole = await outcome([3, 1], { steps: 40 });
    expect(await outcome([3, 1], { steps: 40, every: 7, onStep: () => {} })).toEqual(whole);
  });

  test("gets a mini-batch for each move from one order of the data", async () => {
    const seen: number[][][] = [[], []];
    const cost =
      (i: number) =>
      (a: Tensor, b: Tensor, batch = tensor([0])): Tensor => {
        seen[i]?.push([...batch.data]);
        return mean(mul(mul(a, b), batch));
      };
    const [a, b] = [tensor([1]), tensor([1])];
    const numbers = tensor(
      Array.from({ length: 7 }, (_, i) => i),
      { shape: [7, 1] },
    );
    await play(
      [
        { parameters: a, cost: cost(0), moves: 2 },
        { parameters: b, cost: cost(1) },
      ],
      {
        method: "descent",
        order: "alternating",
        lr: 0,
        steps: 2,
        data: [numbers],
        batchSize: 2,
        shuffle: false,
        compiled: false,
      },
    );
    // The last of seven numbers fills no mini-batch.
    expect(seen[0]).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [0, 1],
    ]);
    expect(seen[1]).toEqual([
      [0, 1],
      [4, 5],
    ]);
  });

  test("has an update Jacobian of all its moves", () => {
    const bilinear = (moves: readonly [number, number]) =>
      [
        {
          parameters: float64([0.5]),
          cost: (x: Tensor, y: Tensor, factor = float64([1])) => mul(sum(mul(x, y)), mean(factor)),
          moves: moves[0],
        },
        { parameters: float64([0.7]), moves: moves[1] },
      ] as const;
    const options = { method: "descent", order: "alternating", lr: 0.1 } as const;
    // x ← x − m·η·y, and then y ← y + n·η·x.
    for (const [m, n] of [
      [2, 1],
      [1, 3],
    ] as const) {
      const expected = [1, -0.1 * m, 0.1 * n, 1 - 0.01 * m * n];
      expectNumbersClose([...updateJacobian(bilinear([m, n]), options).data], expected);
    }
    // On factors for each move: x ← x − η·(1 + 3)·y, and then y ← y + η·1·x.
    const onBatch = updateJacobian(bilinear([2, 1]), options, float64([1, 3]));
    expectNumbersClose([...onBatch.data], [1, -0.4, 0.1, 0.96]);
    expect(gameJacobian(bilinear([2, 1])).toArray()).toEqual([
      [0, 1],
      [-1, 0],
    ]);
  });

  test("has a simultaneous gradient on the whole mini-batch", () => {
    const players = [
      { parameters: float64([1]), cost: (w: Tensor, x = w) => sum(mul(w, mean(x))), moves: 2 },
    ] as const;
    expect(simultaneousGradient(players, float64([1, 2, 6])).item()).toBe(3);
  });

  test("moves on the parts of a batch that a step of a game gets, in the same program", () => {
    const batch = float64([1, 3, 10]);
    const players = () =>
      [
        { parameters: float64([0]), cost: (w: Tensor, x = w) => sum(mul(w, mean(x))), moves: 3, lr: 1 },
      ] as const;
    for (const isCompiled of [false, true]) {
      const own = players();
      const game = new Game(own, { method: "descent", order: "alternating" });
      const step = isCompiled ? compile((x: Tensor) => game.step(x)) : (x: Tensor) => game.step(x);
      expect(step(batch).map((cost) => cost.item())).toEqual([0]);
      expect(own[0].parameters.item()).toBe(-14);
      expect(game.stateDict().steps).toBe(1);
    }
  });
});

describe("several moves are refused", () => {
  const two = (moves: unknown, name?: string) =>
    [
      { parameters: tensor([1]), cost: (x: Tensor, y: Tensor) => sum(mul(x, y)), lr: 0.1 },
      { parameters: tensor([2]), lr: 0.1, moves, ...(name && { name }) },
    ] as never;
  const alternating: GameOptions = { method: "descent", order: "alternating" };

  test.each([0, -1, 1.5, 1001, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, "2", [2], true])(
    "where their number is %s",
    (moves) => {
      const message = "expected the moves of player 1 to be a whole number ≥ 1 and ≤ 1000, got";
      expect(() => new Game(two(moves), alternating)).toThrow(
        expect.objectContaining({
          code: "ERR_ARGUMENT",
          message: expect.stringContaining(`Game: ${message}`),
        }),
      );
      expect(() => gameJacobian(two(moves))).toThrow(`gameJacobian: ${message}`);
    },
  );

  test.each<[GameOptions, string]>([
    [{ method: "descent" }, "descent in simultaneous order"],
    [{ method: "extragradient", order: "alternating" }, "extragradient in alternating order"],
    [{ method: "optimistic", order: "alternating" }, "optimistic in alternating order"],
    [{ method: "consensus", order: "alternating" }, "consensus in alternating order"],
    [{ method: "symplectic", order: "alternating" }, "symplectic in alternating order"],
    [{ method: "lola", order: "alternating" }, "lola in alternating order"],
    [{ method: "competitive" }, "competitive in simultaneous order"],
  ])("where they are not defined: %j", async (options, got) => {
    const message = `player "critic" has 2 moves; only descent in alternating order takes more than one, got ${got}`;
    const error = (where: string) =>
      expect.objectContaining({ code: "ERR_ARGUMENT", message: `${where}: ${message}` });
    const players = two(2, "critic");
    expect(() => new Game(players, options)).toThrow(error("Game"));
    expect(() => updateJacobian(players, options)).toThrow(error("updateJacobian"));
    await expect(play(players, { ...options, steps: 1 })).rejects.toThrow(error("play"));
  });

  test.each([
    { batch: tensor([1, 2, 3]), code: "ERR_SHAPE", got: "[3]" },
    { batch: tensor(3), code: "ERR_SHAPE", got: "[]" },
    { batch: tensor([], { shape: [0, 2] }), code: "ERR_SHAPE", got: "[0, 2]" },
    { batch: 5, code: "ERR_ARGUMENT", got: "5" },
  ])("on a batch that is not one for each, with nothing moved: $got", ({ batch, code, got }) => {
    const players = two(2) as { parameters: Tensor }[];
    const game = new Game(players as never, alternating);
    expect(() => game.step(tensor([1, 2]), batch as Tensor)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(/^Game: expected batch\[1\] to /) }),
    );
    expect(() => game.step(tensor([1, 2]), batch as Tensor)).toThrow(`got ${got}`);
    expect(players.map(({ parameters }) => parameters.item())).toEqual([1, 2]);
    expect(game.stateDict().steps).toBe(0);
  });
});
