// What test/oracle/onnx.ts has made.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { readTensor } from "../../lib/onnx/constants.js";
import { decodeTensor } from "../../lib/onnx/proto.js";
import { DataType } from "../../lib/onnx/schema.js";
import type { Tensor } from "../../lib/tensor/tensor.js";

/** The lines of a file in test/oracle/onnx. */
export function packed<T>(name: string): T[] {
  const bytes = readFileSync(join(import.meta.dirname, "../oracle/onnx", `${name}.br`));
  const lines = brotliDecompressSync(bytes).toString().trim().split("\n");
  return lines.map((line) => JSON.parse(line) as T);
}

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

/** How near results must come. Those of 16 bits are rounded in the file only. */
const RELATIVE = new Map<number, number>([
  [DataType.FLOAT16, 2 ** -9],
  [DataType.BFLOAT16, 2 ** -6],
  [DataType.DOUBLE, 1e-10],
]);

/** A tensor in a line, and how near a result must come to it. */
export function tensorIn(text: string | null): { readonly tensor: Tensor; readonly rtol: number } {
  if (text === null) throw new Error("not a tensor");
  const proto = decodeTensor("test", bytesOf(text));
  return { tensor: readTensor("test", proto), rtol: RELATIVE.get(proto.data_type ?? 0) ?? 1e-5 };
}
