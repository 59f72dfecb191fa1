import { describe, expect, test } from "vitest";
import { compile, cost, grad, nn, ops, type Tensor, tensor } from "../../lib/index.js";
import { callOp, inputsOf, opOf } from "../oracle/call.js";
import { fromOracle } from "../oracle/compare.js";
import { nameOf, type OpRow, readOps } from "../oracle/read.js";

type Call = (...inputs: Tensor[]) => Tensor;

const int = (values: readonly unknown[]): Tensor => tensor(values as number[], { dtype: "int32" });

/** The error's class and its message without the op, or null. */
async function errorOf(run: () => unknown): Promise<{ kind: string; value: string } | null> {
  try {
    await run();
    return null;
  } catch (error) {
    const { name, message } = error as Error;
    return { kind: name, value: message };
  }
}

const kindOf = async (run: () => unknown): Promise<string | null> => (await errorOf(run))?.kind ?? null;

/** Each way to run a function as a program, with its inputs as arguments, as states, and as constants. */
function programs(call: Call, inputs: readonly Tensor[]): Readonly<Record<string, () => unknown>> {
  const compiled = compile(call);
  // A loop takes samples out of its sources: here the inputs are the one sample of each.
  const sources = inputs.map((input) => ops.unsqueeze(input, 0));
  const ofSample = compile((...samples: Tensor[]) =>
    call(...samples.map((x, i) => ops.reshape(x, (inputs[i] as Tensor).shape))),
  );
  return {
    run: () => compiled(...inputs),
    "run without passes": () => compile(call, { passes: [] })(...inputs),
    "run on states": () => compile(() => call(...inputs))(),
    "run on constants": () => {
      const values = inputs.map(({ data, shape, dtype }) => [data.slice(), { shape, dtype }] as const);
      return compile(() => call(...values.map((one) => tensor(...one))))();
    },
    runAsync: () => compiled.runAsync(...inputs),
    loop: () => ofSample.loop(sources, int([0]), 1),
    loopAsync: () => ofSample.loopAsync(sources, int([0]), 1),
  };
}

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const singular = tensor([
  [1, 2],
  [2, 4],
]);
const right = tensor([1, 2]);
const embedding = new nn.Embedding(3, 2);
const padded = new nn.Embedding(3, 2, { paddingIdx: 1, maxNorm: 1, scaleGradByFreq: true });
const bag = new nn.EmbeddingBag(3, 2);
const toTheEnd = new nn.EmbeddingBag(3, 2, { mode: "sum", includeLastOffset: true });
const logProbs = ops.logSoftmax(ops.reshape(tensor([...Array(12).keys()]), [3, 2, 2]), { dim: 2 });
const ctc = (target: Tensor, input: Tensor, length: Tensor): Tensor =>
  cost.ctc(logProbs, target, input, length);
const words = int([
  [1, 1],
  [1, 0],
]);
const weight = tensor([1, 2, 3]);

/** The sine as a user may define it, but for what is wrong. */
const defined = (wrong: Partial<ops.OpDefinition<"x", object>>) => {
  const op = ops.defineOp<"x">("own", {
    inputs: ["x"],
    kernel: "sin",
    shape: ({ x: v }) => v,
    params: ({ x: v }) => [1, v.size, 1],
    ...wrong,
  });
  return (v: Tensor): Tensor => op([v], {});
};

