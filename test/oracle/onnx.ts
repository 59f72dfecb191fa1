// Makes the models that importOnnx is tested with, by Python packages, and writes them into onnx/:
//
//     npx tsx test/oracle/onnx.ts                   # all
//     npx tsx test/oracle/onnx.ts nodes             # one: nodes.br by onnx_nodes.py
//
// PYTHON names a Python with torch, onnx, onnxscript and keras; default: python. Each script writes lines of JSON.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { ML, ONNX, operatorNames } from "../../lib/onnx/operators/index.js";

const operators = JSON.stringify(
  Object.fromEntries([ONNX, ML].map((domain) => [domain, operatorNames(domain)])),
);

function make(name: string): void {
  const { status, error, stdout } = spawnSync(
    process.env["PYTHON"] ?? "python",
    [join(import.meta.dirname, `onnx_${name}.py`)],
    { input: operators, stdio: ["pipe", "pipe", "inherit"], maxBuffer: 2 ** 30 },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`onnx_${name}.py ended with ${status}`);
  const packed = brotliCompressSync(stdout, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  writeFileSync(join(import.meta.dirname, "onnx", `${name}.br`), packed);
  const count = stdout.toString().trim().split("\n").length;
  process.stdout.write(`${name}: ${count} models, ${packed.length} bytes\n`);
}

const names = process.argv.slice(2);
for (const name of names.length === 0 ? ["nodes", "torch", "others"] : names) make(name);
