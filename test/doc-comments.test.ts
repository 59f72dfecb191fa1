// The examples of the doc comments run, and give what they say.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import * as thalweg from "../lib/index.js";
import { namespaceOf, subpaths } from "./entry-points.js";

const root = join(import.meta.dirname, "..");

interface Example {
  readonly file: string;
  readonly code: string;
}

/** The text behind each `@example`, up to the next tag. */
function examplesOf(file: string): Example[] {
  const source = readFileSync(join(root, "lib", file), "utf8");
  return Array.from(source.matchAll(/\/\*\*([\s\S]*?)\*\//g)).flatMap(([, comment = ""]) => {
    const text = comment.replace(/^ *\* ?/gm, "");
    return Array.from(
      text.matchAll(/@example ([^\n]*)$|@example\n([\s\S]*?)(?=\n@|\s*$(?![\s\S]))/gm),
      (found) => ({
        file,
        code: (found[1] ?? found[2] ?? "").trim(),
      }),
    );
  });
}

const examples = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort()
  .flatMap(examplesOf);

/** What the examples speak of without saying what it is. */
const FIXTURES = `
  class Net extends nn.Module {
    m0 = new nn.Linear(3, 5);
    m1 = new nn.Linear(5, 4);
    forward(input: Tensor): Tensor {
      return this.m1.forward(ops.relu(this.m0.forward(input.flatten(1))));
    }
  }
  const int32 = (values: number[]) => tensor(values, { dtype: "int32" });
  let model: any = new Net();
  let layer: any = model.m0;
  let x: any = randn([128, 3]);
  let images: any = x;
  let labels: any = int32(Array.from({ length: 128 }, (_, i) => i % 4));
  let y: any = labels;
  let data: any = { x, y };
  let optimizer: any = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  let opt: any = optimizer;
  let scores: any = model.forward(x);
  let target: any = rand([128, 4]);
  let loss: any = thalweg.cost.crossEntropy(scores, labels);
  let cost: any = thalweg.cost;
`;

