// Every module of nn, written to ONNX and read again.
import { describe, expect, test } from "vitest";
import { exportOnnx, importOnnx } from "../../lib/onnx/index.js";
import { CASES } from "../nn/cases.js";
import { expectSame } from "../oracle/compare.js";
import { areBatches, BATCHES, modelOf, repeated } from "./cases.js";
import { TOLERANCE } from "./tolerance.js";

describe.each(CASES)("%s", (_, answered) => {
  test.each(["float32", "float64"] as const)(
    "gives the same as the module that was written, %s",
    async (dtype) => {
      const { model, inputs } = modelOf(answered, dtype);
      model.eval();
      const isDynamic = areBatches(model, inputs);
      const calls = [inputs, ...(isDynamic ? BATCHES.map((batch) => repeated(inputs, batch)) : [])];
      const read = await importOnnx(exportOnnx(model, inputs, { dynamicBatch: isDynamic }));
      for (const call of calls) {
        expectSame(read.forward(...call), model.forward(...call), `y of ${call[0]?.shape}`, TOLERANCE[dtype]);
      }
      const names = new Set(Object.keys(model.stateDict()));
      for (const [name, parameter] of read.namedParameters()) {
        if (names.has(name)) expect(parameter.shape).toEqual(model.stateDict()[name]?.shape);
      }
    },
  );
});
