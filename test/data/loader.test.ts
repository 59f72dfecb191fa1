import { describe, expect, test } from "vitest";
import { arange, data, ops, type Tensor } from "../../lib/index.js";

const count = 10;
const x = ops.reshape(arange(2 * count), [count, 2]);
const y = arange(count, { dtype: "int32" });

/** The targets of each batch. A target is the number of its sample. Expects each x to belong to its target. */
function batches(loader: data.DataLoader): number[][] {
  return Array.from(loader, (batch) => {
    const labels = batch.y.toArray() as number[];
    expect(batch.x.toArray()).toEqual(labels.map((p) => [2 * p, 2 * p + 1]));
    return labels;
  });
}

describe("DataLoader", () => {
  test("goes through the samples in order, with the rest in the last batch", () => {
    const loader = new data.DataLoader({ x, y }, { batchSize: 4 });
    expect(loader.length).toBe(3);
    expect(batches(loader)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    expect(batches(loader)).toEqual(batches(loader));
  });

  test("leaves out a last batch that is not full with dropLast", () => {
    const loader = new data.DataLoader({ x, y }, { batchSize: 4, dropLast: true });
    expect(loader.length).toBe(2);
    expect(batches(loader).flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const even = new data.DataLoader({ x, y }, { batchSize: 5, dropLast: true });
    expect(even.length).toBe(2);
    expect(batches(even).flat()).toHaveLength(10);
  });

  test("shuffles all samples, each once, with a new order in each epoch", () => {
    const loader = new data.DataLoader({ x, y }, { batchSize: 3, shuffle: true });
    const epochs = Array.from({ length: 4 }, () => batches(loader).flat());
    for (const order of epochs)
      expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(epochs.map(String)).size).toBe(4);
    expect(epochs[0]).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("gives the same orders for the same seed, and others for another seed", () => {
    const orders = (seed?: number): number[][] => {
      const loader = new data.DataLoader(
        { x, y },
        { batchSize: 10, shuffle: true, ...(seed === undefined ? {} : { seed }) },
      );
      return [...batches(loader), ...batches(loader)];
    };
    expect(orders(7)).toEqual(orders(7));
    expect(orders(7)).not.toEqual(orders(8));
    expect(orders()).toEqual(orders(0));
  });

  test("shuffles evenly: each sample is equally often in each place", () => {
    const places = Array.from({ length: 5 }, () => new Array<number>(5).fill(0));
    const few = { x: arange(5), y: arange(5, { dtype: "int32" }) };
    const loader = new data.DataLoader(few, { batchSize: 5, shuffle: true });
    const epochs = 2000;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const batch of loader) {
        (batch.y.toArray() as number[]).forEach((p, place) => {
          const row = places[p] as number[];
          row[place] = (row[place] ?? 0) + 1;
        });
      }
    }
    // Five standard errors of a frequency of 1/5.
    for (const often of places.flat()) {
      expect(Math.abs(often - epochs / 5)).toBeLessThan(5 * Math.sqrt(epochs * 0.2 * 0.8));
    }
  });

  test("has 32 samples per batch by default, or all if there are fewer", () => {
    expect(new data.DataLoader({ x, y }).batchSize).toBe(10);
    const many = { x: arange(100), y: arange(100) };
    expect(new data.DataLoader(many).batchSize).toBe(32);
  });

  test("accepts a data set, batches of one sample and the full batch", () => {
    const set = new data.Dataset({ x, y });
    expect(set.length).toBe(10);
    expect(batches(new data.DataLoader(set, { batchSize: 1 }))).toEqual(
      Array.from({ length: 10 }, (_, p) => [p]),
    );
    expect(batches(new data.DataLoader(set, { batchSize: 10 }))).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  });

  test("can be left in the middle of an epoch", () => {
    const loader = new data.DataLoader({ x, y }, { batchSize: 4, shuffle: true });
    let first: Tensor | undefined;
    for (const batch of loader) {
      first = batch.y;
      break;
    }
    expect(first?.size).toBe(4);
    expect(batches(loader).flat()).toHaveLength(10);
  });
});
