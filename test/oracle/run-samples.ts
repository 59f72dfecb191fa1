import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { opOf } from "./call.js";
import { parse } from "./read.js";
import { checkSample, checkVmap, kindOf, type Sample } from "./samples.js";

/** What came of the samples of an op. */
export interface Tally {
  run: number;
  /** Numbers of samples by why they were left out. */
  readonly left: Map<string, number>;
  /** Numbers of samples by the error that refuses their dtypes. */
  readonly refused: Map<string, number>;
  /** The largest relative errors. */
  readonly worst: { float64: number; float32: number };
  readonly failures: string[];
  /** Why PyTorch has no samples of it. */
  none?: string;
}

/** A line of `op_samples.py`. */
type Line =
  | Sample
  | { readonly op: string; readonly note: string; readonly left: string }
  | { readonly op: string; readonly none: string };

/** How many samples of each of PyTorch's operators and dtypes run under `vmap`. */
const MAPPED = 6;

/** Asks PyTorch for the samples of those ops, and runs them all. */
export async function runSamples(
  python: string,
  names: readonly string[],
  each: (sample: Sample, text: string) => void = () => {},
): Promise<Map<string, Tally>> {
  const child = spawn(python, [join(import.meta.dirname, "op_samples.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  child.stdin.end(JSON.stringify(names));
  const tallies = new Map<string, Tally>();
  const mapped = new Map<string, number>();
  for await (const text of createInterface({ input: child.stdout })) {
    const line = parse<Line>(text);
    let tally = tallies.get(line.op);
    if (tally === undefined) {
      tally = {
        run: 0,
        left: new Map(),
        refused: new Map(),
        worst: { float64: 0, float32: 0 },
        failures: [],
      };
      tallies.set(line.op, tally);
    }
    if ("none" in line) tally.none = line.none;
    else if ("left" in line) count(tally.left, line.left);
    else {
      if (run(line, tally, mapped)) each(line, text);
    }
  }
  const status = await ended;
  if (status !== 0) throw new Error(`op_samples.py ended with ${status}`);
  return tallies;
}

const count = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** Whether the op takes it. */
function run(sample: Sample, tally: Tally, mapped: Map<string, number>): boolean {
  const { refused, failures, worst } = checkSample(sample);
  if (refused !== undefined) {
    count(tally.refused, refused);
    return false;
  }
  tally.run++;
  const dtype = kindOf(sample) === "float32" ? "float32" : "float64";
  tally.worst[dtype] = Math.max(tally.worst[dtype], worst);
  tally.failures.push(...failures.map((failure) => `${sample.note}: ${failure}`));
  const kind = sample.note.replace(/ \S+$/, "");
  if (opOf(sample).eager === true || (mapped.get(kind) ?? 0) >= MAPPED) return true;
  count(mapped, kind);
  tally.failures.push(...checkVmap(sample).map((failure) => `${sample.note}: ${failure}`));
  return true;
}

/** A line for each op, and its failures; then the totals. */
export function reportOf(tallies: ReadonlyMap<string, Tally>): string {
  const lines: string[] = [];
  const total = { run: 0, left: 0, refused: 0, failures: 0 };
  const sum = (counts: ReadonlyMap<string, number>): number =>
    [...counts.values()].reduce((a, b) => a + b, 0);
  for (const [name, { run, left, refused, worst, failures, none }] of tallies) {
    if (none !== undefined) {
      lines.push(`${name}: no samples: ${none}`);
      continue;
    }
    const errors = `worst ${worst.float64.toExponential(1)} (float64) ${worst.float32.toExponential(1)} (float32)`;
    lines.push(`${name}: ${run} run, ${sum(left)} left out, ${sum(refused)} of dtypes refused; ${errors}`);
    for (const [why, times] of [...left, ...refused]) lines.push(`    ${times} left out: ${why}`);
    for (const failure of failures) lines.push(`    FAILED ${failure}`);
    total.run += run;
    total.left += sum(left);
    total.refused += sum(refused);
    total.failures += failures.length;
  }
  lines.push(
    `${tallies.size} ops: ${total.run} samples run, ${total.left} left out, ${total.refused} of dtypes refused, ` +
      `${total.failures} failures`,
  );
  return `${lines.join("\n")}\n`;
}
