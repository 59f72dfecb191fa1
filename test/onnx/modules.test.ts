// Every module of nn, exported to ONNX and run by onnxruntime.
import { describe, expect, test } from "vitest";
import { ops, type Tensor, tensor } from "../../lib/index.js";
import { exportOnnx } from "../../lib/onnx/index.js";
import { type Answered, build, CASES, type FloatDType, inputsOf } from "../nn/cases.js";
import { expectSame } from "../oracle/compare.js";
import { OnnxModel } from "./session.js";
import { TOLERANCE } from "./tolerance.js";
import { Wrapped } from "./wrapped.js";

/** A case as a function of the inputs that it does not leave out. */
function modelOf(answered: Answered, dtype: FloatDType): { model: Wrapped; inputs: Tensor[] } {
  const module = build(answered, dtype);
  const inputs = inputsOf(answered, { dtype });
  const run = (...given: Tensor[]): Tensor => {
    const left = [...given];
    return module.forward(...inputs.map((input) => (input === null ? input : (left.shift() as Tensor))));
  };
  return { model: new Wrapped(run, module), inputs: inputs.filter((input) => input !== null) };
}

/** The first samples of a batch, over and over. */
function repeated(inputs: readonly Tensor[], batch: number): Tensor[] {
  const own = inputs[0]?.shape[0] as number;
  const index = tensor(
    Array.from({ length: batch }, (_, i) => i % own),
    { dtype: "int32" },
  );
  return inputs.map((input) => ops.indexSelect(input, 0, index));
}

/** Whether the inputs are samples, for any number of which the module is defined. */
function areBatches(model: Wrapped, inputs: readonly Tensor[]): boolean {
  const [first] = inputs;
  const have = inputs.every(({ rank, size, shape }) => rank > 1 && size > 0 && shape[0] === first?.shape[0]);
  if (!have) return false;
  try {
    for (const batch of BATCHES) model.forward(...repeated(inputs, batch));
    return true;
  } catch {
    return false;
  }
}

const BATCHES = [1, 7];

describe.each(CASES)("%s", (_, answered) => {
  test.each(["float32", "float64"] as const)("gives the same in onnxruntime, %s", async (dtype) => {
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