/** Where they mean something else, by file. */
const OWN: Readonly<Record<string, string>> = {
  "autodiff/checkpoint.ts": "const block = model.m0; const z = x;",
  "autodiff/jacobian.ts": "const w = x; const v = x; const lossOf = (w: Tensor) => sum(pow(w, 3));",
  "autodiff/transforms.ts":
    "const a = x; const b = randn([3, 2]); const dy = randn([128, 2]); const dx = x; const w = x; const lossOf = (w: Tensor) => sum(pow(w, 3));",
  "cost/ctc.ts":
    "model = { forward: (x: Tensor) => x }; x = randn([6, 2, 4]); target = tensor([[1, 2], [3, 3]], { dtype: 'int32' }); const inputLengths = int32([6, 5]); const targetLengths = int32([2, 2]);",
  "cost/gaussian-nll.ts": "const mean = x; const variance = rand([128, 3]); target = x;",
  "cost/kl-div.ts": "const probabilities = ops.softmax(target);",
  "cost/margins.ts":
    "target = ops.sub(1, ops.mul(2, ops.to(greater(randn([128]), 0), 'float32'))); scores = randn([128]); const distances = rand([128]); const [scoresOfA, scoresOfB, a, b] = [randn([128]), randn([128]), x, x];",
  "cost/multi-class-margins.ts": "if (code.includes('[3, 0')) scores = ops.slice(scores, 0, { end: 1 });",
  "cost/poisson-nll.ts": "const counts = target;",
  "cost/triplet-margin.ts": "const [anchor, positive, negative] = [x, randn([128, 3]), randn([128, 3])];",
  "data/bytes.ts": "data = { ...data, readIdx: async () => ({ shape: [2, 3], values: new Uint8Array(6) }) };",
  "data/dataset.ts": "const [prices, weights] = [randn([128, 1]), randn([128, 1])];",
  "data/idx.ts":
    "const bytes = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 8); data = { ...data, readIdx: async () => thalweg.data.parseIdx(bytes) };",
  "data/rows/rows-file.ts":
    "const fs = await import('node:fs/promises'); for (const name of ['images', 'labels']) await fs.writeFile(name + '.npy', encodeNpy(randn([3, 2]))); await fs.writeFile('data_batch_1.bin', new Uint8Array(3 * 3073));",
  "data/table/parquet.ts": "data = { ...data, readParquet: async () => new data.Table({ distance: [1] }) };",
  "compiler/compile.ts":
    "const generator = { permutation: () => int32(Array.from({ length: 128 }, (_, i) => i)) }; const step = { loop: compile((x: Tensor, y: Tensor) => thalweg.cost.crossEntropy(model.forward(x), y)).loop };",
  "keeping/load.ts":
    "model = new nn.Linear(3, 4); const net = model; const bytes = serialize(model); for (const name of ['model', 'torch']) await save(model, name + '.safetensors');",
  "keeping/save.ts": "model = model.m0;",
  "tensor/tensor.ts": "const h = model.m0.forward(x);",
  "nn/jacobians.ts": "const z = randn([3]);",
  "nn/module.ts": "const w = randn([5, 3]); const state = model.stateDict();",
  "nn/nearest-neighbor.ts": "const [trainImages, trainLabels] = [randn([5, 3]), int32([0, 1, 2, 3, 9])];",
  "nn/soft-nearest-neighbor.ts":
    "const [trainImages, trainLabels] = [randn([5, 3]), int32([0, 1, 2, 3, 9])];",
  "nn/summary.ts": "model = new nn.Linear(784, 10);",
  "ops/addmm.ts": "const [bias, weight] = [randn([5]), randn([5, 3])];",
  "ops/einsum.ts":
    "const a = randn(code.includes('bij') ? [2, 3, 3] : [3, 3]); const b = randn(code.includes('bij') ? [2, 3, 3] : [3, 3]);",
  "ops/gather.ts": "const logits = scores;",
  "ops/logical-xor.ts": "y = x;",
  "ops/scatter-add.ts": "const [index, source] = [tensor([[2, 2]], { dtype: 'int32' }), ones([1, 2])];",
  "optim/curvature.ts":
    "model = new nn.Linear(3, 4); optimizer = new optim.GradientDescent(model.parameters()); y = target;",
  "optim/kfac.ts": "optimizer = new optim.GradientDescent(model.parameters());",
  "optim/find-learning-rate.ts":
    "const batches = [[x, y]]; const step = (x: Tensor, y: Tensor) => { optimizer.zeroGrad(); const l = cost.crossEntropy(model.forward(x), y); l.backward(); optimizer.step(); return l; };",
  "optim/gradient-descent.ts": "model = new nn.Linear(3, 1, { bias: false });",
  "optim/lbfgs.ts": "y = target;",
  "optim/schedulers/one-cycle.ts": "const [epochs, batches] = [5, 10];",
  "optim/sparse-adam.ts": "const embedding = new nn.Embedding(10, 3);",
  "interchange/flax.ts":
    "const dense = (m: number, n: number) => ({ kernel: randn([m, n]), bias: randn([n]) }); const readNpz = async (_: string) => ({ params: { Dense_0: dense(4, 8), Dense_1: dense(8, 3) } });",
  "interchange/keras.ts":
    "const readNpz = async (_: string) => ({ arr_0: randn([4, 8]), arr_1: randn([8]), arr_2: randn([8, 3]), arr_3: randn([3]) });",
  "onnx/import-onnx.ts": "exportOnnx(new nn.Linear(x.shape.at(-1) as number, 2), x, { path: 'model.onnx' });",
  "onnx/onnx-module.ts":
    "class Two extends nn.Module { forward(v: any): any { return { label: ops.argmax(v, { dim: 1 }), probabilities: ops.softmax(v) }; } } const net: any = importOnnxSync(exportOnnx(new Two(), x, { inputNames: ['X'] })); model = net;",
  "tensorboard/read-events.ts":
    "const { readFile } = await import('node:fs/promises'); const board = new TensorBoard('events');",
  "tensorboard/tensor-board.ts":
    "const board: any = code.includes('new TensorBoard') ? null : new TensorBoard('runs'); const epoch = 1;",
};

/** The code with each line that says what it gives as a call that compares. */
function checked(code: string): string {
  const line =
    /^(?!const |let |return |class |for |import |this\.|await |\/\/|[\s})])(.+?);?[ ]+\/\/ (.+)$/gm;
  return code.replace(line, (_, value: string, text: string) => {
    const call = /^\w+Error: /.test(text) ? `await fails(() => ${value}, ` : `seen(${value}, `;
    return `${call}${JSON.stringify(text)});`;
  });
}

