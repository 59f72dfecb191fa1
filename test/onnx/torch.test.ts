// Models that both exporters of torch.onnx have written: test/oracle/onnx_torch.py.
import { describe, expect, test } from "vitest";
import { compile, ops, optim, type Tensor } from "../../lib/index.js";
import { importOnnx, type OnnxModule } from "../../lib/onnx/index.js";
import { expectNumbersClose } from "../oracle/compare.js";
import { bytesOf, packed, tensorIn } from "./packed.js";

interface Case {
  readonly name: string;
  readonly model: string;
  /** Whether it was written in training mode. */
  readonly training: boolean;
  readonly sets: readonly { readonly inputs: string[]; readonly outputs: string[] }[];
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, string>>;
  readonly buffers: Readonly<Record<string, string>>;
}

const cases = packed<Case>("torch").map((one) => [one.name, one] as const);
const tensors = (texts: readonly string[]): Tensor[] => texts.map((text) => tensorIn(text).tensor);

function expectNear(found: Tensor | null | undefined, text: string, what: string, least = 0): void {
  const { tensor, rtol: own } = tensorIn(text);
  const rtol = Math.max(own, least);
  expect(found?.dtype, what).toBe(tensor.dtype);
  expect(found?.shape, what).toEqual(tensor.shape);
  expectNumbersClose((found as Tensor).data, [...tensor.data], { rtol, atol: rtol }, what);
}

const squareLoss = (model: OnnxModule, inputs: readonly Tensor[]): Tensor =>
  ops.mean(ops.square(model.forward(...inputs)));

describe("a model of PyTorch's gives what it gave there, at once and compiled, for other batches than the exporter saw", () => {
  test.each(cases)("%s", async (_, { model, training, sets }) => {
    const module = await importOnnx(bytesOf(model));
    expect(module.training).toBe(training);
    module.eval();
    const compiled = compile((...inputs: Tensor[]) => module.run(inputs));
    for (const { inputs, outputs } of sets) {
      for (const run of [(own: Tensor[]) => module.run(own), (own: Tensor[]) => compiled(...own)]) {
        const found = run(tensors(inputs));
        expect(module.outputs.length).toBe(outputs.length);
        for (const [i, { name }] of module.outputs.entries())
          expectNear(found[name], outputs[i] as string, name);
      }
    }
  });
});

describe("an imported model is trained as PyTorch goes on with it", () => {
  test.each(cases.filter(([, { losses }]) => losses.length > 0))(
    "%s",
    async (_, { model, sets, losses, gradients, buffers }) => {
      const module = (await importOnnx(bytesOf(model))).train();
      const parameters = new Map(module.namedParameters());
      const inputs = tensors(sets.at(-1)?.inputs ?? []);
      const optimizer = new optim.SGD(module.parameters(), { lr: 0.01 });
      const step = compile((...given: Tensor[]) => {
        optimizer.zeroGrad();
        const loss = squareLoss(module, given);
        loss.backward();
        optimizer.step();
        return loss;
      });
      squareLoss(module.clone().train(), inputs);
      const first = module.clone();
      squareLoss(first, inputs).backward();
      const own = new Map(first.namedParameters());
      expect(Object.keys(gradients).length).toBeGreaterThan(0);
      for (const [name, text] of Object.entries(gradients)) {
        expect([...parameters.keys()]).toContain(name);
        expectNear(own.get(name)?.grad, text, name);
      }
      const found = losses.map(() => step(...inputs).item());
      expectNumbersClose(found, losses, { rtol: 1e-4, atol: 1e-6 });
      const kept = new Map(module.namedBuffers());
      for (const [name, text] of Object.entries(buffers)) {
        if (kept.has(name)) expectNear(kept.get(name), text, name, 1e-4);
      }
    },
  );
});
