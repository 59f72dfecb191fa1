// Every op, exported to ONNX and run by onnxruntime.
import { describe, expect } from "vitest";
import { ArgumentError, type Tensor } from "../../lib/index.js";
import { exportOnnx } from "../../lib/onnx/index.js";
import { registry } from "../../lib/ops/registry.js";
import { apply, tensorsOf, withTensors } from "../oracle/call.js";
import { type Case, casesOf, tensorsIn } from "../oracle/cases.js";
import { expectSame, fromOracle } from "../oracle/compare.js";
import { runOnnx, testInRuntime } from "./session.js";
import { TOLERANCE } from "./tolerance.js";
import { Wrapped } from "./wrapped.js";

/** The ops that ONNX has nothing for. */
const NOT_IN_ONNX = new Set([
  ...["lgamma", "digamma", "polygamma", "erfinv", "gammainc", "gammaincc", "betainc"],
  ...["cholesky", "det", "eigh", "eigvalsh", "inverse", "logdet", "slogdet", "solve", "solveTriangular"],
  ...["cumprod", "lstsq", "pinv", "qr", "svd", "svdvals"],
]);

/** Runtimes have their own order for NaN. */
const isOrdinary = ({ args }: Case): boolean =>
  tensorsIn(args).every(({ data }) => data.every((value) => Number.isFinite(value)));

/** What runs eagerly alone is no part of a model. */
const ofModels = [...registry].filter(([, { eager }]) => eager !== true);

describe.each(ofModels)("%s", (name, about) => {
  const cases = casesOf(about).filter(isOrdinary);

  /** The op on the tensors of all cases that it takes, as one model. */
  function modelOf(dtype: "float32" | "float64"): { model: Wrapped; inputs: Tensor[]; expected: Tensor[] } {
    const calls = cases.flatMap(({ args }) => {
      const own = tensorsIn(args).map((one) => fromOracle(one, dtype));
      const given = args.map((arg) => (arg === "float64" ? dtype : arg));
      const call = (tensors: readonly Tensor[]) => tensorsOf(apply(about, withTensors(given, tensors)));
      try {
        return [{ call, own, expected: call(own) }];
      } catch (error) {
        // A case of what the op refuses.
        expect(error).toHaveProperty("code");
        return [];
      }
    });
    const run = (...inputs: Tensor[]): Tensor[] => {
      const left = [...inputs];
      return calls.flatMap(({ call, own }) => call(own.map(() => left.shift() as Tensor)));
    };
    return {
      model: new Wrapped(run),
      inputs: calls.flatMap(({ own }) => own),
      expected: calls.flatMap(({ expected }) => expected),
    };
  }

  testInRuntime.each(["float32", "float64"] as const)("gives the same in onnxruntime, %s", async (dtype) => {
    const { model, inputs, expected } = modelOf(dtype);
    if (NOT_IN_ONNX.has(name)) {
      const message = /cannot be exported:\n {2}\w+, called .*call\.ts:\d+:\d+\)?: ONNX has no such operator/;
      expect(() => exportOnnx(model, inputs, { dynamicBatch: false })).toThrow(ArgumentError);
      expect(() => exportOnnx(model, inputs, { dynamicBatch: false })).toThrow(message);
      return;
    }
    const results = await runOnnx(exportOnnx(model, inputs, { dynamicBatch: false }), inputs);
    [...results.values()].forEach((y, i) => {
      expectSame(y, expected[i] as Tensor, `result ${i}`, TOLERANCE[dtype]);
    });
  });
});
