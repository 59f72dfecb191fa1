// Models between here and PyTorch by safetensors files: what either saves gives the same in the other.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  deserialize,
  deserializeTensors,
  loadSync,
  nn,
  saveSync,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { build, CASES, inputsOf } from "../nn/cases.js";
import { expectNumbersClose } from "../oracle/compare.js";
import saved from "../oracle/saved-models.json" with { type: "json" };
import { pythonWith } from "../python.js";

class Tied extends nn.Module {
  readonly table = new nn.Embedding(5, 3);
  readonly norm = new nn.LayerNorm(3);
  readonly head = new nn.Linear(3, 5);
  constructor() {
    super();
    Object.assign(this.head, { weight: this.table.weight });
  }
  forward(index: Tensor): Tensor {
    return this.head.forward(this.norm.forward(this.table.forward(index)));
  }
}

const plain = (): nn.Module =>
  new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Tanh(), new nn.Linear(4, 2));

describe.each(saved)("a model that PyTorch saved: $name", ({ name, file, x, y }) => {
  const bytes = new Uint8Array(Buffer.from(file, "base64"));
  const isTied = name === "tied";

  test("gives what it gives there", () => {
    const model = (isTied ? new Tied() : plain()).to("float64").eval();
    deserialize(bytes, model);
    const input = tensor(x.data, { shape: x.shape, dtype: isTied ? "int32" : "float64" });
    expectNumbersClose([...model.forward(input).data], y, { rtol: 1e-12, atol: 1e-14 });
  });

  test("has its tensors in dtypes that hold them", () => {
    const { tensors } = deserializeTensors(bytes);
    const floats = Object.values(tensors).filter(({ dtype }) => dtype !== "int32");
    expect(new Set(floats.map(({ dtype }) => dtype))).toEqual(
      new Set([name === "float64" ? name : "float32"]),
    );
    if (!isTied) expect(tensors["1.num_batches_tracked"]?.dtype).toBe("int32");
  });
});

const python = pythonWith("torch", "safetensors");
const cases = CASES.filter(([, { own }]) => !own.torch.startsWith("references.")).flatMap(([title, one]) =>
  (["float32", "float64"] as const).map((dtype) => ({ title: `${title}, ${dtype}`, one, dtype })),
);

describe.skipIf(python === undefined)("in Python, which has torch and safetensors", () => {
  interface Answer {
    readonly ours: number[];
    readonly theirs: number[];
  }
  let answers: { readonly cases: Answer[]; readonly tied: number[] } = { cases: [], tied: [] };
  const tied = new Tied();
  const folder = mkdtempSync(join(tmpdir(), "thalweg-torch-"));
  beforeAll(() => {
    const asked = cases.map(({ one, dtype }, i) => {
      saveSync(build(one, dtype).eval(), join(folder, `${i}.safetensors`));
      const inputs = inputsOf(one, { dtype }).map((x) =>
        x === null
          ? null
          : { shape: x.shape, dtype: x.dtype === "int32" ? "int64" : x.dtype, data: [...x.data].map(Number) },
      );
      return { torch: one.own.torch, arguments: one.own.arguments, dtype, inputs };
    });
    saveSync(tied, join(folder, "tied.safetensors"));
    writeFileSync(join(folder, "cases.json"), JSON.stringify(asked));
    const program = join(import.meta.dirname, "..", "oracle", "saved_models.py");
    answers = JSON.parse(
      execFileSync(python as string, [program, folder], { encoding: "utf8", maxBuffer: 1 << 28 }),
    ) as typeof answers;
    return () => rmSync(folder, { recursive: true });
  });

  test.each(cases.map(({ title, one, dtype }, i) => [title, one, dtype, i] as const))(
    "%s",
    (_, one, dtype, i) => {
      const tolerance = dtype === "float64" ? { rtol: 1e-10, atol: 1e-12 } : { rtol: 1e-4, atol: 1e-5 };
      const { ours, theirs } = answers.cases[i] as Answer;
      const outputOf = (model: nn.Module): number[] =>
        [...model.forward(...inputsOf(one, { dtype })).data].map(Number);
      expectNumbersClose(outputOf(build(one, dtype).eval()), ours, tolerance);
      const other = loadSync(join(folder, `torch-${i}.safetensors`), one.own.make().to(dtype).eval());
      expectNumbersClose(outputOf(other), theirs, tolerance);
    },
  );

  test("a parameter that is written once is in both its places", () => {
    const index = tensor([0, 4, 2, 1], { shape: [2, 2], dtype: "int32" });
    expectNumbersClose([...tied.forward(index).data], answers.tied, { rtol: 1e-4, atol: 1e-5 });
  });
});
