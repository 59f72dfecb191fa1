// Networks of Keras and scikit-learn as their converters write them: test/oracle/onnx_others.py.
import { describe, expect, test } from "vitest";
import { compile, type Tensor } from "../../lib/index.js";
import { importOnnx } from "../../lib/onnx/index.js";
import { expectNumbersClose } from "../oracle/compare.js";
import { bytesOf, packed, tensorIn } from "./packed.js";

interface Case {
  readonly name: string;
  readonly model: string;
  readonly sets: readonly { readonly inputs: string[]; readonly outputs: string[] }[];
}

const cases = packed<Case>("others").map((one) => [one.name, one] as const);

describe("a model gives what it gave in Python, at once and compiled", () => {
  test.each(cases)("%s", async (_, { model, sets }) => {
    const module = await importOnnx(bytesOf(model));
    const compiled = compile((...inputs: Tensor[]) => module.run(inputs));
    for (const { inputs, outputs } of sets) {
      const given = inputs.map((text) => tensorIn(text).tensor);
      for (const found of [module.run(given), compiled(...given)]) {
        for (const [i, { name }] of module.outputs.entries()) {
          const { tensor: expected } = tensorIn(outputs[i] as string);
          expect(found[name]?.dtype).toBe(expected.dtype);
          expect(found[name]?.shape).toEqual(expected.shape);
          expectNumbersClose(
            (found[name] as Tensor).data,
            [...expected.data],
            { rtol: 1e-5, atol: 1e-5 },
            name,
          );
        }
      }
    }
  });
});

test("the weights of Keras and scikit-learn are parameters by the names that their converters give", async () => {
  const parametersOf = async (name: string): Promise<string[]> => {
    const one = cases.find(([own]) => own === name)?.[1] as Case;
    return Array.from((await importOnnx(bytesOf(one.model))).namedParameters(), ([own]) => own);
  };
  const ofKeras = await parametersOf("Keras");
  expect(ofKeras.length).toBe(10);
  expect(ofKeras).toContain("StatefulPartitionedCall/sequential_1/dense_1/MatMul/ReadVariableOp:0");
  expect(await parametersOf("scikit-learn's MLPRegressor")).toEqual([
    "coefficient",
    "intercepts",
    "coefficient1",
    "intercepts1",
  ]);
});
