import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  DataError,
  data,
  evaluate,
  fit,
  nn,
  ops,
  optim,
  predict,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { testErrors } from "../errors/expect-error.js";

type Two = { readonly a: Tensor; readonly b: Tensor };

const x = tensor([[1], [2], [3]]);
const [one, ten] = [1, 10].map((value) => tensor([[value], [value], [value]])) as [Tensor, Tensor];
const COSTS = { cost: { a: cost.mse, b: cost.mse } };

/** Gives 0 for both targets. */
class Still extends nn.Module<[x: Tensor], Two> {
  readonly layer = new nn.Linear(1, 1);

  forward(given: Tensor): Two {
    const zero = ops.mul(this.layer.forward(given), 0);
    return { a: zero, b: zero };
  }
}

describe("a validation set of several targets", () => {
  const validate = async (validation: unknown, own: object = COSTS) => {
    const model = new Still();
    const [report] = await fit(model, {
      data: { x, y: { a: one, b: ten } },
      optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
      validation,
      ...own,
    } as never);
    return { ...report?.validation };
  };
  const joint = {
    cost: (y: Two, target: Two) => ops.add(cost.mse(y.a, target.a), ops.mul(cost.mse(y.b, target.b), 2)),
  };

  test("is matched by name, of a stream too", async () => {
    const rows = [1, 2, 3].map((value) => ({ x: [value], y: { b: [10], a: [1] } }));
    for (const own of [{ x, y: { b: ten, a: one } }, data.stream(() => rows, { batchSize: 2 })]) {
      expect(await validate(own)).toEqual({ loss: 101, "a.loss": 1, "b.loss": 100 });
      expect(await validate(own, joint)).toEqual({ loss: 201 });
    }
  });

  testErrors(
    [{ a: one, c: ten }, { a: one, b: ten, c: one }, { a: one }, [one, ten], one].map((y) => [
      () => validate({ x, y }),
      ArgumentError,
      /^fit: expected validation to have the parts of data, y\.a, y\.b, got y/,
    ]),
  );
});

describe("outputs whose order depends on the number of samples", () => {
  class Turning extends nn.Module<[x: Tensor], object> {
    readonly layer = new nn.Linear(1, 1);

    constructor(readonly others: (a: Tensor, b: Tensor) => object = (a, b) => ({ b, a })) {
      super();
    }

    forward(given: Tensor): object {
      const a = ops.abs(ops.mul(this.layer.forward(given), 0));
      const b = ops.add(a, 10);
      return given.shape[0] === 2 ? { a, b } : this.others(a, b);
    }
  }
  const joint = (y: Two, target: Two) => ops.add(cost.mse(y.a, target.a), cost.mse(y.b, target.b));
  const wanted = { a: [[0], [0], [0]], b: [[10], [10], [10]] };
  const rows = [1, 2, 3].map((value) => ({ x: [value], y: { a: [0], b: [10] } }));
  const stream = data.stream(() => rows, { batchSize: 2 });
  const set = { x, y: { a: ops.mul(one, 0), b: ten } };

  test("are joined by name", async () => {
    for (const found of [predict(new Turning(), x, { batchSize: 2 }), predict(new Turning(), stream)]) {
      const { a, b } = (await found) as Two;
      expect({ a: a.toArray(), b: b.toArray() }).toEqual(wanted);
    }
  });

  test("are evaluated by name", async () => {
    for (const own of [{ data: set, batchSize: 2 }, { data: stream }]) {
      expect({ ...(await evaluate(new Turning(), { cost: joint, ...own } as never)) }).toEqual({ loss: 0 });
    }
  });

  test("are measured by name in a step of several mini-batches", async () => {
    const model = new Turning();
    const [report] = await fit(model, {
      data: set,
      ...COSTS,
      metrics: { a: ["meanAbsoluteError"], b: ["meanAbsoluteError"] },
      optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
      batchSize: 2,
      accumulate: 2,
    } as never);
    expect(report?.metrics).toMatchObject({ "a.meanAbsoluteError": 0, "b.meanAbsoluteError": 0 });
  });

  const lacking = () => new Turning((a) => ({ a }));
  const message = /: expected the model to give the same outputs for each number of samples, got y\.a/;
  testErrors([
    [() => predict(lacking(), x, { batchSize: 2 }), ArgumentError, message],
    [() => predict(lacking(), stream), ArgumentError, message],
  ]);
});

describe("mini-batches of a stream", () => {
  const found = async (rows: readonly data.StreamRow[]) => ({
    ...(await evaluate(new Still(), { ...COSTS, data: data.stream(() => rows, { batchSize: 1 }) } as never)),
  });

  test("have their parts by name", async () => {
    const rows = [
      { x: [1], y: { a: [1], b: [10] } },
      { x: [1], y: { b: [10], a: [1] } },
    ];
    expect(await found(rows)).toEqual({ loss: 101, "a.loss": 1, "b.loss": 100 });
  });

  test("have the inputs by name, for predictions too", async () => {
    class Difference extends nn.Module<[inputs: Two]> {
      forward({ a, b }: Two): Tensor {
        return ops.sub(a, b);
      }
    }
    const source = [{ x: { a: [3], b: [1] } }, { x: { b: [1], a: [3] } }];
    const stream = data.stream(() => source, { batchSize: 1 });
    expect((await predict(new Difference(), stream)).toArray()).toEqual([[2], [2]]);
  });

  testErrors([
    [
      () =>
        found([
          { x: [1], y: { a: [1], b: [10] } },
          { x: [1], y: { a: [1], c: [1] } },
        ]),
      DataError,
      /the parts of the first one, y\.a, y\.b, got y\.a, y\.c \(row 1 /,
    ],
  ]);
});
