// Runs PyTorch's own samples of its operators (torch.testing's op_db), and prints what came of them:
//
//     npx tsx test/oracle/op-samples.ts                 # of every op
//     npx tsx test/oracle/op-samples.ts lerp sigmoid    # of some
//     npx tsx test/oracle/op-samples.ts --write         # of every op, and writes a few small ones into op-samples.json
//
// PYTHON names a Python with torch; default: python.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { registry } from "../../lib/ops/registry.js";
import "../../lib/ops/index.js";
import { Source } from "./draw.js";
import { reportOf, runSamples } from "./run-samples.js";
import { isReference, kindOf, type Sample, tensorsOf } from "./samples.js";

const given = process.argv.slice(2);
const names = given.filter((word) => word !== "--write");
for (const name of names) {
  if (!registry.has(name)) throw new Error(`no op is registered as ${name}`);
}
/** Of each op and dtype the samples that may be kept, as they were written. */
const candidates = new Map<string, string[]>();
const found = await runSamples(
  process.env["PYTHON"] ?? "python",
  names.length > 0 ? names : [...registry.keys()],
  offer,
);
process.stdout.write(reportOf(found));
if (given.includes("--write")) {
  const rows = [...candidates].flatMap(([kind, texts]) => chosen(kind, texts));
  writeFileSync(join(import.meta.dirname, "op-samples.json"), `[\n${rows.join(",\n")}\n]\n`);
}
process.exitCode = [...found.values()].some(({ failures }) => failures.length > 0) ? 1 : 0;

/** Keeps a sample in mind if it is small, but has more than one number. */
function offer(sample: Sample, text: string): void {
  const most = Math.max(...tensorsOf(sample).map(({ data }) => data.length));
  if (text.length > 1500 || most < 2 || isReference(sample)) return;
  const kind = `${sample.op} ${kindOf(sample)}`;
  candidates.set(kind, [...(candidates.get(kind) ?? []), text]);
}

/** Two of them for float64 and one for each other dtype, by the name of their kind. */
function chosen(kind: string, texts: readonly string[]): string[] {
  const source = new Source(kind);
  const left = [...texts];
  const count = Math.min(left.length, kind.endsWith("float64") ? 2 : 1);
  return Array.from({ length: count }, () => left.splice(source.below(left.length), 1)[0] as string);
}
