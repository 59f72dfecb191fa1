import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Tensor, tensor } from "../../../lib/index.js";
import { actionHead } from "../../../lib/rl/agents/action-head.js";
import { type PPOLoss, ppoLoss } from "../../../lib/rl/agents/ppo-loss.js";
import { Box, Discrete, MultiBinary } from "../../../lib/rl/index.js";

type Numbers = readonly number[] | readonly (readonly number[])[];

interface Row {
  readonly kind: keyof typeof SPACES;
  readonly options: {
    readonly normalizeAdvantages: boolean;
    readonly clipRange: number;
    readonly clipRangeValue: number | null;
    readonly entropyCoefficient: number;
    readonly valueCoefficient: number;
  };
  readonly given: Readonly<Record<string, Numbers>>;
  readonly result: Readonly<Record<keyof PPOLoss, number>>;
  readonly gradients: Readonly<Record<"output" | "value" | "logStd", Numbers | undefined>>;
}

const SPACES = {
  Discrete: new Discrete(3),
  Box: new Box(-1, 1, { shape: [2] }),
  MultiBinary: new MultiBinary(3),
};

const rows = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../oracle/policy-gradient.json"), "utf8"),
) as readonly Row[];

function expectClose(name: string, got: ArrayLike<number>, expected: Numbers): void {
  const numbers = expected.flat();
  expect(got.length, name).toBe(numbers.length);
  numbers.forEach((value, i) => {
    expect(Math.abs((got[i] as number) - value), `${name} ${i}`).toBeLessThan(1e-10 * (1 + Math.abs(value)));
  });
}

describe("the loss of PPO and its gradients are PyTorch's", () => {
  rows.forEach(({ kind, options, given, result, gradients }, i) => {
    test(`${kind}, row ${i}`, () => {
      const head = actionHead("test", SPACES[kind]);
      const of = (name: string, requiresGrad = false): Tensor =>
        tensor(given[name] as number[], { dtype: "float64", requiresGrad });
      const [output, logStd, value] = ["output", "logStd", "nowValue"].map((name) => of(name, true)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const action = tensor(given["action"] as number[], { dtype: kind === "Box" ? "float64" : "int32" });
      const got = ppoLoss(
        { policy: head.distribution(output, logStd), value },
        {
          action,
          logProb: of("logProb"),
          value: of("value"),
          advantage: of("advantage"),
          returns: of("returns"),
        },
        { ...options, clipRange: tensor(options.clipRange, { dtype: "float64" }) },
      );
      for (const [name, expected] of Object.entries(result)) {
        expectClose(name, [got[name as keyof PPOLoss].item()], [expected]);
      }
      got.loss.backward();
      const own = { output, value, logStd };
      for (const [name, expected] of Object.entries(gradients)) {
        expectClose(name, own[name as keyof typeof own].grad?.data as Float64Array, expected as Numbers);
      }
    });
  });
});
