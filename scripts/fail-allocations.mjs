// Makes each allocation of the addon fail in turn, alone and with all after it, while a script of calls runs. Each
// time there must be the right result or a typed error, and the right result once there is memory again. Linux with
// glibc only. After `npm run build`:
// node scripts/fail-allocations.mjs [part [stride]]
// With a stride of n only every n-th allocation fails.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { root } from "./toolchain.mjs";

const self = fileURLToPath(import.meta.url);
const load = () => import(process.env.THALWEG_TEST_LIBRARY ?? join(root, "dist", "index.js"));

/** Each part makes everything again in each run, so that each run allocates. Returns the numbers to compare. */
const PARTS = {
  async eager({ ops, tensor, Generator, IndexError, backendInfo, setBackend }) {
    const random = new Generator(3);
    const a = random.uniform([70, 90]);
    const b = random.normal([90, 40]);
    const list = Array.from({ length: 70 }, (_, i) => tensor([i]));
    const square = ops.add(ops.matmul(a, a, { transposeB: true }), tensor(identity(70)));
    const results = [
      ops.matmul(a, b),
      ops.concat(list),
      ops.softmax(b, { dim: 1 }),
      ops.permute(random.uniform([3, 4, 5, 6]), [3, 1, 0, 2]),
      ops.argsort(a, { dim: 1 }),
      ops.solve(square, ops.sum(a, { dim: 1 })),
      ops.cumsum(b, 0),
      random.permutation(100),
    ];
    try {
      ops.indexSelect(a, 0, tensor(Int32Array.of(70)));
      throw new Error("an index out of its range was accepted");
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
    }
    setBackend({ matmul: "own" });
    return [...results.flatMap(({ data }) => [...data]), backendInfo().cores];
  },

  async compiled({ ops, tensor, nn, cost, optim, compile, manualSeed, setThreads }) {
    manualSeed(0);
    const model = new nn.Sequential(new nn.Linear(20, 30), new nn.Tanh(), new nn.Linear(30, 4));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const step = compile((x, labels) => {
      const loss = cost.crossEntropy(model.forward(x), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const wave = (n, by) =>
      tensor(Float32Array.from({ length: n * 20 }, (_, i) => Math.sin(by * i))).reshape([n, 20]);
    const labels = (n) => tensor(Int32Array.from({ length: n }, (_, i) => i % 4));
    const results = [];
    for (const threads of [1, 2]) {
      setThreads(threads);
      results.push(step(wave(8, 1), labels(8)).item(), step(wave(8, 2), labels(8)).item());
    }
    results.push(
      ...step.loop([wave(32, 3), labels(32)], tensor(Int32Array.from({ length: 32 }, (_, i) => 31 - i)), 8)
        .data,
    );
    results.push(step.explain(wave(8, 1), labels(8)).length > 0 ? 1 : 0);
    const constants = compile((x) => ops.add(x, ops.matmul(tensor(identity(40)), tensor(identity(40)))));
    results.push(...constants(tensor([[1]])).data);
    for (const w of model.parameters()) results.push(...w.data);
    return results;
  },

  async async({ ops, tensor, nn, cost, optim, compile, fit, predict, evaluate, manualSeed }) {
    manualSeed(0);
    const model = new nn.Sequential(new nn.Linear(3, 5), new nn.Tanh(), new nn.Linear(5, 1));
    const x = tensor(Float32Array.from({ length: 96 }, (_, i) => Math.sin(i))).reshape([32, 3]);
    const y = ops.sum(x, { dim: 1, keepdim: true });
    const square = compile((z) => ops.matmul(z, z, { transposeB: true }));
    const results = [...(await square.runAsync(x)).data];
    const total = compile((z) => ops.sum(z));
    results.push(
      ...(await total.loopAsync([x], tensor(Int32Array.from({ length: 32 }, (_, i) => i)), 4)).data,
    );
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
    await fit(model, { data: { x, y }, cost: cost.mse, optimizer, epochs: 2, batchSize: 8 });
    results.push(...(await predict(model, x)).data);
    results.push((await evaluate(model, { data: { x, y }, cost: cost.mse })).loss);
    return results;
  },
};

const identity = (n) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 100 : 0)));

