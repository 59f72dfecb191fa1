// Runs every kernel over many sizes and writes as JSON, by name, the numbers (of long results every 101st)
// and a hash of all their bits. Run by kernels.test.ts with an instruction set and a number of threads in
// the environment.
import { createHash } from "node:crypto";
import { writeRows } from "../../lib/eager/write-rows.js";
import {
  backendInfo,
  compile,
  Generator,
  nn,
  ops,
  optim,
  setThreads,
  type Tensor,
  tensor,
  vjp,
  zeros,
} from "../../lib/index.js";
import { binding } from "../../lib/native/binding.js";
import { gammaSample, logGammaSample } from "../../lib/ops/gamma-sample.js";
import { matmulBatch } from "../../lib/ops/matmul-batch.js";
import { type Registered, registry } from "../../lib/ops/registry.js";
import { isSlow } from "./emulator.js";

if (process.env["BATTERY_ASKS"] === "isas") {
  process.stdout.write(JSON.stringify(backendInfo().isas));
  process.exit();
}

const threads = Number(process.env["BATTERY_THREADS"] ?? 1);
setThreads(threads);

const results: Record<string, { numbers: number[]; bits: string }> = {};
const keep = (name: string, { data }: Tensor): void => {
  const stride = data.length > 4096 ? 101 : 1;
  const numbers = [...data].filter((_, i) => i % stride === 0);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  results[name] = { numbers, bits: createHash("sha256").update(bytes).digest("hex") };
};
/** A generator that a name seeds, so that a new op leaves the numbers of the others as they are. */
const seededBy = (name: string): Generator =>
  new Generator([...name].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0, 5));
let random = seededBy("");
/** A size that an emulator takes too long for, and the one that it gets. */
const size = (real: number, emulated: number): number => (isSlow ? emulated : real);
// Fewer there: 64-bit Arm has no instructions for the long double of the naive twins.
const SIZES = isSlow
  ? [1, 3, 4, 5, 8, 9, 17, 33]
  : [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200];
const FLOATS = ["float32", "float64"] as const;
type Float = (typeof FLOATS)[number];

// Multiples of 2⁻¹⁰: the same numbers in both dtypes on every instruction set.
const uniform = (shape: number[], dtype: Float, low = -4, high = 4): Tensor => {
  const whole = ops.to(
    random.uniform(shape, { low: low * 1024, high: high * 1024, dtype: "float64" }),
    "int32",
  );
  return ops.to(ops.mul(ops.to(whole, "float64"), 1 / 1024), dtype);
};
const special = (dtype: Float): Tensor =>
  tensor([0, -0, 1, -1, 1e-30, -1e-30, 1e30, Infinity, -Infinity, NaN, 89, -104, 700, -750, 0.5, 2], {
    dtype,
  });

/** What kernels are called as ops. */
const kernels = new Set(
  binding.instructions.map(({ name }) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())),
);
/** The ops of a family that are kernels of their own. */
const opsOf = (belongs: (about: Registered) => boolean): Registered[] =>
  [...registry.values()].filter((about) => kernels.has(about.name) && belongs(about));
const isTruths = ({ elementwise }: Registered): boolean => elementwise?.includes("truths") === true;
const UNARY = opsOf((about) => about.elementwise?.length === 1 && !isTruths(about));
const BINARY = opsOf((about) => about.elementwise?.length === 2 && !isTruths(about));
const COMPARE = BINARY.filter(({ elementwise }) => elementwise?.includes("ties"));
const LOGICAL = opsOf((about) => about.elementwise?.length === 2 && isTruths(about));
/** By one kernel or several. */
const REDUCE = [...registry.values()].filter(({ reduces }) => reduces?.of === "floats");

const REDUCTIONS = opsOf((about) => about.reduces !== undefined);
const dtypesOf = ({ name }: Registered): readonly string[] =>
  binding.instructions.find(
    (one) => one.name === name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  )?.dtypes ?? [];

