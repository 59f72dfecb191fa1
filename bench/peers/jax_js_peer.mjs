// jax-js: JAX written anew in JavaScript, on WebAssembly. A jitted step a call. Usage: jax_js_peer.mjs
//
// Install: `npm run bench:peers`. A function takes its arguments over: `.ref` keeps one for later.
import { readFileSync } from "node:fs";
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { readDataFile } from "../data-file.ts";
import { pick, serve } from "../serve.ts";

await init("wasm");
defaultDevice("wasm");

// The package does not export its package.json.
const about = readFileSync(new URL("../package.json", import.meta.resolve("@jax-js/jax")), "utf8");

const arrayOf = (values, shape) => np.array(values).reshape(shape);

/** Weights [out, in] and biases. */
function readLayers({ header, arrays }) {
  return header.sizes.slice(1).map((_, i) => {
    const { values, shape } = arrays.get(`w${i}`);
    return { weight: arrayOf(values, shape), bias: np.array(arrays.get(`b${i}`).values) };
  });
}

/** Scores [B, C] of x [B, in]. */
function forward(layers, x) {
  return layers.reduce((z, { weight, bias }, i) => {
    const y = np.matmul(z, weight.transpose()).add(bias);
    return i < layers.length - 1 ? nn.relu(y) : y;
  }, x);
}

/** The mean over the samples of −log softmax at their classes, which are one-hot. */
function cost(layers, x, target) {
  const logs = nn.logSoftmax(forward(layers, x), -1);
  return np.mean(np.sum(logs.mul(target), -1)).mul(-1);
}

const zerosLike = (layers) => tree.map((array) => np.zeros(array.shape), layers);

/** What an optimizer keeps, and its step: (w, gradient, state) → [w, state], leaf by leaf. */
function optimizerOf(name, { lr, momentum, betas, eps }) {
  if (name === "sgd") {
    return {
      begin: () => [],
      step: (layers, gradient) => [tree.map((w, g) => w.sub(g.mul(lr)), layers, gradient), []],
    };
  }
  if (name === "momentum") {
    return {
      begin: (layers) => [zerosLike(layers)],
      step: (layers, gradient, [velocity]) => {
        const next = tree.map((v, g) => v.mul(momentum).add(g), velocity, gradient);
        return [tree.map((w, v) => w.sub(v.mul(lr)), layers, tree.ref(next)), [next]];
      },
    };
  }
  const [b1, b2] = betas;
  return {
    begin: (layers) => [zerosLike(layers), zerosLike(layers), np.array([0])],
    step: (layers, gradient, [first, second, count]) => {
      const t = count.add(1);
      const [c1, c2] = [b1, b2].map((b) => np.power(b, t.ref).mul(-1).add(1));
      const m = tree.map((m, g) => m.mul(b1).add(g.mul(1 - b1)), first, tree.ref(gradient));
      const v = tree.map((v, g) => v.mul(b2).add(np.square(g).mul(1 - b2)), second, gradient);
      const move = (w, m, v) =>
        w.sub(
          m
            .div(c1.ref)
            .mul(lr)
            .div(np.sqrt(v.div(c2.ref)).add(eps)),
        );
      const next = tree.map(move, layers, tree.ref(m), tree.ref(v));
      c1.dispose();
      c2.dispose();
      return [next, [m, v, t]];
    },
  };
}

/** x [B, in] of each mini-batch. */
function readBatches({ header: { batch, batches, sizes }, arrays }) {
  const x = arrays.get("x").values;
  const size = batch * sizes[0];
  return Array.from({ length: batches }, (_, i) =>
    arrayOf(x.slice(i * size, (i + 1) * size), [batch, sizes[0]]),
  );
}

function trainSession(file, name) {
  const { batch, batches, optimizers, sizes } = file.header;
  const optimizer = optimizerOf(name, optimizers[name]);
  let layers = readLayers(file);
  let state = optimizer.begin(layers);
  const xs = readBatches(file);
  const y = file.arrays.get("y").values;
  // One-hot, made once: a gather by classes has no fast gradient.
  const ys = Array.from({ length: batches }, (_, i) =>
    nn.oneHot(np.array(y.slice(i * batch, (i + 1) * batch), { dtype: np.int32 }), sizes.at(-1)),
  );
  const update = jit((layers, state, x, target) => {
    const [loss, gradient] = valueAndGrad(cost)(tree.ref(layers), x, target);
    const [next, kept] = optimizer.step(layers, gradient, state);
    return [next, kept, loss];
  });
  let at = 0;
  let last = null;
  const step = (i) => {
    last?.dispose();
    [layers, state, last] = update(layers, state, xs[i].ref, ys[i].ref);
  };
  return {
    run: async (steps) => {
      for (let i = 0; i < steps; i++) {
        step(at);
        at = (at + 1) % batches;
      }
      await blockUntilReady(last);
    },
    verify: (numbers) =>
      numbers.map((i) => {
        step(i);
        return last.ref.dataSync()[0];
      }),
    loss: () => last.ref.dataSync()[0],
  };
}

function inferSession(file) {
  const layers = readLayers(file);
  const xs = readBatches(file);
  const predict = jit(forward);
  const at = (i) => predict(tree.ref(layers), xs[i].ref).dataSync();
  let next = 0;
  return {
    run: (steps) => {
      for (let i = 0; i < steps; i++) {
        at(next);
        next = (next + 1) % xs.length;
      }
    },
    verify: () => pick(at(0)),
  };
}

function productSession({ header, arrays }) {
  const [a, b] = ["a", "b"].map((operand) => {
    const { values, shape } = arrays.get(operand);
    return arrayOf(values, shape);
  });
  const { layout } = header.product;
  const turned = (x, i) => (layout[i] === "T" ? x.transpose() : x);
  const product = jit((a, b) => np.matmul(turned(a, 0), turned(b, 1)));
  const multiply = () => product(a.ref, b.ref).dataSync();
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

await serve({
  name: "jax-js",
  version: JSON.parse(about).version,
  modes: ["train", "infer", "matmul"],
  prepare,
});
