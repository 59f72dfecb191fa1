// Weights of Keras and Flax give the same outputs here.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  DTypeError,
  nn,
  ops,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { fromFlax, fromKeras, readNpz, type Tensors } from "../../lib/interchange/index.js";
import { jsonOf, pathOf } from "./files.js";

interface Row {
  readonly x: number[][];
  readonly y: number[][];
}
const { models } = jsonOf<{ models: Record<string, Row> }>("layers.json");

const weightsOf = (name: string): Promise<Tensors> => readNpz(pathOf(`${name}.npz`));

/** An embedding, a GRU over the sequence, and a head of the last state. */
class Sequence extends nn.Module {
  readonly embed = new nn.Embedding(10, 4);
  readonly cell = new nn.GRUCell(4, 5);
  readonly head: nn.Module;

  constructor(head: nn.Module) {
    super();
    this.head = head;
  }

  forward(x: Tensor): Tensor {
    let h = zeros([x.shape[0] as number, 5]);
    for (let t = 0; t < (x.shape[1] as number); t++) {
      const step = ops.reshape(ops.slice(x, 1, { start: t, end: t + 1 }), [-1]);
      h = this.cell.forward(this.embed.forward(step), h);
    }
    return this.head.forward(h);
  }
}

class Named extends nn.Module {
  readonly first = new nn.Linear(3, 4);
  readonly norm = new nn.BatchNorm1d(4, { momentum: 0.01 });
  readonly last = new nn.Linear(4, 2);

  forward(x: Tensor): Tensor {
    return this.last.forward(this.norm.forward(this.first.forward(x)));
  }
}

const makers: Record<string, () => nn.Module> = {
  "keras-dense": () =>
    new nn.Sequential(
      new nn.Linear(6, 8),
      new nn.ReLU(),
      new nn.BatchNorm1d(8, { eps: 1e-3, momentum: 0.01 }),
      new nn.PReLU({ numParameters: 8 }),
      new nn.Dropout(0.5),
      new nn.LayerNorm(8, { eps: 1e-3 }),
      new nn.GroupNorm(2, 8, { eps: 1e-3 }),
      new nn.RMSNorm(8, { eps: 1e-6 }),
      new nn.Linear(8, 3, { bias: false }),
      new nn.GELU(),
    ),
  "keras-sequence": () => new Sequence(new nn.Linear(5, 2)),
  "flax-dense": () =>
    new nn.Sequential(
      new nn.Linear(6, 8),
      new nn.ReLU(),
      new nn.BatchNorm1d(8, { momentum: 0.01 }),
      new nn.PReLU(),
      new nn.LayerNorm(8, { eps: 1e-6 }),
      new nn.GroupNorm(2, 8, { eps: 1e-6 }),
      new nn.RMSNorm(8, { eps: 1e-6 }),
      new nn.Linear(8, 8),
      new nn.Linear(8, 3, { bias: false }),
      new nn.GELU({ approximate: "tanh" }),
    ),
  "flax-sequence": () =>
    new Sequence(new nn.Sequential(new nn.Linear(5, 4), new nn.Tanh(), new nn.Linear(4, 2))),
  "flax-nnx": () => new Named(),
};

const fillers = Object.entries(makers).map(([name, make]) => {
  const fill = (model: nn.Module, weights: Tensors) =>
    name.startsWith("keras") ? fromKeras(model, weights) : fromFlax(model, weights);
  return [name, make, fill] as const;
});

const stateOf = (model: nn.Module): unknown =>
  Object.entries(model.stateDict()).map(([name, { data }]) => [name, Array.from(data)]);

describe.each(fillers)("%s", (name, make, fill) => {
  const { x, y } = models[name] as Row;

  test("gives the outputs that it gave there", async () => {
    const model = make().eval();
    expect(fill(model, await weightsOf(name))).toEqual([]);
    const input = tensor(x, { dtype: name.endsWith("sequence") ? "int32" : "float32" });
    const found = model.forward(input).toArray() as number[][];
    found.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(y[i]?.[j] as number, 5);
      });
    });
  });

  test("goes into a model of float64 too", async () => {
    const model = make().to("float64");
    const other = make();
    fill(model, await weightsOf(name));
    fill(other, await weightsOf(name));
    expect(stateOf(model)).toEqual(stateOf(other));
  });

  test("changes nothing where one array has another shape or dtype, is missing or too many", async () => {
    const weights = await weightsOf(name);
    const model = make();
    const before = stateOf(model);
    const names = Object.keys(weights);
    for (const one of names) {
      expect(() => fill(model, { ...weights, [one]: zeros([7, 7, 7]) }), one).toThrow(ShapeError);
      const { shape } = weights[one] as Tensor;
      expect(() => fill(model, { ...weights, [one]: zeros(shape, { dtype: "int32" }) }), one).toThrow(
        DTypeError,
      );
      const { [one]: _, ...fewer } = weights;
      expect(() => fill(model, fewer), one).toThrow(ArgumentError);
    }
    const more = name.startsWith("keras") ? `arr_${names.length}` : "more/kernel";
    expect(() => fill(model, { ...weights, [more]: zeros([2]) })).toThrow(ArgumentError);
    expect(stateOf(model)).toEqual(before);
  });
});

