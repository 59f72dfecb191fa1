// Runs ONNX models by onnxruntime-node. Its types need those of a browser, so what is used of them stands here.
import { createRequire } from "node:module";
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

const runtime = createRequire(import.meta.url)("onnxruntime-node") as Runtime;

// The models are small: threads would cost more than they save.
const OPTIONS = { logSeverityLevel: 3, intraOpNumThreads: 1, interOpNumThreads: 1 };

/** A model that can be run several times. */
export class OnnxModel {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async load(bytes: Uint8Array): Promise<OnnxModel> {
    return new OnnxModel(await runtime.InferenceSession.create(bytes, OPTIONS));
  }

  /** The results by name, for inputs in the order of the file. */
  async run(inputs: readonly Tensor[]): Promise<Map<string, Tensor>> {
    const { inputNames, outputNames } = this.#session;
    const feeds = inputNames.map((name, i): [string, OrtTensor] => {
      const { data, dtype, shape } = inputs[i] as Tensor;
      return [name, new runtime.Tensor(dtype, data, [...shape])];
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
