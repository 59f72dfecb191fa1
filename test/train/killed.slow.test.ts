import { test } from "vitest";
import { killAndResume } from "./killing.js";

test("a training that was killed 200 times at any moment has always left a whole checkpoint", {
  timeout: 600_000,
}, async () => {
  await killAndResume(200);
});