describe("fromKeras", () => {
  test("takes a list, and says which options are not Keras's defaults", async () => {
    const weights = Object.values(await weightsOf("keras-dense")).slice(0, 6);
    const model = new nn.Sequential(new nn.Linear(6, 8), new nn.BatchNorm1d(8));
    expect(fromKeras(model, weights)).toEqual([
      { module: "1", layer: "BatchNormalization", option: "eps", here: 1e-5, there: 1e-3 },
      { module: "1", layer: "BatchNormalization", option: "momentum", here: 0.1, there: 0.01 },
    ]);
  });

  test("names the layer, what it expected and what came", async () => {
    const weights = await weightsOf("keras-dense");
    const model = new nn.Sequential(new nn.Linear(6, 8), new nn.BatchNorm1d(9));
    expect(() => fromKeras(model, weights)).toThrow(
      "fromKeras: 1 (BatchNormalization): expected gamma [9], got [8]",
    );
    const shorter = new nn.Sequential(new nn.Linear(6, 8));
    expect(() => fromKeras(shorter, weights)).toThrow(
      "fromKeras: the layers here have 2 arrays, got 13; the next has the shape [8]",
    );
    const longer = new nn.Sequential(makers["keras-dense"]?.() as nn.Module, new nn.Linear(3, 1));
    expect(() => fromKeras(longer, weights)).toThrow(
      "fromKeras: the layers here have 15 arrays, got 13: none for kernel of 1 (Dense)",
    );
  });

  test("refuses names that are not those of get_weights, and modules without a twin", async () => {
    const weights = await weightsOf("keras-dense");
    expect(() => fromKeras(new nn.Linear(6, 8), { w: zeros([6, 8]) })).toThrow(/arr_0, arr_1.*got "w"/);
    expect(() => fromKeras(new nn.Bilinear(2, 3, 4), weights)).toThrow(
      /the model is a Bilinear, which has no twin/,
    );
  });
});

describe("fromFlax", () => {
  test("takes objects in objects, and names that say which is which", () => {
    const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(3, 1));
    const tree = {
      params: {
        out: { kernel: tensor([[1], [2], [3]]), bias: tensor([4]) },
        hidden: {
          kernel: tensor([
            [1, 2, 3],
            [4, 5, 6],
          ]),
          bias: zeros([3]),
        },
      },
    };
    expect(() => fromFlax(model, tree)).toThrow(
      /expected 2 Dense for 0, 1, found hidden, out; say with names/,
    );
    fromFlax(model, tree, { names: { 0: "hidden", 1: "out" } });
    expect(model.stateDict()["0.weight"]?.toArray()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(model.stateDict()["1.weight"]?.toArray()).toEqual([[1, 2, 3]]);
  });

  test("sorts by number, not by letter", () => {
    const model = new nn.Sequential(...Array.from({ length: 12 }, () => new nn.Linear(1, 1)));
    const tree = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [
        `Dense_${i}`,
        { kernel: tensor([[i]]), bias: tensor([0]) },
      ]).reverse(),
    );
    fromFlax(model, { params: tree });
    expect([...model.parameters()].filter(({ rank }) => rank === 2).map((w) => w.item())).toEqual(
      Array.from({ length: 12 }, (_, i) => i),
    );
  });

  test("names what is not there, what is left, and unknown modules and collections", () => {
    const model = new nn.Linear(1, 1);
    const dense = { kernel: zeros([1, 1]), bias: zeros([1]) };
    const refusal = (tree: object, options = {}) => {
      expect(() => fromFlax(model, tree as never, options)).toThrow(ArgumentError);
      try {
        fromFlax(model, tree as never, options);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(refusal({ params: {} })).toMatch(/expected 1 Dense for the model, found none/);
    expect(refusal({ params: { a: dense, b: { scale: zeros([1]) } } })).toMatch(
      /no module here takes b\/scale/,
    );
    expect(refusal({ params: dense, cache: { a: zeros([1]) } })).toMatch(
      /params and batch_stats, got cache too/,
    );
    expect(refusal({ params: dense }, { names: { m: "a" } })).toMatch(/there is no module "m"/);
    expect(refusal({ params: dense }, { names: { "": "a" } })).toMatch(/there is no a\/kernel/);
    expect(refusal({ params: { a: 3 } })).toMatch(/expected params\/a to be a tensor or an object, got 3/);
    expect(refusal({ a: dense, "a/bias": zeros([1]) })).toMatch(/a\/bias is there twice/);
    const loop: Record<string, unknown> = {};
    loop["a"] = loop;
    expect(refusal(loop)).toMatch(/nested too deep/);
  });
});
