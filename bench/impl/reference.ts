// The reference for verification: the same steps in float64.
import process from "node:process";
import { fromTypedArray, jacobian, type nn, noGrad, ops, setThreads, type Tensor } from "thalweg";
import { readDataFile, valuesOf } from "../data-file.js";
import { evolutionReference } from "../evolution/sessions.js";
import type { Prepare } from "../protocol.js";
import { pick, type Session, serve } from "../serve.js";
import { MaskedLayer } from "../sparse/layers.js";
import type { Product } from "../workloads.js";
import { buildDescent, valuesAfter } from "./descent.js";
import { buildNetwork, buildOptimizer, eagerStep } from "./network.js";

function prepare({ mode, optimizer: name, file: path, threads }: Prepare): Session {
  setThreads(threads);
  const file = readDataFile(path);
  const run = () => {}; // It is not timed.
  if (file.header.kind === "product") {
    const { layout } = file.header.product as Product;
    const operand = (array: string) =>
      fromTypedArray(Float64Array.from(valuesOf(file, array, Float32Array)), file.arrays.get(array)?.shape);
    const transposes = { transposeA: layout[0] === "T", transposeB: layout[1] === "T" };
    return { run, verify: () => pick(ops.matmul(operand("a"), operand("b"), transposes).data) };
  }
  if (file.header.kind === "descent") {
    const { optimizer, parameters } = buildDescent(file, "float64");
    return { run, verify: (batches) => valuesAfter(batches.length, () => optimizer.step(), parameters) };
  }
  if (mode === "evolution") return evolutionReference(file);
  const layerOf = mode === "sparse" ? (linear: nn.Linear) => new MaskedLayer(linear) : undefined;
  const { model, xs, ys } = buildNetwork(file, "float64", layerOf);
  if (mode === "jacobian") {
    const sample = ops.reshape(xs[0] as Tensor, [(xs[0] as Tensor).size]);
    return { run, verify: () => pick(jacobian((x: Tensor) => model.forward(x))(sample).data) };
  }
  if (name === null) {
    return { run, verify: () => pick(noGrad(() => model.forward(xs[0] as Tensor)).data) };
  }
  const step = eagerStep(model, buildOptimizer(file, name, model.parameters()));
  return {
    run,
    verify: (batches) => batches.map((i) => step(xs[i] as Tensor, ys[i] as Tensor).item()),
  };
}

await serve({
  name: "reference",
  version: process.version,
  modes: ["train", "eager", "infer", "matmul", "jacobian", "optimizer", "sparse", "evolution"],
  prepare,
});
