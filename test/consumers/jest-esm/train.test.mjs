import * as thalweg from "thalweg";
import { train, trainAndPrint } from "./train.mjs";

test("learns", async () => {
  const { first, last } = await train(thalweg);
  expect(last).toBeLessThan(first);
  await trainAndPrint(thalweg);
});
