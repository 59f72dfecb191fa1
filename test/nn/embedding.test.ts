// What Embedding and EmbeddingBag do beside PyTorch's rows in layers.test.ts.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  IndexError,
  nn,
  OptionError,
  ops,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";

const int32 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });

describe("an embedding of given vectors", () => {
  const vectors = (): Tensor =>
    tensor([
      [1, 0],
      [0, 3],
    ]);

  test("is frozen unless it is to learn", () => {
    const frozen = nn.Embedding.fromPretrained(vectors());
    expect(frozen.forward(int32([1, 0])).toArray()).toEqual([
      [0, 3],
      [1, 0],
    ]);
    expect(frozen.weight.requiresGrad).toBe(false);
    const learning = nn.Embedding.fromPretrained(vectors(), { freeze: false, maxNorm: 1 });
    ops.sum(learning.forward(int32([1]))).backward();
    expect(learning.weight.grad?.toArray()).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(learning.weight.data[3]).toBeCloseTo(1, 6);
  });

  test("needs a table", () => {
    expect(() => nn.Embedding.fromPretrained(tensor([1, 2]))).toThrow(ShapeError);
    expect(() => new nn.Embedding(3, 2, { weight: vectors() })).toThrow(
      new ShapeError("Embedding: expected weight [3, 2], got [2, 2]"),
    );
  });
});

test("only rows that are looked up are shortened", () => {
  const table = new nn.Embedding(3, 2, {
    maxNorm: 1,
    weight: tensor([
      [3, 4],
      [0.3, 0.4],
      [6, 8],
    ]),
  });
  table.forward(int32([0, 1]));
  const [first, second, third] = table.weight.toArray() as number[][];
  expect(first?.[0]).toBeCloseTo(0.6, 5);
  expect([second, third]).toEqual([
    [Math.fround(0.3), Math.fround(0.4)],
    [6, 8],
  ]);
});

test("a row's gradient is divided by how often it is in the bags", () => {
  const bags = new nn.EmbeddingBag(4, 1, { mode: "sum", scaleGradByFreq: true });
  ops
    .sum(
      ops.mul(
        bags.forward(
          int32([
            [0, 1, 1],
            [1, 3, 3],
          ]),
        ),
        tensor([[6], [12]]),
      ),
    )
    .backward();
  expect(bags.weight.grad?.toArray()).toEqual([[6], [8], [0], [12]]);
});

test.each<[string, () => unknown, Error]>([
  [
    "a list without offsets",
    () => new nn.EmbeddingBag(3, 2).forward(int32([0, 1])),
    new ShapeError("EmbeddingBag: expected index [B, L], or [n] with offsets, got [2]"),
  ],
  [
    "rows with offsets",
    () => new nn.EmbeddingBag(3, 2).forward(int32([[0, 1]]), int32([0])),
    new ShapeError("EmbeddingBag: expected index [n] and offsets [B], got [1, 2] and [1]"),
  ],
  [
    "offsets that fall",
    () => new nn.EmbeddingBag(3, 2).forward(int32([0, 1, 2]), int32([0, 2, 1])),
    new IndexError("EmbeddingBag: expected offsets that rise from 0 to at most 3, got 1 at 2"),
  ],
  [
    "offsets beyond the end",
    () => new nn.EmbeddingBag(3, 2).forward(int32([0, 1]), int32([0, 3])),
    new IndexError("EmbeddingBag: expected offsets that rise from 0 to at most 2, got 3 at 1"),
  ],
  [
    "a last offset that is not the end",
    () => new nn.EmbeddingBag(3, 2, { includeLastOffset: true }).forward(int32([0, 1]), int32([0, 1])),
    new IndexError(
      "EmbeddingBag: expected offsets that rise from 0 to at most 2, and end with it, got 1 at 1",
    ),
  ],
  [
    "weights of another shape",
    () => new nn.EmbeddingBag(3, 2, { mode: "sum" }).forward(int32([[0, 1]]), null, zeros([2])),
    new ShapeError("EmbeddingBag: expected perSampleWeights to be [1, 2], got [2]"),
  ],
  [
    "frequencies of a maximum",
    () => new nn.EmbeddingBag(3, 2, { mode: "max", scaleGradByFreq: true }),
    new ArgumentError('EmbeddingBag: scaleGradByFreq does not go with mode "max"'),
  ],
  [
    "an unknown option",
    () => new nn.Embedding(3, 2, { sparse: true } as never),
    new OptionError(
      'Embedding: unknown option "sparse"; known options: paddingIdx, maxNorm, normType, scaleGradByFreq, weight, dtype',
    ),
  ],
])("refuses %s", (_, call, error) => {
  expect(call).toThrow(error);
});

test("offsets of a compiled call are refused where they lead out of the bags", () => {
  const bags = new nn.EmbeddingBag(3, 2);
  const run = compile((index: Tensor, offsets: Tensor) => bags.forward(index, offsets));
  expect(() => run(int32([0, 1, 2]), int32([0, 9]))).toThrow(IndexError);
  expect(() => run(int32([0, 1, 2]), int32([1, 2]))).toThrow(IndexError);
  expect(run(int32([0, 1, 2]), int32([0, 3])).shape).toEqual([2, 2]);
});
