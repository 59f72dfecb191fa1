// Exported models in Python: onnx.checker and onnxruntime.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manualSeed, type nn, randn, type Tensor, zeros } from "../../lib/index.js";
import { exportOnnx } from "../../lib/onnx/index.js";
import { CASES } from "../nn/cases.js";
import { expectNumbersClose } from "../oracle/compare.js";
import { askPython, pythonWith } from "../python.js";
import { areBatches, modelOf, repeated } from "./cases.js";
import { FORWARDS } from "./forwards.js";
import { TOLERANCE } from "./tolerance.js";
import { Wrapped } from "./wrapped.js";

const PROGRAM = `
import json, pathlib, sys
import numpy, onnx, onnxruntime

answers = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = json.loads(path.with_suffix(".json").read_text())
    feeds = {
        own.name: numpy.array(one["data"], one["dtype"]).reshape(one["shape"])
        for own, one in zip(session.get_inputs(), given)
    }
    answers[path.stem] = [
        {"shape": list(y.shape), "data": y.ravel().tolist()} for y in session.run(None, feeds)
    ]
print(json.dumps(answers))
`;

interface Model {
  readonly name: string;
  readonly model: nn.Module;
  readonly bytes: Uint8Array;
  readonly inputs: readonly Tensor[];
}

/** The first case of each module of nn, in each dtype, and functions of a batch. */
function* models(): Generator<Model> {
  const seen = new Set<string>();
  for (const [, answered] of CASES) {
    const { name } = answered.own;
    if (seen.has(name)) continue;
    seen.add(name);
    for (const dtype of ["float32", "float64"] as const) {
      const { model, inputs } = modelOf(answered, dtype);
      model.eval();
      const isDynamic = areBatches(model, inputs);
      const bytes = exportOnnx(model, inputs, { dynamicBatch: isDynamic });
      yield { name: `${name} ${dtype}`, model, bytes, inputs: isDynamic ? repeated(inputs, 7) : inputs };
    }
  }
  for (const [name, { run, shape, batches = [7] }] of Object.entries(FORWARDS)) {
    const model = new Wrapped((x) => run(x as Tensor));
    const bytes = exportOnnx(model, zeros([...shape]), { opset: 17 });
    yield { name, model, bytes, inputs: [randn([batches.at(-1) as number, ...shape.slice(1)])] };
  }
}

interface Answer {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const python = pythonWith("onnx", "onnxruntime");

test.skipIf(python === undefined)(
  "models pass onnx.checker, and give the same in Python's onnxruntime",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "thalweg-onnx-"));
    try {
      manualSeed(1);
      const all = [...models()];
      for (const [i, { bytes, inputs }] of all.entries()) {
        writeFileSync(join(folder, `${i}.onnx`), bytes);
        const given = inputs.map(({ data, dtype, shape }) => ({ data: [...data], dtype, shape }));
        writeFileSync(join(folder, `${i}.json`), JSON.stringify(given));
      }
      const answers = askPython(python as string, PROGRAM, folder) as Readonly<
        Record<number, readonly Answer[]>
      >;
      for (const [i, { name, model, inputs }] of all.entries()) {
        const y = model.forward(...inputs);
        const [answer] = answers[i] as readonly [Answer];
        expect(answer.shape, name).toEqual(y.shape);
        expectNumbersClose(
          answer.data,
          [...y.data],
          TOLERANCE[y.dtype === "float64" ? "float64" : "float32"],
          name,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