const call = ({ op }: Registered, ...args: readonly unknown[]): Tensor =>
  (op as (...given: readonly unknown[]) => Tensor)(...args);

// Bytes of truths: 0, and others that are all true.
const truths = (n: number, step: number): Tensor => {
  const x = zeros([n], { dtype: "bool" });
  for (let i = 0; i < n; i++) x.data[i] = (i * step) % 4;
  return x;
};
for (const op of [...COMPARE, ...LOGICAL]) {
  for (const n of SIZES) keep(`${op.name} bool ${n}`, call(op, truths(n, 1), truths(n, 3)));
}

for (const dtype of FLOATS) {
  for (const op of UNARY) {
    random = seededBy(op.name);
    keep(`${op.name} ${dtype} special`, call(op, special(dtype)));
    for (const n of SIZES) keep(`${op.name} ${dtype} ${n}`, call(op, uniform([n], dtype)));
  }
  for (const op of BINARY) {
    random = seededBy(op.name);
    for (const n of SIZES) {
      const [a, b] = [uniform([n], dtype, 0.25), uniform([n], dtype, -2)];
      keep(`${op.name} ${dtype} ${n}`, call(op, a, b));
      keep(`${op.name} ${dtype} ${n} scalar`, call(op, a, 1.5));
    }
    for (const n of [17, size(200, 9)]) {
      keep(`${op.name} ${dtype} ${n} row`, call(op, uniform([5, n], dtype, 0.25), uniform([n], dtype)));
      keep(`${op.name} ${dtype} ${n} column`, call(op, uniform([5, 1], dtype, 0.25), uniform([1, n], dtype)));
    }
  }
  for (const op of REDUCE) {
    random = seededBy(op.name);
    for (const n of SIZES) {
      const x = uniform([3, n, 4], dtype);
      for (const dim of [0, 1, 2]) keep(`${op.name} ${dtype} ${n} dim ${dim}`, call(op, x, { dim }));
      const zeros = ops.relu(x);
      for (const dim of [1, 2]) keep(`${op.name} ${dtype} ${n} zeros, dim ${dim}`, call(op, zeros, { dim }));
    }
  }
  random = seededBy(dtype);
  for (const n of SIZES) {
    const x = uniform([7, n], dtype, -20, 20);
    keep(`softmax ${dtype} ${n}`, ops.softmax(x));
    keep(`logSoftmax ${dtype} ${n}`, ops.logSoftmax(x));
    const labels = ops.to(ops.mul(random.uniform([7]), n), "int32");
    keep(`crossEntropy ${dtype} ${n}`, ops.crossEntropy(x, labels));
    const w = uniform([7, n], dtype);
    w.requiresGrad = true;
    ops.sum(ops.mul(ops.crossEntropy(w, labels), uniform([7], dtype))).backward();
    keep(`crossEntropySlope ${dtype} ${n}`, w.grad as Tensor);
  }
  // The same ops as one instruction over blocks and one after the other.
  const chained = (a: Tensor, b: Tensor): Tensor => {
    const p = ops.mul(ops.add(ops.tanh(a), 2), ops.pow(b, 3));
    const q = ops.where(ops.less(a, 0), ops.mul(p, a), ops.minimum(ops.square(p), b));
    return ops.maximum(q, ops.mul(ops.to(ops.to(a, "int32"), dtype), ops.sigmoid(ops.neg(p))));
  };
  const blockwise = compile(chained, { passes: ["fuseElementwise"] });
  for (const n of [...SIZES, 1023, 1025, 70_000]) {
    const [a, b] = [uniform([n], dtype), uniform([n], dtype)];
    keep(`chain blockwise ${dtype} ${n}`, blockwise(a, b));
    keep(`chain apart ${dtype} ${n}`, chained(a, b));
  }
  keep(`where ${dtype}`, ops.where(ops.greater(uniform([9, 17], dtype), 0), uniform([17], dtype), 0));
  keep(`permute ${dtype}`, ops.permute(uniform([5, 33, 7], dtype), [2, 0, 1]));
  keep(`transpose ${dtype}`, ops.transpose(uniform([65, 130], dtype), 0, 1));
  keep(`expand ${dtype}`, ops.expand(uniform([5, 1, 7], dtype), [3, 5, 4, 7]));
  const index = tensor([3, 0, 3, 1], { dtype: "int32" });
  keep(`indexSelect ${dtype}`, ops.indexSelect(uniform([4, 33], dtype), 0, index));
  keep(`indexAdd ${dtype}`, ops.indexAdd(uniform([4, 33], dtype), 0, index, uniform([4, 33], dtype)));
  const each = ops.to(ops.mul(random.uniform([6, 5]), 9), "int32");
  keep(`gather ${dtype}`, ops.gather(uniform([6, 9], dtype), 1, each));
  keep(`scatterAdd ${dtype}`, ops.scatterAdd(uniform([6, 9], dtype), 1, each, uniform([6, 5], dtype)));

  const MATMUL = [1, 2, 5, 12, 13, 31, 33, 65, 130];
  for (const M of MATMUL) {
    for (const [N, K] of [
      [1, 7],
      [7, 1],
      [10, 128],
      [33, 65],
      [130, 31],
      [64, 600],
      [7, 300],
    ] as const) {
      for (const transposeA of [false, true]) {
        for (const transposeB of [false, true]) {
          const a = uniform(transposeA ? [K, M] : [M, K], dtype);
          const b = uniform(transposeB ? [N, K] : [K, N], dtype);
          const name = `${dtype} ${M}x${N}x${K} ${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}`;
          keep(`matmul ${name}`, ops.matmul(a, b, { transposeA, transposeB }));
          keep(
            `addmm bias ${name}`,
            ops.addmm(uniform([N], dtype), a, b, { transposeA, transposeB, alpha: 0.5 }),
          );
          keep(
            `addmm whole ${name}`,
            ops.addmm(uniform([M, N], dtype), a, b, { transposeA, transposeB, beta: -2 }),
          );
        }
      }
    }
  }

  // Rows of all lengths, from none to all columns, for every number of vectors of samples.
  for (const [rows, columns] of [
    [1, 1],
    [7, 5],
    [40, 33],
    [70, 90],
  ] as const) {
    const lists = Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (__, j) => j).filter((j) => (i * 7 + j * 5) % rows < i),
    );
    const pattern = nn.SparsePattern.fromLists(lists, columns);
    for (const batch of [1, 2, 5, 8, 16, 31, 64, 130]) {
      const inputs = [
        uniform([batch, columns], dtype),
        uniform([pattern.entries], dtype),
        uniform([rows], dtype),
      ];
      const [y, pullback] = vjp(
        (x: Tensor, values: Tensor, bias: Tensor) => ops.sparseLinear(x, values, bias, pattern),
        ...(inputs as [Tensor, Tensor, Tensor]),
      );
      const [dx, dvalues] = pullback(uniform([batch, rows], dtype)) as unknown as [Tensor, Tensor];
      const name = `${dtype} ${rows}x${columns} of ${batch}`;
      keep(`sparse product ${name}`, y);
      keep(`sparse transposed ${name}`, dx);
      keep(`sparse sampled ${name}`, dvalues);
    }
  }

  for (const n of [1, 2, 3, 8, 9, 17, 33, 65]) {
    const x = uniform([3, n, n], dtype);
    const { eigenvalues, eigenvectors } = ops.eigh(x);
    keep(`eigh ${dtype} ${n} values`, eigenvalues);
    keep(`eigh ${dtype} ${n} vectors`, eigenvectors);
    keep(`eigvalsh ${dtype} ${n}`, ops.eigvalsh(x));
  }

  // Large enough for the team of threads, and for the blocks of a long sum.
  const big = uniform([size(700, 250), 900], dtype);
  keep(`large exp ${dtype}`, ops.exp(big));
  keep(`large row ${dtype}`, ops.add(big, uniform([900], dtype)));
  keep(`large sum ${dtype}`, ops.sum(big));
  keep(`large sum rows ${dtype}`, ops.sum(big, { dim: 1 }));
  keep(`large sum columns ${dtype}`, ops.sum(big, { dim: 0 }));
  // Half of it is 0; of all elements in blocks, where the kernel is for that.
  for (const op of REDUCTIONS.filter(({ reduces }) => reduces?.of === "floats")) {
    const zeros = ops.relu(big);
    keep(`large ${op.name} of all ${dtype} zeros`, call(op, zeros));
    for (const dim of [0, 1]) keep(`large ${op.name} ${dtype} zeros, dim ${dim}`, call(op, zeros, { dim }));
  }
  keep(`large softmax ${dtype}`, ops.softmax(big));
  keep(`large matmul ${dtype}`, ops.matmul(big, uniform([size(333, 67), 900], dtype), { transposeB: true }));
  // More lines of b than stay in the second-level cache at a time.
  const few = uniform([41, 500], dtype);
  keep(`long rows matmul ${dtype}`, ops.matmul(few, uniform([301, 500], dtype), { transposeB: true }));
  // More rows of a than are copied at a time.
  const tall = uniform([2100, 530], dtype);
  keep(`tall matmul ${dtype}`, ops.matmul(tall, uniform([530, size(100, 20)], dtype)));
  // In a program a team copies rows of a together: here more of them, of more terms, than at a time.
  const product = compile((a: Tensor, b: Tensor) => ops.matmul(a, b));
  keep(
    `shared copies ${dtype}`,
    product(uniform([700, 1030], dtype, 0), uniform([1030, size(390, 50)], dtype, 0)) as Tensor,
  );
  // Long lines of few columns: a thread's rows must be the same sums as all rows.
  const ofFewColumns = compile((a: Tensor, b: Tensor) => ops.matmul(a, b, { transposeB: true }));
  keep(
    `rows of few columns ${dtype}`,
    ofFewColumns(uniform([64, 1024], dtype, 0), uniform([4, 1024], dtype, 0)) as Tensor,
  );
  keep(`large transpose ${dtype}`, ops.transpose(big, 0, 1));

  for (const make of [
    (w: Tensor) => new optim.SGD([w], { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
    (w: Tensor) => new optim.SGD([w], { lr: 0.1, momentum: 0.9, dampening: 0.5, maximize: true }),
    (w: Tensor) => new optim.Adam([w], { lr: 0.1, amsgrad: true, weightDecay: 0.1 }),
  ]) {
    for (const n of [33, size(300_000, 70_000)]) {
      const w = uniform([n], dtype);
      w.requiresGrad = true;
      const optimizer = make(w);
      for (let i = 0; i < 3; i++) {
        w.grad = uniform([n], dtype);
        optimizer.step();
      }
      keep(`${make.toString().slice(0, 90)} ${dtype} ${n}`, w);
    }
  }
}
for (const dtype of FLOATS) {
  random = seededBy("polygamma");
  for (const n of [0, 1, 2, 5, 20]) {
    for (const size of n === 1 ? SIZES : [17])
      keep(`polygamma ${n} ${dtype} ${size}`, ops.polygamma(n, uniform([size], dtype)));
    keep(`polygamma ${n} ${dtype} large`, ops.polygamma(n, uniform([17], dtype, 4, 40)));
  }
}
// The derivatives of gammainc and of gamma numbers have kernels of their own.
for (const dtype of FLOATS) {
  random = seededBy("gamma and beta");
  for (const n of SIZES) {
    const [a, b, x] = [uniform([n], dtype, 0.25), uniform([n], dtype, 0.25), uniform([n], dtype, 0.25)];
    const dy = uniform([n], dtype);
    vjp(ops.gammainc, a, x)[1](dy).forEach((d, i) => {
      keep(`gammainc slope ${i} ${dtype} ${n}`, d);
    });
    for (const [name, sample] of Object.entries({ gammaSample, logGammaSample })) {
      keep(`${name} slope ${dtype} ${n}`, vjp((alpha: Tensor) => sample(x, alpha), a)[1](dy)[0] as Tensor);
    }
    const share = ops.mul(x, 0.25);
    keep(`betainc ${dtype} ${n}`, ops.betainc(a, b, share));
    keep(`betainc ${dtype} ${n} numbers`, ops.betainc(1.5, 3, share));
    keep(`betainc slope ${dtype} ${n}`, vjp((z: Tensor) => ops.betainc(a, b, z), share)[1](dy)[0] as Tensor);
  }
}
for (const dtype of ["int32", "bool"] as const) {
  for (const op of REDUCTIONS) {
    const isTaken = op.reduces?.of === "truths" ? dtype === "bool" : dtypesOf(op).includes(dtype);
    if (!isTaken) continue;
    random = seededBy(`${op.name} ${dtype}`);
    for (const shape of [
      [3, 17, 4],
      [70, 1000],
    ]) {
      const x = ops.to(ops.relu(uniform(shape, "float64")), dtype);
      keep(`${op.name} ${dtype} of all ${shape}`, call(op, x));
      for (const dim of [0, 1]) keep(`${op.name} ${dtype} ${shape} dim ${dim}`, call(op, x, { dim }));
    }
  }
}
// One sample a step: by the two vectors whose outer product the gradient is, and in a loop with the products of
// the next step besides.
for (const dtype of FLOATS) {
  for (const columns of [8, 13, 32, 33, 47, 600]) {
    for (const [rule, make] of [
      ["sgd", (w: Tensor) => new optim.SGD([w], { lr: 0.01 })],
      ["momentum", (w: Tensor) => new optim.SGD([w], { lr: 0.01, momentum: 0.9, weightDecay: 0.1 })],
      ["adam", (w: Tensor) => new optim.Adam([w], { lr: 0.01 })],
      ["amsgrad", (w: Tensor) => new optim.Adam([w], { lr: 0.01, amsgrad: true, weightDecay: 0.1 })],
    ] as const) {
      const w = ops.mul(uniform([70, columns], dtype), 1 / 32);
      w.requiresGrad = true;
      const optimizer = make(w);
      const step = compile((x: Tensor) => {
        const loss = ops.mean(ops.square(ops.sigmoid(ops.matmul(x, w, { transposeB: true }))));
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss;
      });
      const x = uniform([5, columns], dtype, -1, 1);
      keep(
        `one sample, losses ${rule} ${dtype} ${columns}`,
        step.loop([x], tensor(Int32Array.of(0, 3, 1, 4)), 1),
      );
      keep(`one sample, weights ${rule} ${dtype} ${columns}`, w);
    }
  }
}
// Weights that are updated tile by tile as their gradient is computed: by columns that fill no vector, by few
// rows, of more terms than are added up at once, and of so many that the whole gradient is written.
for (const dtype of FLOATS) {
  for (const [out, inputs, batch] of [
    [300, 701, 20],
    [3, size(60_007, 20_007), 5],
    [size(130, 66), size(200, 70), 500],
    [size(40, 20), size(130, 40), 1030],
  ] as const) {
    for (const [rule, make] of [
      ["decay", (w: Tensor) => new optim.SGD([w], { lr: 0.01, weightDecay: 0.1, maximize: true })],
      ["momentum", (w: Tensor) => new optim.SGD([w], { lr: 0.01, momentum: 0.9, nesterov: true })],
      ["adam", (w: Tensor) => new optim.Adam([w], { lr: 0.01, eps: 1e-3 })],
      ["amsgrad", (w: Tensor) => new optim.AdamW([w], { lr: 0.01, eps: 1e-3, amsgrad: true })],
    ] as const) {
      const w = uniform([out, inputs], dtype, -1 / 32, 1 / 32);
      w.requiresGrad = true;
      const optimizer = make(w);
      const step = compile((x: Tensor) => {
        const loss = ops.mean(ops.square(ops.sigmoid(ops.matmul(x, w, { transposeB: true }))));
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss;
      });
      const x = uniform([batch, inputs], dtype, -1, 1);
      for (let i = 0; i < 2; i++)
        keep(`product, loss ${i} ${rule} ${dtype} ${out} ${inputs} ${batch}`, step(x) as Tensor);
      keep(`product, weights ${rule} ${dtype} ${out} ${inputs} ${batch}`, w);
    }
  }
}
// Products of many pairs of matrices, with a row of a bias for each pair or one for all, and an activation.
for (const dtype of FLOATS) {
  for (const [S, M, N, K] of [
    [1, 5, 4, 17],
    [3, 32, 24, 16],
    [5, 7, 33, 8],
    [2, 9, 130, 70],
  ] as const) {
    const [a, one, b] = [uniform([S, M, K], dtype), uniform([M, K], dtype), uniform([S, N, K], dtype)];
    for (const bias of [uniform([S, 1, N], dtype), uniform([N], dtype)]) {
      for (const activation of ["relu", "tanh", "sigmoid"] as const) {
        const fn = (x: Tensor): Tensor =>
          ops[activation](ops.add(matmulBatch(x, b, { transposeA: false, transposeB: true }), bias));
        for (const x of [a, one])
          keep(`matmul batch ${dtype} ${[S, M, N, K, x.rank, bias.rank]} ${activation}`, compile(fn)(x));
      }
    }
  }
}
// Gradients far from 1, or no numbers, over divisors that are as small or as large.
for (const dtype of FLOATS) {
  for (const eps of [1e-8, 1e-35, 0, 1e35]) {
    for (const amsgrad of [false, true]) {
      const gradient = [0, 1, -1, 1e-16, -1e-6, 1e3, -1e18, Infinity, -Infinity, NaN];
      const w = tensor(
        gradient.map((_, i) => i / 8),
        { dtype },
      );
      const optimizer = new optim.Adam([w], { lr: 0.01, eps, amsgrad });
      for (let i = 0; i < 2; i++) {
        w.grad = tensor(i === 0 ? gradient : gradient.toReversed(), { dtype });
        optimizer.step();
        keep(`extremes, weights ${i} ${dtype} ${eps} ${amsgrad}`, w);
      }
    }
  }
}
// Rows written in place: few, and enough for the team of threads.
for (const dtype of FLOATS) {
  random = seededBy(`write_rows ${dtype}`);
  for (const [rows, columns] of [
    [4, 1],
    [4, 33],
    [4, 200],
    [size(700, 250), 900],
  ] as const) {
    const target = uniform([rows, columns], dtype);
    const index = ops.to(ops.mul(random.uniform([rows]), rows), "int32");
    writeRows("battery", target, index, uniform([rows, columns], dtype));
    keep(`writeRows ${dtype} ${rows} ${columns}`, target);
  }
}
for (const n of [1, 5, 64, 70_000]) {
  keep(`uniform ${n}`, random.uniform([n]));
  keep(`permutation ${n}`, random.permutation(n));
}
for (const n of [1, 2, 5, 63, 64, 65, 129, 70_000]) {
  for (const dtype of FLOATS) keep(`normal ${dtype} ${n}`, random.normal([n], { mean: 0.5, std: 3, dtype }));
}
for (const dtype of FLOATS) {
  const of = uniform([70_000], dtype, 0.25, 40);
  keep(`standardGamma ${dtype}`, random.standardGamma(of));
  keep(`logStandardGamma ${dtype}`, random.logStandardGamma(of));
  keep(`poisson ${dtype}`, random.poisson(of));
  keep(`binomial ${dtype}`, random.binomial(ops.ceil(of), 0.375));
}

const text = JSON.stringify(results, (_, value) =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : Object.is(value, -0) ? 0 : value,
);
process.stdout.write(text);
