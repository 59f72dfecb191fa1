import { afterEach, describe, expect, test } from "vitest";
import { writeRows } from "../../lib/eager/write-rows.js";
import {
  BusyError,
  compile,
  cost,
  nn,
  ops,
  optim,
  setThreads,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import type { PassName } from "../../lib/plan/index.js";

/** The text of each instruction in explain(): its line and the lines below it. */
function instructions(
  fn: (...inputs: Tensor[]) => Tensor | Tensor[],
  passes: readonly PassName[],
  ...inputs: Tensor[]
): string[] {
  const text = compile(fn, { passes }).explain(...inputs);
  const start = text.indexOf("instruction\n");
  const table = text.slice(start, text.indexOf("\n\n", start)).split("\n").slice(1);
  const found: string[] = [];
  for (const line of table) {
    const row = /^ {0,3}\d+ +[\d,]+ +[\d,]+ {2}(.*)$/.exec(line);
    if (row !== null) found.push(row[1] as string);
    else found.push(`${found.pop()}\n${line.trim()}`);
  }
  return found;
}

const B = 128;
const images = zeros([B, 600]);
const labels = zeros([B], { dtype: "int32" });

function explained(optimizer: (parameters: nn.Parameter[]) => optim.SGD | optim.Adam): string {
  const model = new nn.Sequential(
    new nn.Linear(600, 60),
    new nn.ReLU(),
    new nn.Linear(60, 40),
    new nn.ReLU(),
    new nn.Linear(40, 10),
  );
  const opt = optimizer(model.parameters());
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = cost.crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    return loss;
  });
  return step.explain(images, labels);
}

const count = (n: number): string => n.toLocaleString("en");
const momentum = explained((w) => new optim.SGD(w, { lr: 0.1, momentum: 0.9 }));
const plain = explained((w) => new optim.SGD(w, { lr: 0.1 }));

