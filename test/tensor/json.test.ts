import { MessageChannel } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import {
  compile,
  type DType,
  nn,
  ones,
  optim,
  reviveTensors,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";

const copied = <T>(value: T): T => JSON.parse(JSON.stringify(value), reviveTensors) as T;

const trained = (): { model: nn.Sequential; optimizer: optim.Adam } => {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  model
    .forward(
      tensor([
        [1, 2, 3],
        [3, 2, 1],
      ]),
    )
    .square()
    .sum()
    .backward();
  optimizer.step();
  return { model, optimizer };
};

describe("JSON", () => {
  test.each<[DType, Tensor]>([
    [
      "float32",
      tensor([
        [0.1, -0, 1e-45],
        [3e38, Number.NaN, Number.NEGATIVE_INFINITY],
      ]),
    ],
    ["float64", tensor([Math.PI, -0, 5e-324, Number.POSITIVE_INFINITY], { dtype: "float64" })],
    ["int32", tensor([[-(2 ** 31)], [2 ** 31 - 1]], { dtype: "int32" })],
    ["bool", tensor([true, false])],
    ["float32", zeros([2, 0, 3])],
    ["float32", tensor(7)],
  ])("keeps every bit of %s %#", (dtype, x) => {
    const y = copied(x);
    expect([y.dtype, y.shape]).toEqual([dtype, x.shape]);
    expect(new Uint8Array(y.data.buffer)).toEqual(new Uint8Array(x.data.buffer));
  });

  test("is the result of toJSON", () => {
    expect(JSON.stringify(tensor([[1, Number.NaN]]))).toBe(
      '{"dtype":"float32","shape":[1,2],"data":[1,"NaN"]}',
    );
  });

  test("copies the state of a module and an optimizer to others", () => {
    const { model, optimizer } = trained();
    const { model: other, optimizer: itsOptimizer } = trained();
    other.loadStateDict(copied(model.stateDict()));
    itsOptimizer.loadStateDict(copied(optimizer.stateDict()));
    expect(JSON.stringify(other.stateDict())).toBe(JSON.stringify(model.stateDict()));
    expect(JSON.stringify(itsOptimizer.stateDict())).toBe(JSON.stringify(optimizer.stateDict()));
  });

  test("does not change other values", () => {
    const value = {
      data: [1],
      shape: "round",
      dtype: "float32",
      more: { data: [1], shape: [1], dtype: "int8" },
    };
    expect(copied(value)).toEqual(value);
  });

  test("reports elements that do not fit", () => {
    const revive = (value: unknown) => () => reviveTensors("", value);
    expect(revive({ data: [1, 2], shape: [3], dtype: "float32" })).toThrow("2 values do not fit [3]");
    expect(revive({ data: [0.5], shape: [1], dtype: "int32" })).toThrow("whole numbers");
    expect(revive({ data: [0, 2], shape: [2], dtype: "bool" })).toThrow("2 at position 1 does not fit bool");
    expect(revive({ data: [1e300], shape: [1], dtype: "float32" })).toThrow("does not fit float32");
    expect(revive({ data: [[1e300]], shape: [1], dtype: "float32" })).toThrow(
      "got an array of 1 at position 0",
    );
    expect(revive({ data: ["1"], shape: [1], dtype: "float32" })).toThrow("expected numbers");
  });

  test("of a value that is not known while a function is traced is refused", () => {
    const write = compile((x: Tensor) => {
      JSON.stringify(x.add(1));
      return x;
    });
    expect(() => write(ones([1]))).toThrow("not known while a function is traced");
  });
});

describe("structuredClone and postMessage", () => {
  const { model, optimizer } = trained();
  const refused: readonly (readonly [string, unknown])[] = [
    ["a tensor", ones([2])],
    ["a parameter", new nn.Parameter(ones([2]))],
    ["a view", ones([4]).reshape([2, 2])],
    ["a result of an op", ones([2]).add(1)],
    ["a module", model],
    ["a module's state", model.stateDict()],
    ["an optimizer's state", optimizer.stateDict()],
    ["an optimizer", optimizer],
    ["tensors in a list", [{ x: ones([1]) }]],
  ];

  test.each(refused)("refuse %s and name what to send", (_, value) => {
    const { port1, port2 } = new MessageChannel();
    for (const send of [() => structuredClone(value), () => port1.postMessage(value)]) {
      expect(send).toThrow(/a Tensor; send { data, shape, dtype }|a Module; send the bytes of serialize\(\)/);
    }
    port1.close();
    port2.close();
  });

  test("accept { data, shape, dtype }, from which the tensor is made again", () => {
    const mask = tensor([[true, false]]);
    const { data, shape, dtype } = structuredClone({ data: mask.data, shape: mask.shape, dtype: mask.dtype });
    expect(tensor(data, { shape, dtype }).toArray()).toEqual([[true, false]]);
  });
});
