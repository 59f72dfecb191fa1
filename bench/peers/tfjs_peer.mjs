// TensorFlow.js in JavaScript, WebAssembly, or on TensorFlow's C library. Usage: tfjs_peer.mjs IMPL
//
// Install: `npm run bench:peers`; tfjs-node, which downloads TensorFlow's library, only by
// `npm run bench:peers -- --tfjs-node`.
import process from "node:process";
import { readDataFile } from "../data-file.ts";
import { pick, serve } from "../serve.ts";

const name = process.argv[2];
const tf = await open(name);

/** The library with its backend ready. */
async function open(impl) {
  if (impl === "tfjs-node") return import("@tensorflow/tfjs-node");
  const library = await import("@tensorflow/tfjs");
  if (impl === "tfjs-wasm") await import("@tensorflow/tfjs-backend-wasm");
  await library.setBackend(impl === "tfjs-wasm" ? "wasm" : "cpu");
  await library.ready();
  return library;
}

/** Weights [in, out], TensorFlow's layout, and biases. */
function readLayers({ header, arrays }) {
  return header.sizes.slice(1).map((_, i) => {
    const { values, shape } = arrays.get(`w${i}`);
    return {
      weight: tf.tidy(() => tf.tensor2d(values, shape).transpose()),
      bias: tf.tensor1d(arrays.get(`b${i}`).values),
    };
  });
}

/** Scores [B, C] of x [B, in]. */
function forward(layers, x) {
  return layers.reduce((z, { weight, bias }, i) => {
    const y = z.matMul(weight).add(bias);
    return i < layers.length - 1 ? y.relu() : y;
  }, x);
}

function buildOptimizer(optimizer, { lr, momentum, betas, eps }) {
  if (optimizer === "adam") return tf.train.adam(lr, betas[0], betas[1], eps);
  return optimizer === "momentum" ? tf.train.momentum(lr, momentum) : tf.train.sgd(lr);
}

/** x [B, in] of each mini-batch. */
function readBatches({ header: { batch, batches, sizes }, arrays }) {
  const x = arrays.get("x").values;
  const size = batch * sizes[0];
  return Array.from({ length: batches }, (_, i) =>
    tf.tensor2d(x.slice(i * size, (i + 1) * size), [batch, sizes[0]]),
  );
}

function trainSession(file, optimizerName) {
  const { batch, batches, optimizers, sizes } = file.header;
  const layers = readLayers(file).map(({ weight, bias }) => ({
    weight: tf.variable(weight),
    bias: tf.variable(bias),
  }));
  const optimizer = buildOptimizer(optimizerName, optimizers[optimizerName]);
  const xs = readBatches(file);
  const y = file.arrays.get("y").values;
  // One-hot, made once: TensorFlow's cross-entropy takes no class indices.
  const ys = Array.from({ length: batches }, (_, i) =>
    tf.tidy(() =>
      tf.oneHot(tf.tensor1d(y.slice(i * batch, (i + 1) * batch), "int32"), sizes.at(-1)).toFloat(),
    ),
  );
  let at = 0;
  let last = null;
  const step = (i) => {
    last?.dispose();
    const [x, target] = [xs[i], ys[i]];
    last = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(target, forward(layers, x)), true);
    return last;
  };
  return {
    run: (steps) => {
      for (let i = 0; i < steps; i++) {
        step(at);
        at = (at + 1) % batches;
      }
      last.dataSync();
    },
    verify: (numbers) => numbers.map((i) => step(i).dataSync()[0]),
    loss: () => last.dataSync()[0],
  };
}

function inferSession(file) {
  const layers = readLayers(file);
  const xs = readBatches(file);
  let at = 0;
  const predict = (x) => {
    const y = tf.tidy(() => forward(layers, x));
    const values = y.dataSync();
    y.dispose();
    return values;
  };
  return {
    run: (steps) => {
      for (let i = 0; i < steps; i++) {
        predict(xs[at]);
        at = (at + 1) % xs.length;
      }
    },
    verify: () => pick(predict(xs[0])),
  };
}

function productSession({ header, arrays }) {
  const [a, b] = ["a", "b"].map((operand) => {
    const { values, shape } = arrays.get(operand);
    return tf.tensor2d(values, shape);
  });
  const { layout } = header.product;
  const multiply = () => {
    const y = tf.matMul(a, b, layout[0] === "T", layout[1] === "T");
    const values = y.dataSync();
    y.dispose();
    return values;
  };
  return {
    run: (steps) => {
      for (let i = 0; i < steps; i++) multiply();
    },
    verify: () => pick(multiply()),
  };
}

function prepare({ mode, optimizer, file: path }) {
  const file = readDataFile(path);
  if (mode === "matmul") return productSession(file);
  return mode === "infer" ? inferSession(file) : trainSession(file, optimizer);
}

await serve({ name, version: tf.version_core, modes: ["train", "infer", "matmul"], prepare });
