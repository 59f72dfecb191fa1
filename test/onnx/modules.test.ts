// Every module of nn, exported to ONNX and run by onnxruntime.
import { describe, expect } from "vitest";
import { exportOnnx } from "../../lib/onnx/index.js";
import { CASES } from "../nn/cases.js";
import { expectSame } from "../oracle/compare.js";
import { areBatches, BATCHES, modelOf, repeated } from "./cases.js";
import { OnnxModel, testInRuntime } from "./session.js";
import { TOLERANCE } from "./tolerance.js";

describe.each(CASES)("%s", (_, answered) => {
  testInRuntime.each(["float32", "float64"] as const)("gives the same in onnxruntime, %s", async (dtype) => {
    const { model, inputs } = modelOf(answered, dtype);
    model.eval();
    const isDynamic = areBatches(model, inputs);
    const calls = [inputs, ...(isDynamic ? BATCHES.map((batch) => repeated(inputs, batch)) : [])];
    const before = JSON.stringify(model.stateDict());
    const exported = await OnnxModel.load(exportOnnx(model, inputs, { dynamicBatch: isDynamic }));
    expect(JSON.stringify(model.stateDict())).toBe(before);
    for (const call of calls) {
      const y = (await exported.run(call)).get("output");
      expectSame(y, model.forward(...call), `y of ${call[0]?.shape}`, TOLERANCE[dtype]);
    }
    await exported.release();
  });
});
