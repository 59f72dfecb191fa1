import { describe, expect, test } from "vitest";
import { nn, zeros } from "../../lib/index.js";
import { expectClose, fromOracle, TOLERANCE } from "../oracle/compare.js";
import { type ModuleSpec, type OracleTensors, readModules } from "../oracle/read.js";

function build({ module, config }: ModuleSpec, dtype: "float32" | "float64"): nn.Module {
  const { inFeatures = 0, outFeatures = 0, bias = true } = config;
  switch (module) {
    case "Linear":
      return new nn.Linear(inFeatures, outFeatures, { bias, dtype });
    case "ReLU":
      return new nn.ReLU();
    case "Tanh":
      return new nn.Tanh();
    case "Sigmoid":
      return new nn.Sigmoid();
    case "Flatten":
      return new nn.Flatten(config.startDim, config.endDim);
    case "Sequential":
      return new nn.Sequential(...(config.modules ?? []).map((spec) => build(spec, dtype)));
    case "NearestNeighbour":
      return new nn.NearestNeighbor(zeros([config.points ?? 0, config.features ?? 0], { dtype }));
    default:
      throw new Error(`no module ${module}`);
  }
}

function load(model: nn.Module, parameters: OracleTensors, dtype: "float32" | "float64"): void {
  const state = Object.entries(parameters).map(([name, value]) => [name, fromOracle(value, dtype)]);
  model.loadStateDict(Object.fromEntries(state));
}

for (const dtype of ["float64", "float32"] as const) {
  describe(`modules give PyTorch's values and gradients in ${dtype}`, () => {
    test.each(readModules().map((row) => [`${row.module}: ${row.note}`, row] as const))("%s", (_, row) => {
      const model = build(row, dtype);
      expect([...model.namedParameters()].map(([name]) => name)).toEqual(Object.keys(row.parameters));
      load(model, row.parameters, dtype);
      const x = fromOracle(row.x, dtype, row.dx !== undefined);
      const y = model.forward(x);
      expectClose(y, row.y, TOLERANCE[dtype], "y");
      if (row.dy === undefined) return;
      y.backward({ gradient: fromOracle(row.dy, dtype) });
      if (row.dx !== undefined) expectClose(x.grad, row.dx, TOLERANCE[dtype], "dx");
      for (const [name, parameter] of model.namedParameters()) {
        const expected = row.gradients?.[name];
        if (expected === undefined) throw new Error(`no gradient of ${name}`);
        expectClose(parameter.grad, expected, TOLERANCE[dtype], name);
      }
    });
  });
}
