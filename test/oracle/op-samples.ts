// Runs PyTorch's own samples of its operators (torch.testing's op_db), and prints what came of them:
//
//     npx tsx test/oracle/op-samples.ts                 # of every op
//     npx tsx test/oracle/op-samples.ts lerp sigmoid    # of some
//     npx tsx test/oracle/op-samples.ts --write         # writes op-samples.json again, a few small ones of each
//
// PYTHON names a Python with torch; default: python.
import process from "node:process";
import { registry } from "../../lib/ops/registry.js";
import "../../lib/ops/index.js";
import { reportOf, runSamples } from "./run-samples.js";

const names = process.argv.slice(2).filter((word) => !word.startsWith("--"));
for (const name of names) {
  if (!registry.has(name)) throw new Error(`no op is registered as ${name}`);
}
const found = await runSamples(
  process.env["PYTHON"] ?? "python",
  names.length > 0 ? names : [...registry.keys()],
);
process.stdout.write(reportOf(found));
process.exitCode = [...found.values()].some(({ failures }) => failures.length > 0) ? 1 : 0;
