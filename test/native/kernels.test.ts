import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { patience } from "./emulator.js";

/** What battery.ts writes; NaN and infinities are strings. */
type Results = Readonly<
  Record<string, { readonly numbers: readonly (number | string)[]; readonly bits: string }>
>;

/** Runs battery.ts; scripts/foreign.mjs has it run on another system. */
const BATTERY = process.env["THALWEG_BATTERY"]?.split(" ") ?? [
  process.execPath,
  "--import",
  "tsx",
  join(import.meta.dirname, "battery.ts"),
];

function ask(env: Readonly<Record<string, string>>): unknown {
  const text = execFileSync(BATTERY[0] as string, BATTERY.slice(1), {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 30,
  });
  return JSON.parse(text);
}

const run = (isa: string, threads: number): Results =>
  ask({ THALWEG_ISA: isa, BATTERY_THREADS: String(threads) }) as Results;

/** Where the battery runs. */
const ISAS = ask({ BATTERY_ASKS: "isas" }) as string[];

const bitsOf = (results: Results) => Object.entries(results).map(([name, { bits }]) => `${name} ${bits}`);

/** |x − r| ≤ atol + rtol·|r|; for a sum of K products of numbers up to 4 and what is made of such, atol is scaled by 16·√K. */
function tolerance(name: string): { rtol: number; atol: number } {
  const scale = /matmul|addmm|sparse|sum|mean|eigh|eigvalsh/.test(name) ? 16 * Math.sqrt(900) : 1;
  return name.includes("float64") ? { rtol: 1e-12, atol: 1e-15 * scale } : { rtol: 1e-5, atol: 1e-6 * scale };
}

function expectClose(
  name: string,
  actual: readonly (number | string)[],
  expected: readonly (number | string)[],
): void {
  expect(actual.length, name).toBe(expected.length);
  const { rtol, atol } = tolerance(name);
  actual.forEach((x, i) => {
    const r = expected[i] as number | string;
    const same = x === r || Math.abs(Number(x) - Number(r)) <= atol + rtol * Math.abs(Number(r));
    if (!same) expect.fail(`${name}: element ${i} is ${x}, the reference has ${r}`);
  });
}

describe("the kernels", () => {
  let reference: Results;
  beforeAll(() => {
    reference = run("reference", 1);
  }, 120_000 * patience);

  const fast = ISAS.filter((isa) => isa !== "reference");
  describe.each(fast)("of %s", (isa) => {
    let results: Results;
    beforeAll(() => {
      results = run(isa, 1);
    }, 120_000 * patience);

    test("give what their naive twins give", () => {
      expect(Object.keys(results)).toEqual(Object.keys(reference));
      for (const [name, { numbers }] of Object.entries(reference)) {
        expectClose(name, results[name]?.numbers ?? [], numbers);
      }
    });

    test.each([2, 3])(
      "give the same bits with 1 and %d threads",
      { timeout: 120_000 * patience },
      (threads) => {
        expect(bitsOf(run(isa, threads))).toEqual(bitsOf(results));
      },
    );

    test("give the same bits in a chain as one after the other", () => {
      const chains = Object.keys(results).filter((key) => key.startsWith("chain blockwise"));
      expect(chains).not.toEqual([]);
      for (const name of chains) {
        expect(results[name]?.bits, name).toBe(results[name.replace("blockwise", "apart")]?.bits);
      }
    });

    test("draw the same random numbers as the reference", () => {
      const drawn = /^(uniform|permutation|normal|standardGamma|logStandardGamma|poisson|binomial)/;
      for (const name of Object.keys(reference).filter((key) => drawn.test(key))) {
        expect(results[name]?.bits, name).toBe(reference[name]?.bits);
      }
    });
  });
});
