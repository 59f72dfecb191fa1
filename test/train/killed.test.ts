import { test } from "vitest";
import { killAndResume } from "./killing.js";

test("a training that was killed 20 times at any moment has always left a whole checkpoint", {
  timeout: 180_000,
}, async () => {
  await killAndResume(20);
});
