import { describe, expect, test } from "vitest";
import { ArgumentError, GraphError, nn, ops, type Tensor, tensor, zeros } from "../../lib/index.js";

const linear = (): nn.Linear => new nn.Linear(2, 2);

describe("ModuleList", () => {
  class Deep extends nn.Module {
    readonly layers = new nn.ModuleList([linear(), linear()]);
    forward(x: Tensor): Tensor {
      return [...this.layers].reduce((z, layer) => ops.relu(layer.forward(z)), x);
    }
  }

  test("has its modules found, named by position", () => {
    const model = new Deep();
    expect([...model.namedParameters()].map(([name]) => name)).toEqual([
      "layers.0.weight",
      "layers.0.bias",
      "layers.1.weight",
      "layers.1.bias",
    ]);
    model.layers.append(linear());
    expect([model.layers.length, model.parameters().length]).toEqual([3, 6]);
    expect(model.layers.at(-1)).toBe([...model.layers][2]);
    expect(model.eval().layers.at(0)?.training).toBe(false);
    expect(model.forward(zeros([3, 2])).shape).toEqual([3, 2]);
  });

  test("refuses what is no module, and has no forward", () => {
    expect(() => new nn.ModuleList([1 as never])).toThrow(
      new ArgumentError("ModuleList: expected module 0 to be a Module, got 1"),
    );
    expect(() => new nn.ModuleList().append(null as never)).toThrow(ArgumentError);
    expect(() => new nn.ModuleList().forward()).toThrow(GraphError);
  });
});

describe("ModuleDict", () => {
  test("has its modules found, by name", () => {
    const heads = new nn.ModuleDict({ left: linear(), right: new nn.ReLU() as nn.Module });
    expect(Object.keys(heads.stateDict())).toEqual(["left.weight", "left.bias"]);
    heads.set("right", linear());
    expect([...heads.keys(), heads.size, heads.parameters().length]).toEqual(["left", "right", 2, 4]);
    expect([...heads].map(([name]) => name)).toEqual(["left", "right"]);
    expect(heads.get("middle")).toBeUndefined();
  });

  test("refuses what is no module, and has no forward", () => {
    expect(() => new nn.ModuleDict({ left: 1 as never })).toThrow(
      new ArgumentError("ModuleDict: expected left to be a Module, got 1"),
    );
    expect(() => new nn.ModuleDict().forward()).toThrow(GraphError);
  });
});

describe("buffers", () => {
  test("are saved and loaded by PyTorch's names, and are no parameters", () => {
    const [one, other] = [new nn.BatchNorm1d(2), new nn.BatchNorm1d(2)];
    one.forward(
      tensor([
        [1, 2],
        [3, 6],
      ]),
    );
    expect(Object.keys(one.stateDict())).toEqual([
      "weight",
      "bias",
      "running_mean",
      "running_var",
      "num_batches_tracked",
    ]);
    expect(one.parameters().length).toBe(2);
    expect([...one.namedBuffers()].map(([name]) => name)).toEqual([
      "running_mean",
      "running_var",
      "num_batches_tracked",
    ]);
    other.loadStateDict(one.stateDict());
    expect(other.runningMean?.toArray()).toEqual([0.20000000298023224, 0.4000000059604645]);
    expect(other.numBatchesTracked?.item()).toBe(1);
  });
});
