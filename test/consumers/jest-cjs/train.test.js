const thalweg = require("thalweg");
const { train, trainAndPrint } = require("./train.cjs");

test("learns", async () => {
  const { first, last } = await train(thalweg);
  expect(last).toBeLessThan(first);
  await trainAndPrint(thalweg);
});
