// npm run bench:peers: installs the libraries with which the benchmark compares.
//   bench/.venv           PyTorch, JAX, TensorFlow, NumPy, SciPy, pycma and Gymnasium, if there is a Python
//   bench/peers/node_modules   TensorFlow.js and jax-js
// With --tfjs-node also tfjs-node, which downloads TensorFlow's library and compiles an addon.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

const PACKAGES = [
  "torch==2.13.0",
  "jax==0.10.2",
  "jaxlib==0.10.2",
  "optax",
  "numpy",
  "cma==4.5.0",
  "scipy",
  "gymnasium==1.3.0",
  "tensorflow-cpu==2.21.0",
];
const peers = import.meta.dirname;
const venv = join(dirname(peers), ".venv");

const { values: options } = parseArgs({ options: { "tfjs-node": { type: "boolean", default: false } } });

function attempt(command, args, cwd = peers) {
  console.log(`> ${[command, ...args].join(" ")}`);
  return spawnSync(command, args, { cwd, stdio: "inherit" }).status === 0;
}

const failed = [];
if (!attempt("npm", ["ci"])) failed.push("TensorFlow.js and jax-js");
if (options["tfjs-node"] && !attempt("npm", ["install", "--no-save", "@tensorflow/tfjs-node@4.22.0"])) {
  failed.push("tfjs-node");
}
const python = process.env.PYTHON ?? "python3";
const ready = existsSync(join(venv, "bin", "python")) || attempt(python, ["-m", "venv", venv]);
if (!ready || !attempt(join(venv, "bin", "python"), ["-m", "pip", "install", ...PACKAGES])) {
  failed.push(
    "PyTorch, JAX, TensorFlow, NumPy, SciPy, pycma and Gymnasium (they need Python 3.11 or newer with venv and pip)",
  );
}
if (failed.length > 0) {
  console.error(`not installed, and the benchmark will skip them: ${failed.join("; ")}`);
  process.exitCode = 1;
}
