import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { drawKept, drawResults, FIGURE, readResults } from "../../bench/figure.js";

const RESULTS = `# Results

|             |                              |
|-------------|------------------------------|
| processor   | Some CPU, 4 cores (avx2, fma) |
| threads     | 4                            |
| thalweg     | 0.1.0 (x86_64_v3 kernels)    |
| torch-eager | 2.13.0+cpu                   |
| numpy       | 2.4.6 (scipy-openblas 0.3)   |

## Training step

| workload | optimizer |  B | thalweg µs | of peak | best peer | torch-eager | numpy |
|----------|-----------|---:|-----------:|--------:|----------:|------------:|------:|
| small    | sgd       |  1 |        3.1 |  22.0 % |     5.58× |       7.00× | 5.58× |
| small    | adam      |  1 |        3.1 |  22.0 % |     5.58× |      86.31× | 5.58× |
| large    | adam      | 32 |      1,003 |  22.0 % |     0.91× |       0.91× |     — |

| workload | optimizer |  B | by | median µs |
|----------|-----------|---:|----|----------:|
| other    | adam      |  1 | us |         1 |
`;

test("the figure of the benchmark is in step with the results", () => {
  expect(readFileSync(FIGURE, "utf8"), "npm run bench:figure writes it").toBe(drawKept());
});

test("its bars are the ratios for Adam, of what was measured, slower ones too", () => {
  expect(readResults(RESULTS)).toEqual({
    bars: [
      { workload: "small", batch: 1, peer: "torch-eager", ratio: 86.31 },
      { workload: "small", batch: 1, peer: "numpy", ratio: 5.58 },
      { workload: "large", batch: 32, peer: "torch-eager", ratio: 0.91 },
    ],
    processor: "Some CPU, 4 cores",
    threads: "4",
    versions: ["thalweg 0.1.0", "torch-eager 2.13.0", "numpy 2.4.6"],
  });
  const svg = drawResults(RESULTS);
  for (const text of ["86×", "5.6×", "0.9×", "large, B = 32", "Some CPU, 4 cores, 4 threads"]) {
    expect(svg).toContain(text);
  }
  expect(svg).toContain("prefers-color-scheme:dark");
});

test.each([
  ["## Training step", "## Step", 'expected a line "## Training step"'],
  ["| adam ", "| lion ", "expected ratios for the optimizer adam"],
  ["| threads ", "| cores   ", 'expected a row "threads"'],
  ["best peer", "best     ", 'expected a column "best peer"'],
])("is refused where the results have no %j", (from, to, message) => {
  expect(() => readResults(RESULTS.replaceAll(from, to))).toThrow(message);
});
