// Runs ONNX models by onnxruntime-node. Its types need those of a browser, so what is used of them stands here.
import { createRequire } from "node:module";
import { test } from "vitest";
import { type DType, type Tensor, tensor } from "../../lib/index.js";

interface OrtTensor {
  readonly data: ArrayLike<number>;
  readonly dims: readonly number[];
  readonly type: DType;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

interface Runtime {
  readonly InferenceSession: { create(bytes: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: DType, data: ArrayLike<number>, dims: readonly number[]) => OrtTensor;
}

const require = createRequire(import.meta.url);

/** Undefined where the package is not installed: `npm run onnxruntime` installs it. */
const runtime = ((): Runtime | undefined => {
  try {
    require.resolve("onnxruntime-node");
  } catch {
    return undefined;
  }
  return require("onnxruntime-node") as Runtime;
})();

/** As `test`, skipped without onnxruntime-node. */
export const testInRuntime = test.skipIf(runtime === undefined);

function loaded(): Runtime {
  if (runtime === undefined) throw new Error("onnxruntime-node is not installed: npm run onnxruntime");
  return runtime;
}

// The models are small: threads would cost more than they save.
const OPTIONS = { logSeverityLevel: 3, intraOpNumThreads: 1, interOpNumThreads: 1 };

/** A model that can be run several times. */
export class OnnxModel {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async load(bytes: Uint8Array): Promise<OnnxModel> {
    return new OnnxModel(await loaded().InferenceSession.create(bytes, OPTIONS));
  }

  /** The results by name, for inputs in the order of the file. */
  async run(inputs: readonly Tensor[]): Promise<Map<string, Tensor>> {
    const { inputNames, outputNames } = this.#session;
    const feeds = inputNames.map((name, i): [string, OrtTensor] => {
      const { data, dtype, shape } = inputs[i] as Tensor;
      return [name, new (loaded().Tensor)(dtype, data, [...shape])];
    });
    const results = await this.#session.run(Object.fromEntries(feeds));
    return new Map(
      outputNames.map((name) => {
        const { data, dims, type } = results[name] as OrtTensor;
        return [name, tensor(Array.from(data, Number), { shape: [...dims], dtype: type })];
      }),
    );
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** The results of a model by name. */
export async function runOnnx(bytes: Uint8Array, inputs: readonly Tensor[]): Promise<Map<string, Tensor>> {
  const model = await OnnxModel.load(bytes);
  try {
    return await model.run(inputs);
  } finally {
    await model.release();
  }
}
