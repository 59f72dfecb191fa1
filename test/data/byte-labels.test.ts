import { describe, expect, test } from "vitest";
import { cost, data, fromTypedArray, ops, tensor } from "../../lib/index.js";

describe("labels in bytes", () => {
  const bytes = Uint8Array.of(0, 1, 2, 9);

  test.each([bytes, Uint8ClampedArray.from(bytes)])("are numbers for tensor, which copies them", (values) => {
    expect(tensor(values, { dtype: "int32" }).toArray()).toEqual([0, 1, 2, 9]);
    expect(tensor(values).toArray()).toEqual([0, 1, 2, 9]);
    expect(tensor(values, { dtype: "bool" }).toArray()).toEqual([false, true, true, true]);
  });

  test("are not treated as bool", () => {
    expect(() => fromTypedArray(bytes)).toThrow('tensor(bytes, { dtype: "int32" })');
    expect(() => cost.crossEntropy(ops.expand(tensor([0]), [4, 10]), tensor(bytes))).toThrow("float32");
  });

  test("a mask of 0 and 1 shares its memory", () => {
    const mask = Uint8Array.of(0, 1);
    expect(fromTypedArray(mask, [2], { dtype: "bool" }).data).toBe(mask);
  });

  test("Bytes takes clamped bytes, as in ImageData, without a copy", () => {
    const pixels = Uint8ClampedArray.of(0, 255);
    const images = new data.Bytes(pixels, [2, 1]);
    expect(images.toTensor().toArray()).toEqual([[0], [255]]);
    pixels[0] = 7;
    expect(images.toTensor().toArray()).toEqual([[7], [255]]);
  });

  test("a data set of bool gives its batches as bool", () => {
    const y = fromTypedArray(Uint8Array.of(1, 0, 1), [3], { dtype: "bool" });
    const loader = new data.DataLoader({ x: tensor([[1], [2], [3]]), y }, { batchSize: 2 });
    expect([...loader].map((batch) => [batch.y.dtype, batch.y.toArray()])).toEqual([
      ["bool", [true, false]],
      ["bool", [true]],
    ]);
  });
});
