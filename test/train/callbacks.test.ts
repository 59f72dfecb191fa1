// What callbacks may do to a training, and what stays as it was.
import { describe, expect, test } from "vitest";
import {
  cost,
  type EpochReport,
  type FitOptions,
  fit,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  type Tensor,
} from "../../lib/index.js";

const dtype = "float64";
const generator = new Generator(3);
const x = generator.normal([24, 4], { dtype });
const y = generator.normal([24, 2], { dtype });

type More = Partial<FitOptions>;

function make(...between: nn.Module[]) {
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(4, 5, { dtype }), ...between, new nn.Linear(5, 2, { dtype }));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const options = { data: { x, y }, cost: cost.mse, optimizer, batchSize: 6, epochs: 2, shuffle: false };
  return { model, optimizer, train: (more: More = {}) => fit(model, { ...options, ...more }) };
}

const layerOf = (model: nn.Module, i: number): nn.Module => [...model.namedChildren()][i]?.[1] as nn.Module;
const valuesOf = (model: nn.Module): number[] =>
  [...model.namedParameters(), ...model.namedBuffers()].flatMap(([, one]) => [...one.data]);

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - (expected[i] as number))).toBeLessThanOrEqual(1e-9);
  });
}

/** Steps by hand over the set in order. `before` is called before each, with its number from 0. */
function byHand(model: nn.Module, optimizer: optim.SGD, before: (step: number) => void = () => {}): void {
  for (let step = 0; step < 8; step++) {
    before(step);
    const start = 6 * (step % 4);
    const of = (all: Tensor): Tensor => ops.slice(all, 0, { start, end: start + 6 });
    optimizer.zeroGrad();
    cost.mse(model.forward(of(x)), of(y)).backward();
    optimizer.step();
  }
}

type Called = "onBatch" | "onEpoch" | "onStep";
const CALLBACKS: readonly Called[] = ["onBatch", "onEpoch", "onStep"];
/** The options with such a callback. */
const calling = (name: Called, run: () => unknown): More =>
  ({ [name]: name === "onStep" ? { every: 1, run } : run }) as More;
const later = <T>(give: () => T) => new Promise((done) => setTimeout(done, 3)).then(give);

describe.each(CALLBACKS)("%s", (name) => {
  test.each<[string, (error: unknown) => unknown]>([
    [
      "throws",
      (error) => {
        throw error;
      },
    ],
    ["rejects", (error) => Promise.reject(error)],
    [
      "rejects later",
      (error) =>
        later(() => {
          throw error;
        }),
    ],
  ])(
    "that %s rejects the training with that very error, and the model can be trained on",
    async (_, fail) => {
      for (const error of [new Error("enough"), "a text", undefined]) {
        const { model, train } = make();
        let calls = 0;
        const run = train(
          calling(name, () => {
            calls++;
            return fail(error);
          }),
        );
        await expect(
          run.then(
            () => "done",
            (one: unknown) => ({ one }),
          ),
        ).resolves.toEqual({ one: error });
        expect(calls).toBe(1);
        expect(valuesOf(model).every(Number.isFinite)).toBe(true);
        await expect(train()).resolves.toHaveLength(2);
      }
    },
  );

  test("is waited for before anything else happens", async () => {
    let open = 0;
    let most = 0;
    const seen: number[] = [];
    const { model, train } = make();
    await train(
      calling(name, async () => {
        open++;
        most = Math.max(most, open);
        const before = valuesOf(model);
        await later(() => {});
        expect(valuesOf(model)).toEqual(before);
        open--;
        seen.push(before[0] as number);
      }),
    );
    expect(most).toBe(1);
    expect(open).toBe(0);
    expect(new Set(seen).size).toBe(name === "onEpoch" ? 2 : 8);
  });

  test.each<[string, () => unknown]>([
    ["at once", () => "stop"],
    ["as a promise", () => later(() => "stop")],
    // biome-ignore lint/suspicious/noThenProperty: what other libraries of promises give
    ["as what has a then", () => ({ then: (done: (answer: string) => void) => done("stop") })],
  ])("that answers stop %s ends the training with its history whole", async (_, answer) => {
    const reports: EpochReport[] = [];
    const { train } = make();
    const note = (report: EpochReport): void => {
      reports.push(report);
    };
    const others = name === "onEpoch" ? {} : { onEpoch: note };
    const history = await train({ validation: { x, y }, ...others, ...calling(name, answer) });
    expect(history).toHaveLength(1);
    expect(Number.isFinite(history[0]?.loss)).toBe(true);
    expect(Number.isFinite(history[0]?.validation?.loss)).toBe(true);
    if (name !== "onEpoch") expect(reports).toEqual(history);
  });

  test.each([[undefined], [null], [true], [0], ["Stop"]])("that answers %j goes on", async (answer) => {
    await expect(make().train(calling(name, () => answer))).resolves.toHaveLength(2);
  });
});

