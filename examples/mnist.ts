// Trains a network on the 60,000 handwritten digits of MNIST (or on Fashion-MNIST's clothes) and tries
// it on the 10,000 of the test set.
import { accuracy, backendInfo, cost, fit, nn, ops, optim, predict } from "thalweg";
import { loadClothes, loadDigits } from "./shared/images.js";
import { Options } from "./shared/options.js";
import { confusion, confusionTable, drawMistakes } from "./shared/report.js";
import { Scores, TRAINING } from "./shared/scores.js";

const USAGE = `usage: npm start -- [options]

  --fashion          Fashion-MNIST's clothes instead of MNIST's digits
  --epochs N         how often to go through the training set           (default 8)
  --batch-size N     images a step                                      (default 128)
  --seed N           of the weights and of the order                    (default 0)
  --seeds N          trains this many times, with the next seeds        (default 1)
  --threads N        how many to use                                    (default: all cores)
  --help             this text`;

const numbers = { ...TRAINING, "batch-size": { min: 1 } };
const options = new Options("mnist", USAGE, { numbers, flags: ["fashion"] });
const epochs = options.number("epochs") ?? 8;
const isFashion = options.has("fashion");
const machine = backendInfo();
console.log(`machine: ${machine.isa} kernels, ${machine.threads} threads, matmul by ${machine.matmul}`);

const { train, test, classes } = await (isFashion ? loadClothes() : loadDigits());
console.log(
  `data: ${train.y.size.toLocaleString("en")} training and ${test.y.size.toLocaleString("en")} test images`,
);

const scores = new Scores("mnist", options);
const predicted = await scores.train(isFashion ? "clothes" : "784-256-128-10", async (seed) => {
  const model = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, 256),
    new nn.ReLU(),
    new nn.Linear(256, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );
  const parameters = model.parameters().reduce((count, parameter) => count + parameter.size, 0);
  console.log(`model: 784-256-128-10, ${parameters.toLocaleString("en")} parameters`);

  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const started = performance.now();
  await fit(model, {
    data: train,
    validation: test,
    cost: cost.crossEntropy,
    optimizer,
    metrics: { accuracy },
    epochs,
    batchSize: options.number("batch-size") ?? 128,
    seed,
    progress: true,
    // The steps get smaller along half a cosine, as the valley gets narrower.
    onEpoch: ({ epoch }) => {
      optimizer.lr = 0.05 * (1 + Math.cos((Math.PI * epoch) / epochs));
    },
  });
  console.log(`trained in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const predicted = ops.argmax(await predict(model, test.x), { dim: 1 });
  const right = ops.mean(ops.to(ops.equal(predicted, test.y), "float64")).item();
  return { result: predicted, figures: { "test accuracy in %": 100 * right } };
});
await scores.print();

console.log("rows: what it is; columns: what it was taken for");
console.log(confusionTable(confusion(test.y, predicted, classes.length), classes));
console.log(`\n${drawMistakes(test.x, test.y, predicted, classes)}`);
