// A training that was broken off and resumed gives the same bits as one that was not. The whole table, every optimizer
// with every schedule and layer, is in resume.slow.test.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cost, data, type FitOptions, fit, Generator, manualSeed, nn, optim } from "../../lib/index.js";
import { expectSame, KINDS, LAYERS, nameOf, SCHEDULES } from "./resuming.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-resume-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Trains with what `change` does after the first epoch. @returns the bits that it comes to. */
async function trained(
  seed: number,
  change: (model: nn.Module) => void,
  more: Partial<FitOptions>,
): Promise<string> {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(4, 6),
    new nn.BatchNorm1d(6),
    new nn.Dropout(0.3),
    new nn.Linear(6, 1),
  );
  for (const one of model.parameters().slice(0, 2)) one.requiresGrad = false;
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const generator = new Generator(1);
  const set = { x: generator.normal([20, 4]), y: generator.normal([20, 1]) };
  await fit(model, {
    data: set,
    cost: cost.mse,
    optimizer,
    epochs: 3,
    batchSize: 5,
    onEpoch: ({ epoch }) => {
      if (epoch === 1) change(model);
    },
    ...more,
  });
  return JSON.stringify(model.stateDict());
}

describe("goes on with what a callback has changed in the model", () => {
  test.each<[string, (model: nn.Module) => void]>([
    [
      "which parameters learn",
      (model) => {
        for (const one of model.parameters()) one.requiresGrad = !one.requiresGrad;
      },
    ],
    [
      "a module's mode",
      (model) => {
        for (const [, module] of model.namedModules()) if (module instanceof nn.BatchNorm1d) module.eval();
      },
    ],
  ])("%s", async (_, change) => {
    const path = join(folder, "changed");
    const whole = await trained(1, change, {});
    expect(await trained(1, () => {}, {})).not.toBe(whole);
    for (const every of [4, 6]) {
      const broken = trained(1, change, {
        checkpoint: { path, every: { steps: every } },
        onCheckpoint: () => {
          throw new Error("broken off");
        },
      });
      await expect(broken).rejects.toThrow("broken off");
      expect(await trained(9, change, { resume: path }), `step ${every}`).toBe(whole);
    }
  });
});

describe("goes on after a stop in the middle of an epoch and between two", () => {
  const rows = SCHEDULES.map((scheduled, i) => [KINDS[i % KINDS.length], scheduled] as const);
  const others = KINDS.slice(rows.length).map((kind) => [kind, null] as const);
  const named = [...rows, ...others].map(([kind, scheduled]) => {
    if (kind === undefined) throw new Error("there are no optimizers");
    return [kind.name, nameOf(scheduled), kind, scheduled] as const;
  });

  test.each(named)("%s with %s", async (_, __, kind, scheduled) => {
    await expectSame(kind, scheduled, Object.keys(LAYERS), [7, 10]);
    expect.hasAssertions();
  });
});

test("goes on in an epoch for which a sampler draws more samples than the set has", async () => {
  const path = join(folder, "sampled");
  const draw = (count: number) => ({
    sampler: data.sampler({ balance: new Uint8Array(20).fill(1, 15), count }),
  });
  const whole = await trained(1, () => {}, draw(100));
  for (const at of [12, 33]) {
    const broken = trained(1, () => {}, {
      ...draw(100),
      checkpoint: { path, every: { steps: at } },
      onCheckpoint: () => {
        throw new Error("broken off");
      },
    });
    await expect(broken).rejects.toThrow("broken off");
    expect(await trained(9, () => {}, { ...draw(100), resume: path }), `step ${at}`).toBe(whole);
  }
  await expect(trained(9, () => {}, { ...draw(50), resume: path })).rejects.toThrow(
    "in the middle of an epoch: 10 steps; the checkpoint has done 13",
  );
});
