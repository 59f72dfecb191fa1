import { expect, test } from "vitest";
import { library, runModule } from "../child.js";

const PROGRAM = `
  import { compile, cost, detectAnomaly, fit, nn, ops, optim, predict, rand, randn } from ${JSON.stringify(library)};
  const SIZE = SIZES;
  const model = new nn.Sequential(new nn.Linear(SIZE, SIZE), new nn.ReLU(), new nn.Linear(SIZE, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-4 });
  const x = randn([32, SIZE]);
  const y = ops.to(ops.mul(rand([32]), 10), "int32");
  const eager = () => {
    const loss = cost.crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  const compiled = compile(eager);
  const step = KIND;
  const used = () => {
    gc();
    return { heap: process.memoryUsage().heapUsed / 2 ** 20, resident: process.memoryUsage().rss / 2 ** 20 };
  };
  const run = async (count) => {
    for (let i = 0; i < count; i++) {
      await step();
      if (i % 50 === 0) await new Promise(setImmediate);
    }
  };
  await run(STEPS / 2);
  const before = used();
  await run(STEPS);
  const after = used();
  console.log(JSON.stringify({ heap: after.heap - before.heap, resident: after.resident - before.resident }));
`;

const short = `() => fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, batchSize: 32 })`;

const checked = `() => detectAnomaly(() => compile((a) => {
  let z = a;
  for (let i = 0; i < 20; i++) z = ops.exp(ops.mul(z, 0.1));
  return z;
})(x))`;

test.each([
  ["eager steps at 512, of 10 MiB each,", 512, "() => eager().item()", 400],
  ["10,000 small eager steps", 32, "() => eager().item()", 10_000],
  ["100,000 compiled steps", 32, "() => compiled(x, y).item()", 100_000],
  ["10,000 compiled steps on the engine's own thread", 32, "() => compiled.runAsync(x, y)", 10_000],
  ["10,000 fits of one step", 32, short, 10_000],
  ["10,000 predictions", 32, "() => predict(model, x)", 10_000],
  ["400 functions compiled to be checked", 32, checked, 400],
])("%s do not let heap and resident memory grow", { timeout: 120_000 }, async (_, size, kind, steps) => {
  const source = PROGRAM.replace("SIZES", String(size))
    .replace("KIND", kind)
    .replaceAll("STEPS", String(steps));
  const { code, stdout, stderr } = await runModule(source, { timeout: 110_000, args: ["--expose-gc"] });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const { heap, resident } = JSON.parse(stdout) as { heap: number; resident: number };
  expect(heap).toBeLessThan(2);
  // Freed memory is not returned to the system at once. The amount does not grow with the number of steps.
  expect(resident).toBeLessThan(size > 100 ? 200 : 40);
});

const ONCE = `
  import { compile, ops, randn } from ${JSON.stringify(library)};
  const MIB = 2 ** 20;
  const arrays = () => process.memoryUsage().arrayBuffers / MIB;
  const collect = async () => {
    await new Promise(setImmediate);
    gc();
    await new Promise(setImmediate);
    gc();
  };
  const w = randn([4 * MIB]); // 16 MiB
  const first = w.data[1];
  const kept = randn([4 * MIB]);
  const data = kept.data;
  await collect();
  const before = arrays();
  const total = compile((x) => ops.add(ops.sum(ops.mul(w, x)), ops.sum(ops.mul(kept, x))));
  total(randn([1])).item();
  await collect();
  const after = arrays();
  const same = w.data[1] === first && w.data === w.data && kept.data === data;
  w.data[1] = 5;
  const again = compile(() => ops.slice(w, 0, { start: 1, end: 2 }))().data[0];
  console.log(JSON.stringify({ freed: before - after, same, again }));
`;

test("a tensor that only programs use is held once, and is copied back when it is read", async () => {
  const { code, stdout, stderr } = await runModule(ONCE, { timeout: 60_000, args: ["--expose-gc"] });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const { freed, same, again } = JSON.parse(stdout) as Record<string, unknown>;
  // The array of the other tensor is still held, so it stays the same.
  expect(freed).toBeGreaterThan(15);
  expect(freed).toBeLessThan(17);
  expect([same, again]).toEqual([true, 5]);
});
