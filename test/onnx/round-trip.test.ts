// Every module of nn, and functions of a batch, written to ONNX and read again.
import { describe, expect, test } from "vitest";
import { manualSeed, randn, type Tensor, zeros } from "../../lib/index.js";
import { exportOnnx, importOnnx } from "../../lib/onnx/index.js";
import { CASES } from "../nn/cases.js";
import { expectSame } from "../oracle/compare.js";
import { areBatches, BATCHES, modelOf, repeated } from "./cases.js";
import { FORWARDS } from "./forwards.js";
import { TOLERANCE } from "./tolerance.js";
import { Wrapped } from "./wrapped.js";

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

describe("functions of a batch", () => {
  test.each(Object.entries(FORWARDS))("%s", async (_, { run, shape, batches = [1, 2, 7] }) => {
    manualSeed(1);
    const model = new Wrapped((x) => run(x as Tensor));
    const read = await importOnnx(exportOnnx(model, zeros([...shape])));
    for (const batch of batches) {
      const x = randn([batch, ...shape.slice(1)]);
      expectSame(read.forward(x), model.forward(x), `batch ${batch}`, TOLERANCE.float32);
    }
  });
});
