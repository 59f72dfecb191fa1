// The node tests of the Python package onnx, for the operators that are supported: test/oracle/onnx-nodes.ts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { readTensor } from "../../lib/onnx/constants.js";
import { importOnnxSync } from "../../lib/onnx/index.js";
import { decodeTensor } from "../../lib/onnx/proto.js";
import { DataType } from "../../lib/onnx/schema.js";
import type { Tensor } from "../../lib/tensor/tensor.js";
import { expectNumbersClose } from "../oracle/compare.js";
import { EXCUSED } from "./excused-node-tests.js";

interface Case {
  readonly name: string;
  readonly model: string;
  readonly sets: readonly { readonly inputs: (string | null)[]; readonly outputs: (string | null)[] }[];
}

const packed = readFileSync(join(import.meta.dirname, "../oracle/onnx/nodes.br"));
const cases = brotliDecompressSync(packed)
  .toString()
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Case);

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

/** How near results must come. Those of 16 bits are rounded in the file only. */
const RELATIVE = new Map<number, number>([
  [DataType.FLOAT16, 2 ** -9],
  [DataType.BFLOAT16, 2 ** -6],
]);

function read(text: string | null): { readonly tensor: Tensor; readonly rtol: number } {
  if (text === null) throw new Error("not a tensor");
  const proto = decodeTensor("test", bytes(text));
  return { tensor: readTensor("test", proto), rtol: RELATIVE.get(proto.data_type ?? 0) ?? 1e-5 };
}

function check({ model, sets }: Case): void {
  const module = importOnnxSync(bytes(model));
  for (const { inputs, outputs } of sets) {
    const found = Object.values(module.run(inputs.map((text) => read(text).tensor)));
    for (const [i, text] of outputs.entries()) {
      const { tensor: expected, rtol } = read(text);
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

const named = cases.map((one) => [one.name, one] as const);

test.each(named.filter(([name]) => excuse(name) === undefined))("%s", (_, one) => check(one));

test.each(named.filter(([name]) => excuse(name) !== undefined))("%s is still to be excused", (_, one) => {
  expect(() => check(one)).toThrow();
});