describe("what a callback changes holds from the next step", () => {
  test.each<[string, (made: ReturnType<typeof make>) => void]>([
    ["the learning rate", ({ optimizer }) => (optimizer.lr = 0.3)],
    [
      "which parameters are frozen",
      ({ model }) => {
        for (const one of model.parameters().slice(0, 2)) one.requiresGrad = false;
      },
    ],
    ["a layer's mode", ({ model }) => layerOf(model, 1).eval()],
    ["a layer's options", ({ model }) => Object.assign(layerOf(model, 1), { momentum: 0.9 })],
    [
      "a parameter's values",
      ({ model }) => {
        (model.parameters()[0] as nn.Parameter).data.fill(0.5);
      },
    ],
  ])("%s", async (_, change) => {
    for (const at of [1, 3, 5]) {
      const hand = make(new nn.BatchNorm1d(5, { dtype }));
      byHand(hand.model, hand.optimizer, (step) => step === at && change(hand));
      for (const name of ["onBatch", "onStep"] as const) {
        const made = make(new nn.BatchNorm1d(5, { dtype }));
        let steps = 0;
        await made.train(
          calling(name, () => {
            if (++steps === at) change(made);
          }),
        );
        expectClose(valuesOf(made.model), valuesOf(hand.model));
      }
    }
  });
});

describe("what was frozen by eval()", () => {
  test.each<[string, More]>([
    ["", {}],
    [", with accumulate", { batchSize: 3, accumulate: 2 }],
    [", with validation", { validation: { x, y } }],
  ])("stays so%s: BatchNorm keeps its statistics and Dropout drops nothing", async (_, more) => {
    const layers = () => {
      const norm = new nn.BatchNorm1d(5, { dtype });
      (norm.runningMean as Tensor).data.set([1, 2, 3, 4, 5]);
      (norm.runningVar as Tensor).data.set([1, 4, 9, 4, 1]);
      return [norm.eval(), new nn.Dropout(0.9).eval()];
    };
    const hand = make(...layers());
    byHand(hand.model, hand.optimizer);
    const made = make(...layers());
    await made.train(more);
    expectClose(valuesOf(made.model), valuesOf(hand.model));
    const norm = layerOf(made.model, 1) as nn.BatchNorm1d;
    expect([...(norm.runningMean as Tensor).data]).toEqual([1, 2, 3, 4, 5]);
    expect([...(norm.runningVar as Tensor).data]).toEqual([1, 4, 9, 4, 1]);
    expect([made.model.training, norm.training, layerOf(made.model, 2).training]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("learns all the same where its parameters are not frozen", async () => {
    const made = make(new nn.BatchNorm1d(5, { dtype }).eval());
    const { weight } = layerOf(made.model, 1) as nn.BatchNorm1d;
    const before = [...(weight as Tensor).data];
    await made.train();
    expect([...(weight as Tensor).data]).not.toEqual(before);
  });

  test("is the layers, not the model: a model in evaluation mode is trained, and is then in it again", async () => {
    const made = make(new nn.BatchNorm1d(5, { dtype }));
    made.model.eval();
    await made.train();
    const norm = layerOf(made.model, 1) as nn.BatchNorm1d;
    expect([...(norm.runningMean as Tensor).data]).not.toEqual([0, 0, 0, 0, 0]);
    expect([made.model.training, norm.training]).toEqual([false, false]);
  });
});