describe("explain", () => {
  test("shows the fusions layer by layer", () => {
    expect(momentum).toContain("t0 [128, 60] = relu(matmul(x0 [128, 600], w0ᵀ [60, 600]) + w1 [60])");
    expect(momentum).toContain("t1 [128, 40] = relu(matmul(t0 [128, 60], w2ᵀ [40, 60]) + w3 [40])");
    expect(momentum).toContain("t2 [128, 10] = matmul(t1 [128, 40], w4ᵀ [10, 40]) + w5 [10]");
    expect(momentum).toContain(
      "t3 [128], t4 [128, 10] = cross_entropy_both(t2 [128, 10], x1 [128], c0 [128])",
    );
    expect(momentum).toMatch(/= matmul\(t\d+ \[128, 10\], w4 \[10, 40\]\) ∘ slope of relu at t1 \[128, 40\]/);
    expect(momentum).toMatch(/ = mul\(t\d+, 0\.0078125\)/);
    expect(momentum.split("\n")[1]).toMatch(/^gives t\d+$/);
  });

  test("shows the tensors and the settings of an update", () => {
    const lines = momentum.slice(momentum.indexOf("sgd")).split("\n").slice(0, 7);
    expect(lines[0]).toBe("sgd (momentum 0.9) of 6 tensors in one pass:");
    expect(lines[1]?.trim()).toMatch(/^w0 \[60, 600\] by gradient t\d+, velocity w\d+, lr w\d+, step w\d+$/);
    expect(lines[6]?.trim()).toMatch(/^w5 \[10\] by gradient/);
    expect(plain).toMatch(/w0 \[60, 600\] = w0 − w\d+ · matmul\(t\d+ᵀ \[128, 60\], x0 \[128, 600\]\)/);
    const adam = explained((w) => new optim.Adam(w, { lr: 0.1, amsgrad: true }));
    expect(adam).toContain("adam (beta1 0.9, beta2 0.999, eps 1e-8) of 6 tensors in one pass:");
    expect(adam).toMatch(/w1 \[60\] by gradient t\d+, m w\d+, v w\d+, max v w\d+, lr w\d+, step w\d+/);
  });

  test("counts operations and bytes", () => {
    // 2·K for each element of the product, one for the bias, one for the activation.
    const flops = B * 60 * (2 * 600 + 2);
    const bytes = 4 * (B * 600 + 60 * 600 + 60 + B * 60);
    expect(momentum).toMatch(new RegExp(`0 +${count(flops)} +${count(bytes)}  t0 `));
    const weights = 600 * 60 + 60 + 60 * 40 + 40 + 40 * 10 + 10;
    // Each weight and velocity is read and written. Each gradient is read. Rates and counts are float64.
    expect(momentum).toMatch(new RegExp(` ${count(5 * weights)} +${count(4 * 5 * weights + 7 * 8)}  sgd `));
    const rows = momentum.split("\n").flatMap((line) => {
      const row = /^ +\d+ +([\d,]+) +([\d,]+) {2}\S/.exec(line);
      return row === null
        ? []
        : [row.slice(1).map((text) => Number(text.replaceAll(",", ""))) as [number, number]];
    });
    const sum = (k: 0 | 1): string => count(rows.reduce((total, row) => total + row[k], 0));
    expect(momentum.split("\n")[0]).toMatch(
      new RegExp(
        `^program: ${rows.length} instructions, ${sum(0)} flops, ${sum(1)} bytes moved, arena [\\d,]+ bytes$`,
      ),
    );
  });

  test("lists every buffer with its place", () => {
    const list = momentum.slice(momentum.indexOf("buffers (")).split("\n").slice(1);
    expect(list[0]).toMatch(/^ +x0 \[128, 600\] float32 +307,200 bytes$/);
    expect(list[1]).toMatch(/^ +x1 \[128\] int32 +512 bytes$/);
    expect(list).toContainEqual(
      expect.stringMatching(
        /^ +t0 \[128, 60\] float32 +30,720 bytes {2}at [\d,]+, from instruction 0 to \d+$/,
      ),
    );
    expect(list).toContainEqual(
      expect.stringMatching(/^ +t\d+ \[\] float32 +4 bytes {2}at [\d,]+, from instruction \d+ to the end$/),
    );
  });

  test("shows the ops of a chain one by one", () => {
    const fn = (x: Tensor): Tensor[] => {
      const e = ops.exp(ops.mul(x, 2));
      return [ops.add(e, x), ops.greater(e, tensor([1, 5, 2]))];
    };
    expect(instructions(fn, ["fuseElementwise"], tensor([1, 2, 3]))).toEqual([
      [
        "t0 [3], t1 [3] = chain of 4, block by block:",
        "v0 = mul(x0 [3], 2)",
        "v1 = exp(v0)",
        "t0 [3] = add(v1, x0)",
        "t1 [3] = greater(v1, c0 [3])",
      ].join("\n"),
    ]);
    // Four ops on three elements. The bytes are those of x, of the number 2, of the bounds, the sums and the booleans.
    expect(compile(fn).explain(tensor([1, 2, 3]))).toMatch(/0 +12 +43 {2}t0/);
  });

  test("shows factors and addends", () => {
    const [a, b] = [zeros([2, 3]), zeros([3, 4])];
    const addmm = (c: Tensor, options: { alpha?: number; beta?: number }) => (x: Tensor, y: Tensor) =>
      ops.addmm(c, x, y, options);
    expect(instructions(addmm(zeros([4]), { alpha: -0.5 }), [], a, b)[0]).toBe(
      "t0 [2, 4] = −0.5 · matmul(x0 [2, 3], x1 [3, 4]) + w0 [4]",
    );
    expect(instructions(addmm(zeros([2, 4]), { beta: -2 }), [], a, b)[0]).toBe(
      "t0 [2, 4] = matmul(x0 [2, 3], x1 [3, 4]) − 2 · w0 [2, 4]",
    );
  });

  test("says that a program does nothing", () => {
    const text = compile(() => undefined).explain();
    expect(text).toContain("program: 0 instructions, 0 flops, 0 bytes moved, arena 0 bytes\ngives nothing");
  });

  describe("as data", () => {
    const x = zeros([128, 30]);
    const layer = new nn.Linear(30, 20);
    const forward = compile((input: Tensor): Tensor => ops.relu(layer.forward(input)));

    test("tells what was fused into each instruction", () => {
      const { instructions } = forward.describe(x);
      expect(instructions.map(({ kind, parts }) => [kind, ...parts])).toEqual([
        ["product", "matmul", "bias", "relu"],
      ]);
      const chain = compile((input: Tensor): Tensor => ops.exp(ops.mul(input, 2))).describe(x);
      expect(chain.instructions.map(({ kind, parts }) => [kind, ...parts])).toEqual([
        ["chain", "mul", "exp"],
      ]);
      const opt = new optim.SGD(layer.parameters(), { lr: 0.1 });
      const step = compile((input: Tensor) => {
        opt.zeroGrad();
        ops.mean(ops.square(ops.tanh(layer.forward(input)))).backward();
        opt.step();
      }).describe(x);
      const parts = step.instructions.map((one) => one.parts.join(" "));
      expect(parts).toContain("matmul bias tanh");
      expect(parts).toContain("sgd");
      expect(parts).toContain("matmul scale accumulate");
    });

    test("names what is read and written, with its place", () => {
      const { instructions, buffers, outputs, arenaBytes } = forward.describe(x);
      expect(instructions[0]).toMatchObject({ number: 0, reads: ["x0", "w0", "w1"], writes: ["t0"] });
      expect(outputs).toEqual(["t0"]);
      expect(buffers.map(({ name, kind, bytes }) => [name, kind, bytes])).toEqual([
        ["x0", "input", 4 * 128 * 30],
        ["w0", "state", 4 * 20 * 30],
        ["w1", "state", 4 * 20],
        ["t0", "temporary", 4 * 128 * 20],
      ]);
      expect(buffers[3]?.place).toEqual({ offset: 0, first: 0, last: 1 });
      expect(buffers[0]?.place).toBeNull();
      expect(arenaBytes).toBe(4 * 128 * 20);
    });

    test("tells the time of each piece of work", () => {
      const { instructions, schedule, batch } = forward.describe(x);
      expect(batch).toBe(128);
      const product = schedule.find(({ what }) => what === "instruction");
      expect(product?.nanoseconds).toBe(instructions[0]?.nanoseconds);
      expect(product?.nanoseconds).toBeGreaterThan(0);
    });
  });

  describe("the plan of threads", () => {
    afterEach(() => setThreads(2));

    /** The numbers of the instructions in the phases. */
    const listed = (phases: readonly string[]): number[] =>
      phases.flatMap((phase) =>
        [
          ...phase.replaceAll(/^ *\d+|threads?( \d)?|\(to [^)]*\)|x\d/g, "").matchAll(/(\d+)(?:–(\d+))?/g),
        ].flatMap(([, first, last = first]) =>
          Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i),
        ),
      );

    test("assigns each instruction of a loop", () => {
      setThreads(2);
      const lines = explained((w) => new optim.SGD(w, { lr: 0.1, momentum: 0.9 })).split("\n");
      const at = lines.indexOf(
        "in a loop of 128 samples a step, on 2 threads that wait for each other after each phase:",
      );
      const phases = lines.slice(at + 1, lines.indexOf("", at));
      expect(phases.length).toBeGreaterThan(1);
      expect(phases.map((line) => line.slice(0, 6))).toEqual(
        phases.map((_, p) => `${String(p + 1).padStart(4)}  `),
      );
      const instructionCount = Number(/\d+/.exec(lines[0] as string));
      expect(listed(phases).sort((a, b) => a - b)).toEqual(
        Array.from({ length: instructionCount }, (_, i) => i),
      );
      expect(phases[0]).toContain("gather x1");
      expect(phases.join()).toMatch(/thread \d: [^;]*note what it gives/);
      // All threads share the largest product.
      expect(phases.join("\n")).toMatch(/(all threads|each its rows): ([^;]*[ ,])?0\b/);
    });

    test("is one line if one thread does everything", () => {
      const small = compile((x: Tensor): Tensor => ops.sum(ops.mul(x, x)));
      setThreads(1);
      expect(small.explain(zeros([2000, 3]))).toContain(
        "in a loop of 2000 samples a step, on one thread: gather x0, 0",
      );
      setThreads(2);
      expect(small.explain(zeros([2, 3]))).toContain(
        "in a loop of 2 samples a step, on one thread: gather x0, 0",
      );
    });

    test("is that of a run if the inputs are not a mini-batch", () => {
      setThreads(2);
      const product = compile((a: Tensor, b: Tensor): Tensor => ops.matmul(a, b));
      expect(product.explain(zeros([512, 300]), zeros([300, 512]))).toMatch(
        /\nin a run, on 2 threads that wait for each other after each phase:\n {3}1 {2}(all threads|each its rows): 0\n/,
      );
    });

    test("has one thread do a few rows of a large tensor, without waiting", () => {
      setThreads(2);
      const table = zeros([100_000, 8]);
      const w = zeros([512, 512]);
      const step = compile((x: Tensor, index: Tensor): Tensor[] => {
        const y = ops.matmul(x, w);
        writeRows("test", table, index, zeros([2, 8]));
        return [y, ops.indexSelect(table, 0, index)];
      });
      const text = step.explain(zeros([512, 512]), tensor([1, 2], { dtype: "int32" }));
      const rows = ["write_rows", "index_select"].map((name) => new RegExp(`^ +(\\d+) .* = ${name}\\(`, "m"));
      const [written, read] = rows.map((row) => Number(row.exec(text)?.[1]));
      expect(text).toMatch(
        new RegExp(
          `\n {3}1 {2}((all threads|each its rows): \\d+; )?thread \\d: [^;\n]*${written}[–, ]+${read}`,
        ),
      );
      // What is copied is read and written, and the index read.
      expect(text).toMatch(/ 0 +144 {2}.* = write_rows/);
    });

    test("is refused until a run has ended, and leaves the results as they are", async () => {
      const w = tensor([1, 2, 3]);
      w.requiresGrad = true;
      const descent = new optim.SGD([w], { lr: 1 });
      const step = compile((x: Tensor): Tensor => {
        const loss = ops.sum(ops.mul(w, x));
        descent.zeroGrad();
        loss.backward();
        descent.step();
        return loss;
      });
      const x = tensor([1, 1, 1]);
      const running = step.runAsync(x);
      expect(() => step.explain(x)).toThrow(BusyError);
      await running;
      expect(step.explain(x)).toContain("in a loop of 3 samples a step");
      expect(step(x).item()).toBe(3);
      expect([...w.data]).toEqual([-1, 0, 1]);
    });
  });
});
