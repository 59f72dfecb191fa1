// The node tests of the Python package onnx, for the operators that are supported: test/oracle/onnx.ts.
import { expect, test } from "vitest";
import { importOnnxSync } from "../../lib/onnx/index.js";
import type { Tensor } from "../../lib/tensor/tensor.js";
import { expectNumbersClose } from "../oracle/compare.js";
import { EXCUSED } from "./excused-node-tests.js";
import { bytesOf, packed, tensorIn } from "./packed.js";

interface Case {
  readonly name: string;
  readonly model: string;
  readonly sets: readonly { readonly inputs: (string | null)[]; readonly outputs: (string | null)[] }[];
}

function check({ model, sets }: Case): void {
  const module = importOnnxSync(bytesOf(model));
  for (const { inputs, outputs } of sets) {
    const named = module.run(inputs.map((text) => tensorIn(text).tensor));
    const found = module.outputs.map(({ name }) => named[name]);
    for (const [i, text] of outputs.entries()) {
      const { tensor: expected, rtol } = tensorIn(text);
      expect(found[i]?.dtype).toBe(expected.dtype);
      expect(found[i]?.shape).toEqual(expected.shape);
      expectNumbersClose((found[i] as Tensor).data, [...expected.data], {
        rtol,
        atol: Math.min(rtol, 1e-3) / 10,
      });
    }
  }
}

const excuse = (name: string): string | undefined => EXCUSED.find(([pattern]) => pattern.test(name))?.[1];
const named = packed<Case>("nodes").map((one) => [one.name, one] as const);

test.each(named.filter(([name]) => excuse(name) === undefined))("%s", (_, one) => check(one));

test.each(named.filter(([name]) => excuse(name) !== undefined))("%s is still to be excused", (_, one) => {
  expect(() => check(one)).toThrow();
});
