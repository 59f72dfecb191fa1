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
