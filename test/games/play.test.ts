import { describe, expect, expectTypeOf, test } from "vitest";
import { Game, type GameHistory, type PlayOptions, play } from "../../lib/games/index.js";
import { Generator, nn, ops, type Tensor, tensor } from "../../lib/index.js";

const { add, matmul, mean, mul, square, sub, sum } = ops;

const float64 = (values: number[]): Tensor => tensor(values, { dtype: "float64" });

function bilinear(options: Partial<PlayOptions> = {}) {
  const [x, y] = [float64([0.8]), float64([0.6])];
  const players = [
    { parameters: x, cost: (u: Tensor, v: Tensor) => sum(mul(u, v)) },
    { parameters: y },
  ] as const;
  const run = (): Promise<GameHistory> =>
    play(players, { method: "descent", lr: 0.1, steps: 10, ...options } as PlayOptions);
  return { x, y, players, run };
}

describe("play", () => {
  test("makes the steps of a game, and gives the costs of each", async () => {
    const { x, y, run } = bilinear();
    const history = await run();
    const other = bilinear();
    const game = new Game(other.players, { method: "descent", lr: 0.1 });
    const costs = Array.from({ length: 10 }, () => game.step().map((cost) => cost.item()));
    expect(history.steps).toBe(10);
    expect(history.costs.toArray()).toEqual(costs);
    expect([x.item(), y.item()]).toEqual([other.x.item(), other.y.item()]);
  });

  test("gives the same however many steps a call makes, and eagerly", async () => {
    const reference = bilinear({ steps: 500 });
    await reference.run();
    for (const options of [{ onStep: () => {} }, { onStep: () => {}, every: 7 }, { compiled: false }]) {
      const { x, y, run } = bilinear({ steps: 500, ...options });
      await run();
      expect([x.item(), y.item()]).toEqual([reference.x.item(), reference.y.item()]);
    }
  });

  test("reports every so many steps and after the last, and waits for the callback", async () => {
    const seen: number[] = [];
    let isInside = false;
    const { run } = bilinear({
      steps: 10,
      every: 4,
      onStep: async ({ step, costs }) => {
        expect(isInside).toBe(false);
        isInside = true;
        await new Promise((resolve) => setImmediate(resolve));
        isInside = false;
        expect(costs.length).toBe(2);
        seen.push(step);
      },
    });
    await run();
    expect(seen).toEqual([4, 8, 10]);
  });

  test("ends between two steps by a signal, with its reason", async () => {
    const control = new AbortController();
    const { run, x } = bilinear({
      steps: 1_000_000,
      signal: control.signal,
      onStep: ({ step }) => {
        if (step === 3) control.abort(new Error("enough"));
      },
    });
    await expect(run()).rejects.toThrow("enough");
    const three = bilinear({ steps: 3 });
    await three.run();
    expect(x.item()).toBe(three.x.item());
  });

  test("goes on with the same bits from the state of another", async () => {
    for (const method of ["optimistic", "extragradient"] as const) {
      const more = method === "extragradient" ? { past: true } : {};
      const whole = bilinear({ method, steps: 20, ...more } as Partial<PlayOptions>);
      await whole.run();
      const first = bilinear({ method, steps: 8, ...more } as Partial<PlayOptions>);
      const { state } = await first.run();
      expect(state.steps).toBe(8);
      const second = await play(first.players, { method, steps: 12, lr: 0.1, state, ...more } as PlayOptions);
      expect(second.state.steps).toBe(20);
      expect([first.x.item(), first.y.item()]).toEqual([whole.x.item(), whole.y.item()]);
    }
  });

  test("keeps its players busy: others cannot move them meanwhile", async () => {
    const { players, run, x } = bilinear({ steps: 5 });
    const running = run();
    const other = play(players, { method: "descent", lr: 0.1, steps: 1 });
    const game = new Game(players, { method: "descent", lr: 0.1 });
    expect(() => game.step()).toThrow(expect.objectContaining({ code: "ERR_BUSY" }));
    await expect(other).rejects.toMatchObject({ code: "ERR_BUSY" });
    await running;
    const alone = bilinear({ steps: 5 });
    await alone.run();
    expect(x.item()).toBe(alone.x.item());
  });

  test("makes no step for 0 steps, and lets the event loop run during many", async () => {
    const none = bilinear({ steps: 0 });
    expect((await none.run()).costs.shape).toEqual([0, 2]);
    expect(none.x.item()).toBe(0.8);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await bilinear({ steps: 300_000, lr: 0.001 }).run();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  test("passes on what a cost throws, before any step", async () => {
    const x = float64([1]);
    const run = play(
      [
        {
          parameters: x,
          cost: () => {
            throw new RangeError("mine");
          },
        },
      ],
      {
        method: "descent",
        lr: 1,
        steps: 1,
      },
    );
    await expect(run).rejects.toThrow(RangeError);
    expect(x.item()).toBe(1);
  });

  test("refuses costs that read values unless it is told not to compile", async () => {
    const players = () =>
      [{ parameters: float64([1]), cost: (x: Tensor) => (x.item() > 0 ? sum(square(x)) : sum(x)) }] as const;
    const options = { method: "descent", lr: 0.1, steps: 2 } as const;
    await expect(play(players(), options)).rejects.toMatchObject({ code: "ERR_TRACE" });
    const one = players();
    await play(one, { ...options, compiled: false });
    expect(one[0].parameters.item()).toBeCloseTo(0.64, 12);
  });
});

describe("play on data", () => {
  const rows = 10;
  const data = tensor(
    Array.from({ length: rows }, (_, i) => i),
    { shape: [rows, 1] },
  );

  /** What the costs get in each step. */
  async function batches(options: Partial<PlayOptions>): Promise<number[][]> {
    const seen: number[][] = [];
    const x = tensor([1]);
    const cost = (w: Tensor, batch = data): Tensor => {
      seen.push([...batch.data]);
      return sum(mul(w, mean(batch)));
    };
    await play([{ parameters: x, cost }], {
      method: "descent",
      lr: 0,
      data: [data],
      compiled: false,
      ...options,
    } as PlayOptions);
    return seen;
  }

  test("goes over the samples in order, as far as there are whole mini-batches", async () => {
    const seen = await batches({ steps: 5, batchSize: 4, shuffle: false });
    expect(seen).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [0, 1, 2, 3],
    ]);
  });

  test("goes over them in a new order in each pass, by the seed", async () => {
    const once = await batches({ steps: 6, batchSize: 5, seed: 1 });
    for (const pass of [0, 2, 4]) {
      const all = [...(once[pass] as number[]), ...(once[pass + 1] as number[])];
      expect(all.sort((a, b) => a - b)).toEqual([...data.data]);
    }
    expect(once.slice(0, 2)).not.toEqual(once.slice(2, 4));
    expect(await batches({ steps: 6, batchSize: 5, seed: 1 })).toEqual(once);
    expect(await batches({ steps: 6, batchSize: 5, seed: 2 })).not.toEqual(once);
  });

  test("copies the data, and gives the same compiled", async () => {
    const generator = new Generator(4);
    const inputs = generator.normal([40, 3], { dtype: "float64" });
    const targets = generator.normal([40, 2], { dtype: "float64" });
    const runs = [true, false].map(async (compiled) => {
      const w = float64([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
      const bound = float64([0.5]);
      const [x, y] = [add(inputs, 0), add(targets, 0)];
      const run = play(
        [
          {
            parameters: w,
            cost: (w, bound, x, y) =>
              mean(mul(bound, square(sub(matmul(x as Tensor, ops.reshape(w, [3, 2])), y as Tensor)))),
          },
          { parameters: bound, cost: (_, bound) => sum(square(sub(bound, 1))) },
        ],
        { method: "extragradient", lr: 0.1, steps: 50, data: [x, y], batchSize: 8, compiled },
      );
      x.data.fill(Number.NaN);
      await run;
      return [...w.data, ...bound.data];
    });
    const [compiled, eager] = await Promise.all(runs);
    compiled?.forEach((value, i) => {
      expect(value).toBeCloseTo(eager?.[i] as number, 10);
    });
  });
});

test("the costs' arguments have the forms of the players' parameters", () => {
  const layer = new nn.Linear(2, 1);
  const pair = { a: tensor([1]), b: [tensor([2])] };
  void (() =>
    play(
      [
        {
          parameters: layer,
          cost: (model, own, real) => {
            expectTypeOf(model).toEqualTypeOf<nn.Linear>();
            expectTypeOf(own.a).toEqualTypeOf<Tensor>();
            expectTypeOf(real).toEqualTypeOf<Tensor>();
            return model.forward(own.a);
          },
        },
        { parameters: pair },
      ],
      { method: "descent", steps: 1 },
    ));
  const players = [{ parameters: layer, cost: (m: nn.Linear) => m.forward(pair.a) }] as const;
  // @ts-expect-error: an option of another method
  void (() => play(players, { method: "descent", gamma: 1, steps: 1 }));
});
