// Thalweg's run to an accuracy on MNIST. Usage: mnist.mjs FILE THREADS
//
// Plain JavaScript over the built package, so that the start costs as much as for a user.
import { readFileSync } from "node:fs";
import process from "node:process";
import { accuracy, cost, data, fit, fromTypedArray, nn, optim, setThreads, tensor } from "thalweg";

const [file, threads] = process.argv.slice(2);
setThreads(Number(threads));

// data-file.ts describes the layout of the file.
const bytes = readFileSync(file);
const length = bytes.readUInt32LE(0);
const { sizes, batch, mnist, arrays } = JSON.parse(bytes.subarray(4, 4 + length).toString());

function read(name) {
  const { shape, offset } = arrays.find((entry) => entry.name === name);
  const start = bytes.byteOffset + 4 + length + offset;
  const end = start + 4 * shape.reduce((product, n) => product * n, 1);
  return fromTypedArray(new Float32Array(bytes.buffer.slice(start, end)), shape);
}

async function load(images, labels) {
  const [pixels, classes] = await Promise.all([data.readIdx(images), data.readIdx(labels)]);
  const count = pixels.shape[0];
  const x = new data.Bytes(pixels.values, [count, 784], { scale: 1 / 255 });
  return { x, y: tensor(classes.values, { dtype: "int32" }) };
}

/** The peak of resident memory so far; null if there is no /proc. */
function peakBytes() {
  if (process.platform !== "linux") return null;
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
  return 1024 * Number(kilobytes);
}

const { trainImages, trainLabels, testImages, testLabels } = mnist.files;
const train = await load(trainImages, trainLabels);
const test = await load(testImages, testLabels);

const layers = sizes.slice(1).flatMap((out, i) => {
  const linear = new nn.Linear(sizes[i], out);
  linear.loadStateDict({ weight: read(`w${i}`), bias: read(`b${i}`) });
  return [linear, new nn.ReLU()];
});
const model = new nn.Sequential(...layers.slice(0, -1));

const reached = new AbortController();
await fit(model, {
  data: train,
  validation: test,
  cost: cost.crossEntropy,
  metrics: { accuracy },
  optimizer: new optim.SGD(model.parameters(), { lr: mnist.lr, momentum: mnist.momentum }),
  epochs: mnist.epochs,
  batchSize: batch,
  seed: mnist.seed,
  signal: reached.signal,
  onEpoch: ({ epoch, validation }) => {
    if (validation.accuracy < mnist.accuracy && epoch < mnist.epochs) return;
    console.log(JSON.stringify({ accuracy: validation.accuracy, epochs: epoch, peakBytes: peakBytes() }));
    reached.abort();
  },
}).catch((error) => {
  if (!reached.signal.aborted) throw error;
});
