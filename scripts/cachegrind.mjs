// Compares how many lines of a cache a product misses in Valgrind's simulation with how many it should miss by the
// model that cuts it into blocks, for the caches of several machines: node scripts/cachegrind.mjs
//
// Virtual machines have no hardware counters. Needs Debian's valgrind, an x86-64 with AVX2 and a built addon. Valgrind
// knows a first-level and a last cache; the last stands for the second level, or for the third. Exits with 1 where
// the simulation differs from the model by more than a quarter.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { flags } from "../native/sources.mjs";
import { linkWithEngine } from "./link.mjs";

/** The largest part by which the simulation may differ. */
const MOST = 0.25;
const FIRST = 32 << 10;
const WAYS = 8;
/** What products are cut for, and the last cache that is simulated. */
const ZEN3 = { title: "Zen 3's second level", cut: "32k,512k,16m", last: 512 << 10 };
const SMALL = { title: "a second level of 256 KiB", cut: "32k,256k,8m", last: 256 << 10 };
// Into which a block of rows is to fit.
const THIRD = { title: "a third level of 512 KiB", cut: "32k,256k,512k", last: 512 << 10 };
const CASES = [
  ...[ZEN3, SMALL, THIRD].map((caches) => ({ sizes: "512x512x512", layout: "NN", caches })),
  ...[ZEN3, SMALL, THIRD].map((caches) => ({ sizes: "768x1024x512", layout: "NN", caches })),
  { sizes: "768x1024x512", layout: "NT", caches: SMALL },
  { sizes: "768x1024x512", layout: "TN", caches: ZEN3 },
];

const ISA = "x86_64_v3"; // Valgrind has no AVX-512
const folder = mkdtempSync(join(tmpdir(), "thalweg-cachegrind-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const program = join(folder, "cachegrind");
linkWithEngine("scripts/cachegrind.cc", program, [...flags(ISA), "-pthread"]);

/** The lines that the first-level and the last cache missed. */
function misses(args, cut, last) {
  const file = join(folder, "out");
  execFileSync(
    "valgrind",
    [
      "--tool=cachegrind",
      "--cache-sim=yes",
      `--I1=32768,${WAYS},64`,
      `--D1=${FIRST},${WAYS},64`,
      `--LL=${last},${WAYS},64`,
      `--cachegrind-out-file=${file}`,
      program,
      ...args,
    ],
    { stdio: "pipe", env: { ...process.env, THALWEG_ISA: ISA, THALWEG_CACHES: cut } },
  );
  const text = readFileSync(file, "utf8");
  const words = (name) => new RegExp(`^${name}: (.*)$`, "m").exec(text)[1].split(" ");
  const totals = Object.fromEntries(words("events").map((event, i) => [event, Number(words("summary")[i])]));
  return { first: totals.D1mr + totals.D1mw, last: totals.DLmr + totals.DLmw };
}

let wrong = 0;
for (const { sizes, layout, caches } of CASES) {
  const { title, cut, last } = caches;
  const product = [...sizes.split("x"), layout];
  const predict = (bytes) =>
    Number(
      execFileSync(program, ["predict", ...product, String(bytes), String(WAYS)], {
        encoding: "utf8",
        env: { ...process.env, THALWEG_ISA: ISA, THALWEG_CACHES: cut },
      }),
    );
  // What starts the program, and finds no line in the caches, is in both.
  const [once, twice] = ["1", "2"].map((times) => misses(["run", ...product, times], cut, last));
  console.log(`${sizes} ${layout}, ${title} (THALWEG_CACHES=${cut})`);
  for (const [level, bytes] of Object.entries({ first: FIRST, last })) {
    const predicted = predict(bytes);
    const simulated = twice[level] - once[level];
    const off = simulated / predicted - 1;
    if (!(Math.abs(off) <= MOST)) wrong++;
    console.log(
      `  ${level} cache, ${bytes >> 10} KiB: ${predicted} lines predicted, ${simulated} simulated, ${(100 * off).toFixed(1)} %`,
    );
  }
}
console.log(
  `cachegrind: ${2 * CASES.length} counts of missed lines, ${wrong} off by more than ${100 * MOST} %`,
);
process.exit(wrong === 0 ? 0 : 1);
