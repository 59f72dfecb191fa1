// The lecture's network: an image 3×10×20 flattened into 600 numbers, Linear to 60, ReLU, Linear to 40,
// ReLU, Linear to 10. Trained by hand, one sample at a time and then in mini-batches.
import { cost, data, Generator, manualSeed, nn, ops, optim, perSampleLoss, type Tensor } from "thalweg";
import { Options } from "./shared/options.js";

const USAGE = `usage: npx tsx examples/lecture.ts [options]

  --epochs N     passes over the samples         (default 5)
  --seed N       of weights                      (default 0)
  --threads N    how many to use                 (default: all cores)
  --help         this text`;

const options = new Options("lecture", USAGE, { numbers: { epochs: { min: 1 } } });
const epochs = options.number("epochs") ?? 5;
const seed = options.number("seed") ?? 0;

class MyNet extends nn.Module {
  m0: nn.Linear;
  m1: nn.Linear;
  m2: nn.Linear;

  constructor(d0: number, d1: number, d2: number, d3: number) {
    super();
    this.m0 = new nn.Linear(d0, d1);
    this.m1 = new nn.Linear(d1, d2);
    this.m2 = new nn.Linear(d2, d3);
  }

  forward(x: Tensor): Tensor {
    const z0 = x.flatten(1); //                        [B, 3, 10, 20] → [B, 600]
    const z1 = ops.relu(this.m0.forward(z0)); //        → [B, 60]
    const z2 = ops.relu(this.m1.forward(z1)); //        → [B, 40]
    return this.m2.forward(z2); //                      → [B, 10]
  }
}

/** Noisy copies of ten random images: the class of a sample is the image it was made from. */
function makeSamples(count: number): data.Samples {
  const generator = new Generator(1);
  const images = generator.normal([10, 3, 10, 20]);
  const classes = ops.to(ops.mul(generator.uniform([count]), 10), "int32");
  const noise = generator.normal([count, 3, 10, 20], { std: 2 });
  return { x: ops.add(ops.indexSelect(images, 0, classes), noise), y: classes };
}

const samples = makeSamples(1000);

async function train(title: string, batchSize: number, lr: number): Promise<void> {
  manualSeed(seed);
  const model = new MyNet(600, 60, 40, 10);
  const optimizer = new optim.SGD(model.parameters(), { lr });
  console.log(title);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const { x, y } of new data.DataLoader(samples, { batchSize, shuffle: true, seed: epoch })) {
      const loss = cost.crossEntropy(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
    const losses = await perSampleLoss(model, cost.crossEntropy, samples);
    const worst = ops.amax(losses).item();
    console.log(
      `  epoch ${epoch}: average loss ${ops.mean(losses).item().toFixed(4)}, largest ${worst.toFixed(4)}`,
    );
  }
}

await train("one sample at a time, η = 0.01", 1, 0.01);
await train("mini-batches of 32, η = 0.1", 32, 0.1);
