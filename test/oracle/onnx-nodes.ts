// Asks the Python package onnx for its node tests of the operators that importOnnx knows, and writes them into
// onnx/nodes.br:
//
//     npx tsx test/oracle/onnx-nodes.ts
//
// PYTHON names a Python with onnx; default: python.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { ML, ONNX, operatorNames } from "../../lib/onnx/operators/index.js";

const asked = JSON.stringify(Object.fromEntries([ONNX, ML].map((domain) => [domain, operatorNames(domain)])));
const { status, error, stdout } = spawnSync(
  process.env["PYTHON"] ?? "python",
  [join(import.meta.dirname, "onnx_nodes.py")],
  { input: asked, stdio: ["pipe", "pipe", "inherit"], maxBuffer: 2 ** 30 },
);
if (error !== undefined) throw error;
if (status === 0) {
  const packed = brotliCompressSync(stdout, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  writeFileSync(join(import.meta.dirname, "onnx", "nodes.br"), packed);
  process.stdout.write(`${stdout.toString().trim().split("\n").length} tests, ${packed.length} bytes\n`);
}
process.exitCode = status ?? 1;
