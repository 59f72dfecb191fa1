import { expect, test } from "vitest";
import { library, runModule } from "../child.js";

const TRAIN = `
  import { compile, cost, nn, ops, optim, rand, randn } from ${JSON.stringify(library)};
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
  const step = KIND;
  const resident = () => process.memoryUsage().rss / 2 ** 20;
  const run = async (count) => {
    for (let i = 0; i < count; i++) {
      step(x, y).item();
      if (i % 50 === 0) await new Promise(setImmediate);
    }
  };
  await run(STEPS / 2);
  const before = resident();
  await run(STEPS);
  console.log(JSON.stringify({ before, after: resident() }));
`;

test.each([
  ["eager steps at 512", "512", "eager", "400"],
  ["small eager steps", "32", "eager", "10000"],
  ["compiled steps", "32", "compile(eager)", "60000"],
])("%s hold resident memory flat", { timeout: 120_000 }, async (_, size, kind, steps) => {
  const source = TRAIN.replace("SIZES", size).replace("KIND", kind).replaceAll("STEPS", steps);
  const { code, stdout, stderr } = await runModule(source, { timeout: 110_000 });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const { before, after } = JSON.parse(stdout) as { before: number; after: number };
  // The collector may let garbage lie for a while, but not more for more steps.
  expect(after - before).toBeLessThan(60);
});
