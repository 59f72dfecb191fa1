// Thalweg's own part in the benchmark.
import { readFileSync } from "node:fs";
import * as thalweg from "thalweg";
import { backendInfo, fromTypedArray, noGrad, ops, setThreads, type Tensor } from "thalweg";
import { type DataFile, readDataFile, valuesOf } from "../data-file.js";
import type { Prepare } from "../protocol.js";
import { pick, type Session, serve } from "../serve.js";
import type { Mode, OptimizerName, Product } from "../workloads.js";
import { buildNetwork, buildOptimizer, eagerStep, type Network, type Step } from "./network.js";

type Compile = <F extends (...inputs: Tensor[]) => Tensor>(fn: F) => F;

/** The library's `compile`; null as long as it has none, and then it does not take part in training. */
const compile = ((thalweg as Record<string, unknown>)["compile"] as Compile | undefined) ?? null;

function prepare({ mode, optimizer, file: path, threads }: Prepare): Session {
  setThreads(threads);
  const file = readDataFile(path);
  switch (mode) {
    case "matmul":
      return productSession(file);
    case "infer":
      return inferSession(buildNetwork(file, "float32"));
    case "eager": {
      const network = buildNetwork(file, "float32");
      return stepSession(network, eagerStepOf(file, network, optimizer));
    }
    default: {
      if (compile === null) throw new Error("this version has no compile()");
      const network = buildNetwork(file, "float32");
      return stepSession(network, compile(eagerStepOf(file, network, optimizer)));
    }
  }
}

function eagerStepOf(file: DataFile, { model }: Network, optimizer: OptimizerName | null): Step {
  if (optimizer === null) throw new Error("expected an optimizer");
  return eagerStep(model, buildOptimizer(file, optimizer, model.parameters()));
}

/** Steps through the mini-batches in order, a call each. */
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

function inferSession({ model, xs }: Network): Session {
  const forward = compile === null ? model.forward.bind(model) : compile((x: Tensor) => model.forward(x));
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
const modes: Mode[] = ["eager", "infer", "matmul"];
if (compile !== null) modes.push("train");
await serve({ name: "thalweg", version: `${version} (${isa} kernels, matmul by ${matmul})`, modes, prepare });