const REFUSED: readonly (readonly [what: string, call: Call, ...inputs: Tensor[]])[] = [
  ["gather", (v, i) => ops.gather(v as Tensor, 1, i as Tensor), x, int([[3], [0]])],
  ["scatter", (v, i) => ops.scatter(v as Tensor, 1, i as Tensor, 7), x, int([[0], [-1]])],
  [
    "scatter of a tensor",
    (v, i) => ops.scatter(v as Tensor, 1, i as Tensor, ops.to(i as Tensor, "float32")),
    x,
    int([[0], [3]]),
  ],
  [
    "scatterAdd",
    (v, i) => ops.scatterAdd(v as Tensor, 1, i as Tensor, ops.to(i as Tensor, "float32")),
    x,
    int([[9], [0]]),
  ],
  ["indexSelect", (v, i) => ops.indexSelect(v as Tensor, 0, i as Tensor), x, int([0, 2])],
  ["indexAdd", (v, i) => ops.indexAdd(v as Tensor, 0, i as Tensor, v as Tensor), x, int([-1, 0])],
  ["oneHot above", (i) => ops.oneHot(i as Tensor, 3), int([0, 3])],
  ["oneHot below", (i) => ops.oneHot(i as Tensor, 3), int([[0], [-1]])],
  ["crossEntropy op", (y, t) => ops.crossEntropy(y as Tensor, t as Tensor), x, int([0, 3])],
  ["crossEntropy", (y, t) => cost.crossEntropy(y as Tensor, t as Tensor), x, int([0, 3])],
  [
    "crossEntropy's gradient",
    (y, t) => grad((v: Tensor) => cost.crossEntropy(v, t as Tensor))(y as Tensor),
    x,
    int([0, 3]),
  ],
  [
    "crossEntropy smoothed",
    (y, t) => cost.crossEntropy(y as Tensor, t as Tensor, { labelSmoothing: 0.1 }),
    x,
    int([-1, 0]),
  ],
  [
    "crossEntropy weighted",
    (y, t) => cost.crossEntropy(y as Tensor, t as Tensor, { weight }),
    x,
    int([-1, 0]),
  ],
  [
    "crossEntropy with ignored labels",
    (y, t) => cost.crossEntropy(y as Tensor, t as Tensor, { ignoreIndex: -1 }),
    x,
    int([-1, 5]),
  ],
  ["nll", (y, t) => cost.nll(y as Tensor, t as Tensor), x, int([0, 3])],
  ["multiMargin", (y, t) => cost.multiMargin(y as Tensor, t as Tensor), x, int([0, 3])],
  [
    "multiLabelMargin",
    (y, t) => cost.multiLabelMargin(y as Tensor, t as Tensor),
    x,
    int([
      [0, 3, -1],
      [0, -1, -1],
    ]),
  ],
  [
    "ctc label",
    (t) => ctc(t as Tensor, int([3, 3]), int([1, 1])),
    int([
      [1, 2],
      [1, 0],
    ]),
  ],
  ["ctc input length", (l) => ctc(words, l as Tensor, int([1, 1])), int([3, 4])],
  ["ctc negative input length", (l) => ctc(words, l as Tensor, int([1, 1])), int([3, -1])],
  ["ctc target length", (l) => ctc(words, int([3, 3]), l as Tensor), int([1, 3])],
  ["ctc target length that wraps around", (l) => ctc(words, int([3, 3]), l as Tensor), int([1, -(2 ** 31)])],
  ["Embedding", (i) => embedding.forward(i as Tensor), int([0, 3])],
  ["Embedding with its options", (i) => padded.forward(i as Tensor), int([0, -1])],
  ["EmbeddingBag", (i) => bag.forward(i as Tensor), int([[0, 3]])],
  [
    "EmbeddingBag offsets that do not begin with 0",
    (o) => bag.forward(int([0, 1, 2]), o as Tensor),
    int([1, 2]),
  ],
  ["EmbeddingBag offsets that fall", (o) => bag.forward(int([0, 1, 2]), o as Tensor), int([0, 2, 1])],
  ["EmbeddingBag offsets past the end", (o) => bag.forward(int([0, 1, 2]), o as Tensor), int([0, 4])],
  ["EmbeddingBag offsets that end early", (o) => toTheEnd.forward(int([0, 1, 2]), o as Tensor), int([0, 1])],
  ["a user's op with too few parameters", (v) => defined({ params: () => [] })(v as Tensor), x],
  ["a user's op that would read too much", (v) => defined({ params: () => [1, 1e9, 1] })(v as Tensor), x],
  [
    "a user's op of another dtype",
    (v) => defined({ shape: () => ({ shape: [2, 3], dtype: "int32" }) })(v as Tensor),
    x,
  ],
  [
    "cholesky",
    (a) => ops.cholesky(a as Tensor),
    tensor([
      [1, 2],
      [2, 1],
    ]),
  ],
  ["solve", (a, b) => ops.solve(a as Tensor, b as Tensor), singular, right],
  ["inverse", (a) => ops.inverse(a as Tensor), singular],
];

describe("a program refuses what the same call refuses", () => {
  test.each(REFUSED.map(([what, call, ...inputs]) => ({ what, call, inputs })))(
    "$what",
    async ({ call, inputs }) => {
      const eager = await kindOf(() => call(...inputs));
      expect(eager).toMatch(/Error$/);
      const found: Record<string, string | null> = {};
      const runs = programs(call, inputs);
      for (const [way, run] of Object.entries(runs)) found[way] = await kindOf(run);
      expect(found).toEqual(Object.fromEntries(Object.keys(runs).map((way) => [way, eager])));
    },
  );

  test("and says which value was wrong, and where", async () => {
    const hot = compile((index: Tensor) => ops.oneHot(index, 3));
    expect(await errorOf(() => hot(int([0, 1, 7])))).toEqual({
      kind: "IndexError",
      value: "indexSelect: index 7 at position 2 is outside [0, 3)",
    });
  });

  test("in each run anew", () => {
    const index = int([0, 1]);
    const hot = compile(() => ops.oneHot(index, 3));
    expect(hot().toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    index.data[1] = 3;
    expect(() => hot()).toThrow("outside [0, 3)");
    index.data[1] = 2;
    expect(hot().toArray()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
    ]);
  });

  test("EmbeddingBag with good offsets gives the same", () => {
    for (const [layer, offsets] of [
      [bag, int([0, 0, 2])],
      [bag, int([0])],
      [toTheEnd, int([0, 1, 1, 3])],
    ] as const) {
      const index = int([0, 1, 2]);
      const compiled = compile((o: Tensor) => layer.forward(index, o));
      expect(compiled(offsets).toArray()).toEqual(layer.forward(index, offsets).toArray());
    }
  });
});

/** Values that some op may refuse. */
const HOSTILE: Readonly<Record<string, readonly number[]>> = {
  int32: [-1, 1_000_000, -(2 ** 31)],
  float64: [0, -1, Number.NaN, Number.POSITIVE_INFINITY],
};

// The ops of the oracle, each with its first row of each form, so that a new op is held to this too.
const rows = [
  ...new Map(
    readOps()
      .filter((row) => opOf(row).eager !== true)
      .map((row) => [`${row.op} ${inputsOf(row).map(({ shape }) => shape.length)}`, row]),
  ).values(),
];

describe("whatever an input holds, a program refuses it just where the call does", () => {
  test.each(rows.map((row) => [nameOf(row), row] as const))("%s", async (_, row: OpRow) => {
    const inputs = inputsOf(row).map((value) => fromOracle(value));
    const compiled = compile((...args: Tensor[]) => callOp(row, args));
    for (const [i, input] of inputs.entries()) {
      for (const value of HOSTILE[input.dtype] ?? []) {
        const bad = inputs.map((one, k) => (k === i ? ops.add(ops.mul(one, 0), value) : one));
        if (input.size > 0)
          expect(await kindOf(() => compiled(...bad)), `input ${i} all ${value}`).toBe(
            await kindOf(() => callOp(row, bad)),
          );
      }
    }
  });
});