/** The Control struct of fail-allocations.c, in the shared file. */
class Control {
  #file;
  constructor(path) {
    this.#file = openSync(path, "r+");
  }
  set(counts, failAt = 0, goesOn = 0) {
    writeSync(this.#file, BigInt64Array.of(BigInt(counts), BigInt(failAt), BigInt(goesOn), 0n), 0, 32, 0);
  }
  get counted() {
    const words = new BigInt64Array(4);
    readSync(this.#file, words, 0, 32, 0);
    return Number(words[3]);
  }
}

const same = (a, b) => a.length === b.length && a.every((x, i) => Object.is(x, b[i]));

/** Runs a part once for each of its allocations. @returns the first problem; null if there is none. */
async function failEach(library, part, control, stride) {
  const expected = await part(library);
  await part(library);
  control.set(1);
  await part(library);
  const { counted } = control;
  control.set(0);
  let failed = 0;
  let errors = 0;
  for (const goesOn of [0, 1]) {
    for (let n = 1; n <= counted; n += stride) {
      failed++;
      const where = `allocation ${n} of ${counted}${goesOn ? " and all after it" : ""}`;
      control.set(1, n, goesOn);
      let result = null;
      let failure = null;
      try {
        result = await part(library);
      } catch (error) {
        failure = error;
      }
      control.set(0);
      if (failure !== null) errors++;
      if (failure !== null && !(failure instanceof library.ThalwegError)) {
        return `${where}: ${failure?.stack ?? failure}`;
      }
      if (result !== null && !same(result, expected)) return `${where}: another result`;
      if (!same(await part(library), expected)) return `${where}: another result afterwards`;
    }
  }
  console.log(`  ${failed} allocations failed, ${errors} times with a typed error`);
  return counted === 0 ? "nothing was allocated" : null;
}

/** Loads the library and makes its threads: once per process. @returns the problem; null if there is none. */
async function first(control, failAt, goesOn) {
  control.set(1, failAt, goesOn);
  let library;
  try {
    library = await load();
  } catch (error) {
    control.set(0);
    return error.name === "BackendError" && error.code === "ERR_BACKEND" ? null : error.stack;
  }
  const { ops, ones, compile, setThreads, ThalwegError } = library;
  const run = async () => {
    setThreads(3);
    const x = ones([600, 600]);
    const product = compile((a) => ops.sum(ops.matmul(a, a)));
    const large = [ops.sum(ops.matmul(x, x)).item(), product(x).item(), (await product.runAsync(x)).item()];
    return large.every((y) => y === 600 ** 3) ? null : `another result: ${large}`;
  };
  let wrong = null;
  try {
    wrong = await run();
  } catch (error) {
    if (!(error instanceof ThalwegError)) wrong = error.stack;
  }
  if (failAt === 0) console.log(control.counted);
  control.set(0);
  return wrong ?? (await run());
}

async function child([name, ...numbers]) {
  const [a, b] = numbers.map(Number);
  const control = new Control(process.env.FAIL_ALLOCATIONS);
  process.on("warning", () => {});
  const wrong =
    name === "first" ? await first(control, a, b) : await failEach(await load(), PARTS[name], control, a);
  if (wrong === null) return;
  console.error(wrong);
  process.exitCode = 1;
}

function main(wanted, stride = "1") {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-allocations-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  const preloaded = join(folder, "fail-allocations.so");
  const control = join(folder, "control");
  execFileSync("gcc", [
    "-O1",
    "-shared",
    "-fPIC",
    join(root, "scripts", "fail-allocations.c"),
    "-o",
    preloaded,
    "-ldl",
  ]);
  const run = (...args) => {
    writeFileSync(control, new Uint8Array(32));
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      ["--no-warnings", self, "--child", ...args],
      {
        cwd: root,
        env: { ...process.env, LD_PRELOAD: preloaded, FAIL_ALLOCATIONS: control },
        encoding: "utf8",
      },
    );
    if (status === 0) return stdout;
    console.error(`${args.join(" ")}: ${signal ?? `exit ${status}`}\n${stdout}${stderr}`);
    process.exitCode = 1;
    return null;
  };
  for (const name of Object.keys(PARTS)) {
    if (wanted !== undefined && wanted !== name) continue;
    console.log(name);
    process.stdout.write(run(name, stride) ?? "");
  }
  if (wanted !== undefined && wanted !== "first") return;
  console.log("first");
  const counted = Number(run("first", "0", "0") ?? 0);
  let processes = 0;
  for (let n = 1; n <= counted; n += Number(stride)) {
    for (const goesOn of [0, 1]) {
      // The first allocation is C++'s reserve for exceptions. Without it and without memory no exception can be thrown.
      if (n === 1 && goesOn === 1) continue;
      processes++;
      run("first", String(n), String(goesOn));
    }
  }
  console.log(`  ${processes} processes`);
}

if (process.argv[2] === "--child") await child(process.argv.slice(3));
else main(...process.argv.slice(2));
