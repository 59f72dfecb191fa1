import { describe, expect, test } from "vitest";
import { EXAMPLES, keptScores, runExample, scoresIn, spreadOf } from "./scores.js";

describe.each(EXAMPLES)("the example %s", { timeout: 310_000 }, (name) => {
  test("scores over five seeds within the spread of PyTorch's five", async () => {
    const { code, stdout } = await runExample(name, "--seeds", "5");
    expect(code).toBe(0);
    const scores = scoresIn(stdout);
    for (const [network, { PyTorch: figures = {} }] of Object.entries(await keptScores(name))) {
      for (const [figure, values] of Object.entries(figures)) {
        const { min, max } = spreadOf(values);
        const own = scores.get(network)?.get(figure);
        expect(own, `${network}: ${figure}`).toBeGreaterThanOrEqual(min);
        expect(own, `${network}: ${figure}`).toBeLessThanOrEqual(max);
      }
    }
  });
});
