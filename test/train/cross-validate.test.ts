import { describe, expect, expectTypeOf, test } from "vitest";
import {
  ArgumentError,
  type CrossValidationFold,
  cost,
  crossValidate,
  data,
  evaluate,
  fit,
  Generator,
  nn,
  OptionError,
  optim,
  type Trainee,
  tensor,
} from "../../lib/index.js";
import { bad, expectError } from "../errors/expect-error.js";

const generator = new Generator(3);
const x = generator.normal([40, 2]);
const y = tensor(
  Array.from({ length: 40 }, (_, p) => Number((x.data[2 * p] as number) > 0)),
  { dtype: "int32" },
);

function make(): Trainee {
  const model = new nn.Linear(2, 2);
  for (const one of model.parameters()) one.storage.forWriting().fill(0);
  return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.5 }) };
}

const options = { folds: 4, cost: cost.crossEntropy, epochs: 3, batchSize: 8, seed: 5 } as const;

describe("crossValidate", () => {
  test("gives what fit and evaluate give on each fold of kFold, their means and spreads", async () => {
    const seen: CrossValidationFold[] = [];
    const found = await crossValidate(
      (fold) => {
        seen.push(fold);
        return make();
      },
      { x, y },
      { ...options, metrics: ["accuracy", "rocAuc"], stratify: y },
    );
    const losses: number[] = [];
    for (const { train, test: rest } of data.kFold({ x, y }, 4, { stratify: y, seed: 5 })) {
      const { model, optimizer } = make();
      await fit(model, { data: train, cost: cost.crossEntropy, optimizer, epochs: 3, batchSize: 8, seed: 5 });
      const expected = await evaluate(model, {
        data: rest,
        cost: cost.crossEntropy,
        metrics: ["accuracy", "rocAuc"],
      });
      expect(found.folds[losses.length]).toEqual(expected);
      losses.push(expected.loss);
    }
    expect(seen.map(({ fold }) => fold)).toEqual([0, 1, 2, 3]);
    expect(seen.map(({ test: rest }) => rest.y.size)).toEqual([10, 10, 10, 10]);
    const mean = losses.reduce((sum, one) => sum + one, 0) / 4;
    expect(found.mean.loss).toBeCloseTo(mean, 12);
    const variance = losses.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 3;
    expect(found.std.loss).toBeCloseTo(Math.sqrt(variance), 12);
    expect(found.mean.accuracy).toBeGreaterThan(0.6);
    expectTypeOf(found.mean.rocAuc).toEqualTypeOf<number>();
  });

  test("prints as a table", async () => {
    const found = await crossValidate(make, { x, y }, { ...options, folds: 2, metrics: ["accuracy"] });
    const lines = String(found).split("\n");
    expect(lines.map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
      "loss",
      "fold 1",
      "fold 2",
      "mean",
      "std",
    ]);
    expect(lines[3]).toContain(found.mean.accuracy.toFixed(4));
  });

  test("refuses a model that has learnt from another fold's test part", async () => {
    const same = make();
    await expectError([
      () => crossValidate(() => same, { x, y }, options),
      ArgumentError,
      "crossValidate: expected makeModel to make a new model for each fold, got parameters that an earlier fold has trained",
    ]);
  });

  test("takes models that share a frozen part", async () => {
    const shared = new nn.Linear(2, 2);
    for (const one of shared.parameters()) one.requiresGrad = false;
    const before = shared.parameters().map((one) => [...one.data]);
    const found = await crossValidate(
      () => {
        const head = new nn.Linear(2, 2);
        return {
          model: new nn.Sequential(shared, head),
          optimizer: new optim.SGD(head.parameters(), { lr: 0.5 }),
        };
      },
      { x, y },
      { ...options, folds: 2 },
    );
    expect(found.folds).toHaveLength(2);
    expect(shared.parameters().map((one) => [...one.data])).toEqual(before);
  });

  test("refuses what it cannot do before it trains", async () => {
    const unused = (): Trainee => {
      throw new Error("made a model");
    };
    const set = { x, y };
    await expectError([
      () => crossValidate(unused, set, { ...options, folds: 1 }),
      ArgumentError,
      "crossValidate: expected folds to be a whole number ≥ 2, got 1",
    ]);
    await expectError([
      () => crossValidate(unused, set, { ...options, metrics: ["confusionMatrix"] }),
      ArgumentError,
      "crossValidate: expected metric confusionMatrix to give a number, got a ConfusionMatrix; evaluate gives it",
    ]);
    await expectError([
      () => crossValidate(unused, set, bad({ ...options, fold: 3 })),
      OptionError,
      'crossValidate: unknown option "fold"; did you mean "folds"?',
    ]);
    await expectError([
      () => crossValidate(bad(), set, options),
      ArgumentError,
      "crossValidate: expected makeModel to be a function, got undefined",
    ]);
    await expectError([
      () =>
        crossValidate(
          bad(() => new nn.Linear(1, 1)),
          set,
          options,
        ),
      ArgumentError,
      "crossValidate: expected makeModel to give { model, optimizer }, got a Linear",
    ]);
  });
});
