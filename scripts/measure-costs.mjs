// Measures on one thread what each instruction takes, next to what the model of native/engine/costs.h says of it.
//
//   node scripts/measure-costs.mjs [--filter name]
//
// The last columns are measured / model: for short rows, for operands that fit the second-level cache, and for
// operands that do not fit any. Where all three are far from 1, the line of the cost in THALWEG_COSTS is to be
// looked at. The best of many runs counts, since other processes take time too.
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { root } from "./toolchain.mjs";

const { values: options } = parseArgs({ options: { filter: { type: "string", default: "" } } });
const addon = process.env["THALWEG_ADDON"] ?? join(root, "build", "Release", "thalweg.node");
const binding = createRequire(import.meta.url)(addon);

const DTYPES = ["float32", "float64", "int32", "bool"];
const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array };

/** Rows and columns as most families take them: short rows, in the cache, in memory. */
const SHAPES = [
  [1600, 10],
  [128, 128],
  [8192, 128],
];
/** Of matrices that are factorised. */
const MATRICES = 4;
const ORDER = 64;

/**
 * For operands of rows [rows, n], by family: parameters by name, 0 where nothing is said, and the elements of
 * operands, all of them where nothing is said.
 */
function families(rows, n) {
  const size = rows * n;
  const flat = {
    rank: 1,
    shape: size,
    stridesX: 1,
    stridesA: 1,
    stridesB: 1,
    stridesC: 1,
    stridesCondition: 1,
    stridesCounter: 1,
    strides: 1,
  };
  const along = { outer: rows, axis: n, inner: 1 };
  const product = { M: rows, N: n, K: n, alpha: 1, eachA: 1, eachB: 1 };
  const settings = { momentum: 0.9, beta1: 0.9, beta2: 0.999, eps: 1e-8, tensors: 1 };
  return {
    elementwise: { params: flat },
    strided: { params: flat },
    reduce: { params: along, sizes: { y: rows } },
    cumsum: { params: along },
    argsort: { params: along },
    rows: { params: { rows, n } },
    cross_entropy: { params: { rows, n }, sizes: { target: rows, d: rows, loss: rows } },
    index: { params: { outer: 1, axis: rows, inner: n, count: rows } },
    concat: { params: { count: 2, outer: rows, sizes: n }, sizes: { y: 2 * size } },
    check: { params: {} },
    matmul: { params: product, sizes: { b: n * n } },
    matmul_batch: { params: { ...product, S: 1 }, sizes: { b: n * n } },
    linear_algebra: {
      params: { S: MATRICES, n: ORDER, m: ORDER },
      // y may have a row of eigenvalues more.
      sizes: Object.fromEntries(
        ["x", "L", "a", "b", "y"].map((name) => [name, MATRICES * (ORDER + 1) * ORDER]),
      ),
    },
    random: { params: { n: size, high: 1, std: 1 }, sizes: { state: 3 } },
    sample: { params: flat, sizes: { state: 3 } },
    update: { params: { ...settings, n: size } },
    update_outer: { params: { ...settings, rows, columns: n }, sizes: { dz: rows, x: n } },
    update_product: { params: { ...settings, ...product }, sizes: { b: n * n } },
  };
}
const ONE = new Set(["lr", "step", "scale"]);

/** A program of one instruction over memory of its own. */
function programOf({ family, name, params, operands, gives }, id, dtype, [rows, n]) {
  const { params: values, sizes = {} } = families(rows, n)[family];
  const numbers = params.flatMap(({ name: param, list }) =>
    Array(list === "count" ? 2 : 1).fill(values[param] ?? 0),
  );
  const memories = [];
  const buffers = [];
  const indices = operands.flatMap((operand) => {
    // What is optional is left out, but for an optimizer's state.
    const isState = operand.access === "update";
    if (operand.optional && !isState) return [-1];
    return Array.from({ length: operand.list === null ? 1 : 2 }, () => {
      const own = { own: dtype, result: gives === "same" ? dtype : gives }[operand.dtype] ?? operand.dtype;
      const size = ONE.has(operand.name) ? 1 : (sizes[operand.name] ?? rows * n);
      const memory = new binding.Memory(size * ARRAYS[own].BYTES_PER_ELEMENT);
      memory.write(dataOf(name, own, size, n));
      memories.push(memory);
      buffers.push(1, memories.length - 1, size, DTYPES.indexOf(own));
      return memories.length - 1;
    });
  });
  const instruction = [id, numbers.length, indices.length, ...numbers, ...indices];
  return new binding.Program(
    0,
    Float64Array.from(buffers),
    memories,
    Float64Array.from(instruction),
    new Float64Array(0),
    true,
  );
}

/**
 * Numbers in (0.1, 0.9) in no order; diagonals that let a matrix be factorised; indices in range; 1 where there must be
 * whole numbers.
 */
function dataOf(name, dtype, size, n) {
  const isMatrix = ["cholesky", "solve", "solve_triangular", "slogdet"].includes(name);
  return ARRAYS[dtype].from({ length: size }, (_, i) => {
    const random = 0.1 + 0.8 * ((i * 0.6180339887498949) % 1);
    if (dtype === "int32" || dtype === "bool") return Math.floor(random * n);
    if (name === "binomial") return 1;
    const at = i % (ORDER * ORDER);
    return isMatrix ? (at % (ORDER + 1) === 0 ? ORDER : 0.5) : random;
  });
}

/** Nanoseconds of the fastest of many runs. */
function measure(program) {
  let best = Number.POSITIVE_INFINITY;
  const end = process.hrtime.bigint() + 150_000_000n;
  for (let i = 0; i < 30 || process.hrtime.bigint() < end; i++) {
    const started = process.hrtime.bigint();
    program.run([], []);
    best = Math.min(best, Number(process.hrtime.bigint() - started));
  }
  return best;
}

binding.setThreads(1);
const empty = new binding.Program(0, new Float64Array(0), [], new Float64Array(0), new Float64Array(0), true);
const overhead = measure(empty);
const cells = (texts) => texts.map((text) => String(text).padStart(12)).join("");
const headings = SHAPES.map((shape) => shape.join(" × "));
console.log(" ".repeat(30) + cells(["measured ns", "model ns", ...headings]));
for (const [id, description] of binding.instructions.entries()) {
  const { name, family, dtypes } = description;
  if (!(family in families(1, 1)) || !name.includes(options.filter)) continue;
  for (const dtype of dtypes.filter((one) => one.startsWith("float") || dtypes.length < 2)) {
    const rows = SHAPES.map((shape) => {
      const program = programOf(description, id, dtype, shape);
      return { measured: measure(program) - overhead, model: program.costs()[2] };
    });
    const [, { measured, model }] = rows;
    const ratios = rows.map((one) => (one.measured / one.model).toFixed(2));
    console.log(
      name.padEnd(22) + dtype.padEnd(8) + cells([measured.toFixed(0), model.toFixed(0), ...ratios]),
    );
  }
}
