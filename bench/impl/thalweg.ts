// Thalweg's implementation in the benchmark.
import { readFileSync } from "node:fs";
import process from "node:process";
import {
  backendInfo,
  compile,
  fromTypedArray,
  jacobian,
  noGrad,
  ops,
  setThreads,
  type Tensor,
} from "thalweg";
import { type DataFile, readDataFile, valuesOf } from "../data-file.js";
import { evolutionSession } from "../evolution/sessions.js";
import type { Prepare } from "../protocol.js";
import { learningSession } from "../rl/sessions.js";
import { pick, type Session, serve } from "../serve.js";
import { sparseLayer } from "../sparse/layers.js";
import type { Mode, Product } from "../workloads.js";
import { buildDescent, valuesAfter } from "./descent.js";
import { buildNetwork, buildOptimizer, eagerStep, type Network, type Step } from "./network.js";
import { OUTSIDE, SEARCHES, search, timeOutside } from "./searches.js";

const name = process.argv[2] ?? "thalweg";

function prepare({ mode, optimizer, file: path, threads, chunk }: Prepare): Session {
  setThreads(threads);
  const file = readDataFile(path);
  switch (mode) {
    case "matmul":
      return productSession(file);
    case "evolution":
      return evolutionSession(file, chunk);
    case "rl":
      return learningSession(file, name === "thalweg" ? "ops" : "javascript");
    case "optimizer":
      return descentSession(file);
    case "sparse": {
      const network = buildNetwork(file, "float32", file.header.zeros === 0 ? undefined : sparseLayer);
      if (optimizer === null) return inferSession(network);
      return loopSession(network, eagerStepOf(file, network, optimizer), chunk);
    }
    case "infer":
      return inferSession(buildNetwork(file, "float32"));
    case "jacobian":
      return jacobianSession(buildNetwork(file, "float32"));
    case "eager": {
      const network = buildNetwork(file, "float32");
      return stepSession(network, eagerStepOf(file, network, optimizer));
    }
    default: {
      const network = buildNetwork(file, "float32");
      return loopSession(network, eagerStepOf(file, network, optimizer), chunk);
    }
  }
}

function eagerStepOf(file: DataFile, { model }: Network, optimizer: string | null): Step {
  if (optimizer === null) throw new Error("expected an optimizer");
  return eagerStep(model, buildOptimizer(file, optimizer, model.parameters()));
}

/** Steps through the mini-batches in order, one call per step. */
function stepSession({ xs, ys }: Network, step: Step): Session {
  let at = 0;
  let loss: Tensor | null = null;
  return {
    run: (steps) => {
      for (let i = 0; i < steps; i++) {
        loss = step(xs[at] as Tensor, ys[at] as Tensor);
        at = (at + 1) % xs.length;
      }
    },
    verify: (batches) => batches.map((i) => step(xs[i] as Tensor, ys[i] as Tensor).item()),
    loss: () => loss?.item() ?? Number.NaN,
  };
}

/** The compiled step, many steps per call, on samples gathered by index from the whole set. */
function loopSession({ x, y, xs, ys, batch }: Network, step: Step, chunk: number): Session {
  const compiled = compile(step);
  const samples = xs.length * batch;
  // Long enough for the longest run, from any mini-batch at which a run may begin.
  const order = Int32Array.from({ length: samples + chunk * batch }, (_, i) => i % samples);
  let at = 0;
  let losses: Tensor | null = null;
  const arena = compiled.arenaBytes(xs[0] as Tensor, ys[0] as Tensor);
  return {
    note: `arena ${(arena / 1024).toFixed(0)} KiB`,
    run: (steps) => {
      const part = order.subarray(at * batch, (at + steps) * batch);
      losses = compiled.loop([x, y], fromTypedArray(part), batch);
      at = (at + steps) % xs.length;
    },
    verify: (batches) => {
      const numbers = batches.flatMap((i) => Array.from({ length: batch }, (_, j) => i * batch + j));
      return [...compiled.loop([x, y], fromTypedArray(Int32Array.from(numbers)), batch).data];
    },
    loss: () => losses?.data.at(-1) ?? Number.NaN,
  };
}

function inferSession({ model, xs }: Network): Session {
  const forward = compile((x: Tensor) => model.forward(x));
  let at = 0;
  return {
    run: (steps) =>
      noGrad(() => {
        for (let i = 0; i < steps; i++) {
          forward(xs[at] as Tensor);
          at = (at + 1) % xs.length;
        }
      }),
    verify: () => noGrad(() => pick(forward(xs[0] as Tensor).data)),
  };
}

/** ∂y/∂x of one sample per step. */
function jacobianSession({ model, xs }: Network): Session {
  const samples = xs.map((x) => ops.reshape(x, [x.size]));
  const ofSample = compile(jacobian((x: Tensor) => model.forward(x)));
  let at = 0;
  return {
    run: (steps) => {
      for (let i = 0; i < steps; i++) {
        ofSample(samples[at] as Tensor);
        at = (at + 1) % samples.length;
      }
    },
    verify: () => pick(ofSample(samples[0] as Tensor).data),
  };
}

function descentSession(file: DataFile): Session {
  const { optimizer, parameters } = buildDescent(file, "float32");
  const step = compile(() => optimizer.step());
  return {
    run: (steps) => {
      for (let i = 0; i < steps; i++) step();
    },
    verify: (batches) => valuesAfter(batches.length, step, parameters),
  };
}

function productSession(file: DataFile): Session {
  const { layout } = file.header.product as Product;
  const operand = (name: string) =>
    fromTypedArray(valuesOf(file, name, Float32Array), file.arrays.get(name)?.shape);
  const a = operand("a");
  const b = operand("b");
  const transposes = { transposeA: layout[0] === "T", transposeB: layout[1] === "T" };
  const multiply = () => ops.matmul(a, b, transposes);
  return {
    run: (steps) => {
      for (let i = 0; i < steps; i++) multiply();
    },
    verify: () => pick(multiply().data),
  };
}

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
const { isa, matmul } = backendInfo();
const modes: Mode[] = [
  "train",
  "infer",
  "eager",
  "matmul",
  "jacobian",
  "optimizer",
  "sparse",
  "evolution",
  "rl",
];
const inOps = { modes, searches: SEARCHES, search, outside: OUTSIDE, timeOutside };
await serve({
  name,
  version: `${version} (${isa} kernels, matmul by ${matmul})`,
  prepare,
  // The other way is with environments in JavaScript.
  ...(name === "thalweg" ? inOps : { modes: ["rl"] }),
});
