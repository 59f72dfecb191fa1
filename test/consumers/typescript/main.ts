import {
  accuracy,
  compile,
  cost,
  data,
  evaluate,
  fit,
  fromTypedArray,
  load,
  manualSeed,
  nn,
  ops,
  optim,
  save,
  type Tensor,
  tensor,
} from "thalweg";
import { confusion } from "thalweg/plot";

class Net extends nn.Module {
  readonly hidden = new nn.Linear(2, 8);
  readonly out = new nn.Linear(8, 2);
  override forward(x: Tensor): Tensor {
    return this.out.forward(ops.tanh(this.hidden.forward(x)));
  }
}

manualSeed(0);
const model = new Net();
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
const x: Tensor = fromTypedArray(new Float32Array(8), [4, 2]);
const y: Tensor = tensor([0, 1, 1, 0], { dtype: "int32" });
const step = compile((input: Tensor, target: Tensor) => {
  const loss = cost.crossEntropy(model.forward(input), target, { reduction: "mean" });
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
});
export const value: number = step(x, y).item();
export const doubled: Tensor = x.mul(2).add(1).sum({ dim: 0 });
export const draw: typeof confusion = confusion;

export async function main(): Promise<number | undefined> {
  await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 1, batchSize: 2 });
  for (const batch of new data.DataLoader({ x, y }, { batchSize: 2, shuffle: true })) {
    cost.crossEntropy(model.forward(batch.x), batch.y).backward();
  }
  await save(model, "model.safetensors");
  await load("model.safetensors");
  const { loss } = await evaluate(model, { data: { x, y }, cost: cost.crossEntropy, metrics: { accuracy } });
  return loss;
}

// @ts-expect-error: sizes are numbers
new nn.Linear("2", 8);
// @ts-expect-error: no such option
new optim.SGD(model.parameters(), { learningRate: 0.1 });
// @ts-expect-error: no such reduction
cost.crossEntropy(model.forward(y), y, { reduction: "average" });