function program(): string {
  const names = [...new Set([...Object.keys(thalweg), ...Object.keys(thalweg.ops)])];
  const taken = ["cost", "data"];
  const inOps = names.filter((name) => !(name in thalweg));
  const cases = examples.map(
    ({
      file,
      code,
    }) => `async function (this: any, seen: any, fails: any, code: string) {${FIXTURES}${file.startsWith("data/") ? "data = thalweg.data;" : ""}${OWN[file] ?? ""}
  { ${checked(code)}
  }
}`,
  );
  const others = Object.entries(subpaths).map(([subpath, exported]) => {
    const own = Object.keys(exported).filter((name) => !names.includes(name));
    // An export may have the room's name: draw of thalweg/draw.
    const named = namespaceOf(subpath);
    const namespace = own.includes(named) ? `${named}Room` : named;
    return `import * as ${namespace} from "thalweg/${subpath}";\nconst { ${own.join(", ")} } = ${namespace} as any;`;
  });
  return `import * as thalweg from "thalweg";
import type { Tensor } from "thalweg";
${others.join("\n")}
const { ${names.filter((name) => name in thalweg && !taken.includes(name)).join(", ")} } = thalweg;
const { ${inOps.join(", ")} } = thalweg.ops as any;
const codes: string[] = ${JSON.stringify(examples.map(({ code }) => code))};
const cases: any[] = [${cases.join(",\n")}];

function wanted(text: string): unknown {
  const found = /^(\\[.*\\]|[-−]?\\d[\\d.]*|true|false)(?![\\d,])/.exec(text);
  if (found === null) return undefined;
  try {
    return JSON.parse((found[1] as string).replaceAll("−", "-"));
  } catch {
    return undefined;
  }
}
const isNearly = (a: any, b: any): boolean =>
  Array.isArray(a)
    ? Array.isArray(b) && a.length === b.length && a.every((one, i) => isNearly(one, b[i]))
    : typeof a === "number" && typeof b === "number"
      ? Math.abs(a - b) <= 6e-4 * Math.max(1, Math.abs(b))
      : a === b;

const results: (string | null)[] = [];
let compared = 0;
console.log = () => {};
for (const [i, run] of cases.entries()) {
  manualSeed(i);
  const seen = (value: any, text: string) => {
    const expected = wanted(text);
    if (expected === undefined) return;
    compared++;
    const isTensor = value instanceof thalweg.Tensor;
    const given = isTensor ? value.toArray() : ArrayBuffer.isView(value) ? [...(value as any)] : value;
    if (isNearly(given, expected) || (isTensor && isNearly(value.shape, expected))) return;
    throw new Error(\`gives \${JSON.stringify(given)}, not \${text}\`);
  };
  const fails = async (call: () => unknown, text: string) => {
    compared++;
    try {
      await call();
    } catch (error: any) {
      if (\`\${error.name}: \${error.message}\`.startsWith(text.replace(/ ?…$/, ""))) return;
      throw error;
    }
    throw new Error("does not throw");
  };
  try {
    await run.call({}, seen, fails, codes[i]);
    results.push(null);
  } catch (error) {
    results.push(String(error));
  }
}
process.stdout.write(JSON.stringify({ results, compared }));
`;
}

describe("the examples of the doc comments", () => {
  let results: (string | null)[] = [];
  let compared = 0;
  beforeAll(() => {
    // Beside the package, so that its name leads to it.
    const folder = mkdtempSync(join(root, "examples", ".comments-"));
    try {
      const file = join(folder, "examples.mts");
      writeFileSync(file, program());
      const output = execFileSync(process.execPath, ["--import", "tsx", file], {
        encoding: "utf8",
        // What the examples write goes with the folder.
        cwd: folder,
      });
      ({ results, compared } = JSON.parse(output) as { results: (string | null)[]; compared: number });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);

  test.each(examples.map(({ file, code }, i) => [file, code, i] as const))("%s: %s", (_, __, i) => {
    expect(results[i]).toBeNull();
  });

  test("are many, and many say what they give", () => {
    expect(examples.length).toBeGreaterThan(270);
    expect(compared).toBeGreaterThan(90);
  });
});
