// A copy of a model is a model of its own.
import { expect, test } from "vitest";
import { compile, cost, nn, ones, ops, optim, type Tensor, tensor } from "../../lib/index.js";

class Deep extends nn.Module {
  readonly layers: readonly nn.Linear[];
  readonly named = { scale: new nn.Parameter(ones([3])) };
  readonly list: nn.ModuleList<nn.Linear>;
  readonly dict = new nn.ModuleDict({ drop: new nn.Dropout(0.5) });
  readonly norm = new nn.BatchNorm1d(3);
  readonly mean = new nn.Buffer(ones([3]));
  readonly plain = tensor([1, 2, 3]);
  readonly activation = (x: Tensor): Tensor => ops.tanh(x);
  private readonly sizes = new Map([["in", [3]]]);

  constructor() {
    super();
    const tied = new nn.Linear(3, 3);
    this.layers = [tied, new nn.Linear(3, 3)];
    this.list = new nn.ModuleList([tied, this.layers[1] as nn.Linear]);
  }

  get features(): number {
    return this.sizes.get("in")?.[0] ?? 0;
  }

  forward(x: Tensor): Tensor {
    const z = this.layers.reduce((y, layer) => this.activation(layer.forward(y)), x);
    const shifted = ops.mul(ops.add(z, ops.add(this.mean, this.plain)), this.named.scale);
    return (this.dict.get("drop") as nn.Dropout).forward(this.norm.forward(shifted));
  }
}

const x = tensor([
  [1, 2, 3],
  [3, 1, 0],
]);

test("a copy computes the same, and shares no memory", () => {
  const model = new Deep().eval();
  const copy = model.clone();
  expect(copy).toBeInstanceOf(Deep);
  expect([copy.training, copy.dict.get("drop")?.training, copy.features]).toEqual([false, false, 3]);
  const y = model.forward(x).toArray();
  expect(copy.forward(x).toArray()).toEqual(y);
  expect(Object.keys(copy.stateDict())).toEqual(Object.keys(model.stateDict()));
  for (const tensor of [...copy.parameters(), copy.mean, copy.plain, copy.named.scale]) tensor.data.fill(9);
  copy.norm.runningMean?.data.fill(9);
  expect(model.forward(x).toArray()).toEqual(y);
  expect(copy.forward(x).toArray()).not.toEqual(y);
});

test("what is there twice is there twice in the copy", () => {
  const model = new Deep();
  const copy = model.clone();
  expect(copy.list.at(0)).toBe(copy.layers[0]);
  expect(copy.list.at(0)).not.toBe(model.layers[0]);
  expect(copy.parameters()).toHaveLength(model.parameters().length);
});

test("frozen parameters stay frozen, and gradients are not copied", () => {
  const model = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU());
  const [weight, bias] = model.parameters() as [nn.Parameter, nn.Parameter];
  bias.requiresGrad = false;
  ops.sum(model.forward(x)).backward();
  const copy = model.clone();
  expect(weight.grad).not.toBeNull();
  expect(copy.parameters().map((w) => [w.requiresGrad, w.grad])).toEqual([
    [true, null],
    [false, null],
  ]);
});

test("the copy trains, compiled too, while the model stays", () => {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 1));
  const copy = model.clone();
  const before = model.parameters().map((w) => w.toArray());
  const optimizer = new optim.SGD(copy.parameters(), { lr: 0.1 });
  const step = compile((input: Tensor) => {
    optimizer.zeroGrad();
    const loss = cost.mse(copy.forward(input), ones([2, 1]));
    loss.backward();
    optimizer.step();
    return loss;
  });
  const first = step(x).item();
  for (let i = 0; i < 20; i++) step(x);
  expect(step(x).item()).toBeLessThan(first);
  expect(model.parameters().map((w) => w.toArray())).toEqual(before);
});
