// Asks PyTorch what the distributions give, and writes its answers into distributions/:
//
//     npx tsx test/oracle/distributions.ts                  # of every distribution and pair
//     npx tsx test/oracle/distributions.ts Normal Gamma     # of some
//
// PYTHON names a Python with torch; default: python.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { CASES, FAMILIES, PAIRS } from "../distributions/cases.js";

const names = process.argv.slice(2);
for (const name of names) {
  if (!FAMILIES.some((family) => family.name === name)) throw new Error(`there is no distribution ${name}`);
}
const isAsked = (name: string): boolean => names.length === 0 || names.includes(name);
const families = FAMILIES.filter(({ name }) => isAsked(name)).map(({ name }) => ({
  name,
  cases: CASES.filter(({ family }) => family === name),
}));
const pairs = PAIRS.filter(({ p }) => isAsked(p.family));

const { status, error } = spawnSync(
  process.env["PYTHON"] ?? "python",
  [join(import.meta.dirname, "distributions.py")],
  { input: JSON.stringify({ families, pairs }), stdio: ["pipe", "inherit", "inherit"] },
);
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
