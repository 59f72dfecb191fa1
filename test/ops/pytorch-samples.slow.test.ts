// All of PyTorch's own samples of its operators. Needs a Python with torch.
import { expect, test } from "vitest";
import { registry } from "../../lib/ops/registry.js";
import "../../lib/ops/index.js";
import { runSamples } from "../oracle/run-samples.js";
import { pythonWith } from "../python.js";

const python = pythonWith("torch");

test.skipIf(python === undefined)(
  "ops give what PyTorch gives for all of its own samples",
  async () => {
    const found = await runSamples(python as string, [...registry.keys()]);
    expect([...found.values()].flatMap(({ failures }) => failures)).toEqual([]);
  },
  1_800_000,
);
