// Asks PyTorch what the ops give, and writes its answers into ops/:
//
//     npx tsx test/oracle/ops.ts                 # of every op
//     npx tsx test/oracle/ops.ts lerp sigmoid    # of some
//
// PYTHON names a Python with torch; default: python.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { registry } from "../../lib/ops/registry.js";
import "../../lib/ops/index.js";
import { casesOf } from "./cases.js";

const names = process.argv.slice(2);
for (const name of names) {
  if (!registry.has(name)) throw new Error(`no op is registered as ${name}`);
}
const asked = [...registry.values()]
  .filter(({ name }) => names.length === 0 || names.includes(name))
  .map((about) => ({ name: about.name, torch: about.torch, cases: casesOf(about) }));

/** JSON has no NaN, no infinity and no −0: they go as text. */
const text = JSON.stringify({ all: names.length === 0, asked }, (_, value: unknown) =>
  typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
    ? Object.is(value, -0)
      ? "-0"
      : String(value)
    : value,
);
const { status, error } = spawnSync(
  process.env["PYTHON"] ?? "python",
  [join(import.meta.dirname, "ops.py")],
  { input: text, stdio: ["pipe", "inherit", "inherit"] },
);
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
