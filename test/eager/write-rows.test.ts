import { afterEach, describe, expect, test } from "vitest";
import { writeRows } from "../../lib/eager/write-rows.js";
import {
  ArgumentError,
  arange,
  checkpoint,
  compile,
  DTypeError,
  Generator,
  IndexError,
  ones,
  ops,
  ShapeError,
  setThreads,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../lib/index.js";

const int32 = (...values: number[]): Tensor => tensor(Int32Array.from(values));
const rowsOf = (x: Tensor): number[][] => x.toArray() as number[][];

afterEach(() => setThreads(2));

describe("writeRows", () => {
  test("writes rows of any dtype and shape, and the last of equal indices stays", () => {
    for (const dtype of ["float32", "float64", "int32", "bool"] as const) {
      const target = zeros([4, 2, 1], { dtype });
      const source = ops.to(
        tensor([
          [[1], [0]],
          [[0], [1]],
          [[1], [1]],
        ]),
        dtype,
      );
      writeRows("test", target, int32(3, 1, 3), source);
      expect(target.toArray()).toEqual(
        ops
          .to(
            tensor([
              [[0], [0]],
              [[0], [1]],
              [[0], [0]],
              [[1], [1]],
            ]),
            dtype,
          )
          .toArray(),
      );
    }
    const numbers = zeros([3]);
    writeRows("test", numbers, int32(2), tensor([7]));
    expect(numbers.toArray()).toEqual([0, 0, 7]);
    writeRows("test", numbers, zeros([0], { dtype: "int32" }), zeros([0]));
    expect(numbers.toArray()).toEqual([0, 0, 7]);
  });

  test("an index outside the target is an error that changes nothing, eager and compiled, by any threads", () => {
    for (const threads of [1, 2]) {
      setThreads(threads);
      const target = zeros([4, 700]);
      const source = ones([3, 700]);
      const step = compile((index: Tensor) => writeRows("test", target, index, source));
      for (const bad of [-1, 4, 2 ** 31 - 1]) {
        for (const write of [(index: Tensor) => writeRows("test", target, index, source), step]) {
          expect(() => write(int32(0, 1, bad))).toThrow(IndexError);
          expect(() => write(int32(0, 1, bad))).toThrow(`index ${bad} at position 2 is outside [0, 4)`);
        }
      }
      expect(ops.sum(target).item()).toBe(0);
    }
  });

  test("refuses operands that do not fit, by the name that it is given", () => {
    const target = zeros([4, 3]);
    const write = (to: Tensor, index: Tensor, source: Tensor) => () => writeRows("append", to, index, source);
    expect(write(zeros([]), int32(0), zeros([1]))).toThrow(ShapeError);
    expect(write(target, tensor([[0]], { dtype: "int32" }), zeros([1, 3]))).toThrow(ShapeError);
    expect(write(target, tensor([0]), zeros([1, 3]))).toThrow(DTypeError);
    expect(write(target, int32(0, 1), zeros([1, 3]))).toThrow("append: expected rows [2, 3], got [1, 3]");
    expect(write(target, int32(0), zeros([1, 3], { dtype: "float64" }))).toThrow(DTypeError);
    expect(write(target, int32(3, 2, 1, 0), target.reshape([4, 3]))).toThrow(ArgumentError);
    expect(() =>
      vmap((row: Tensor) => {
        writeRows("append", target, int32(0), row.reshape([1, 3]));
        return row;
      })(ones([2, 3])),
    ).toThrow(ArgumentError);
    expect(ops.sum(target).item()).toBe(0);
  });

  test("a read before it in a step sees the old rows, one after it the new ones", () => {
    for (const passes of [undefined, []] as const) {
      const target = ops.reshape(arange(12, { dtype: "float32" }), [6, 2]);
      const own = ops.add(target, 0);
      const step =
        (table: Tensor) =>
        (index: Tensor, source: Tensor): Tensor[] => {
          const before = ops.indexSelect(table, 0, index);
          const same = ops.mul(table, 2);
          writeRows("test", table, index, source);
          const after = ops.indexSelect(table, 0, index);
          writeRows("test", table, index, ops.add(before, after));
          return [before, after, ops.indexSelect(table, 0, index), same, ops.mul(table, 2)];
        };
      const eager = step(own);
      const compiled = compile(step(target), passes === undefined ? {} : { passes });
      for (let run = 0; run < 3; run++) {
        const inputs = [
          int32(run, 5 - run),
          tensor([
            [run, 1],
            [2, -run],
          ]),
        ] as const;
        expect(compiled(...inputs).map(rowsOf)).toEqual(eager(...inputs).map(rowsOf));
        expect(rowsOf(target)).toEqual(rowsOf(own));
      }
    }
  });

  test("a loop writes a row in each step and sees all that was written before, on either thread", async () => {
    const steps = 50;
    const order = arange(steps, { dtype: "int32" });
    const inputs = new Generator(3).normal([steps, 5]);
    const run = () => {
      const table = zeros([steps, 5]);
      const step = compile((at: Tensor, x: Tensor) => {
        const last = ops.indexSelect(table, 0, ops.maximum(ops.sub(at, 1), 0));
        writeRows("test", table, at, ops.add(ops.mul(last, 0.5), x));
        return ops.sum(ops.indexSelect(table, 0, at));
      });
      return { table, step };
    };
    const expected = zeros([steps, 5]);
    const sums: number[] = [];
    for (let t = 0; t < steps; t++) {
      const last = ops.indexSelect(expected, 0, int32(Math.max(t - 1, 0)));
      const row = ops.add(ops.mul(last, 0.5), ops.indexSelect(inputs, 0, int32(t)));
      writeRows("test", expected, int32(t), row);
      sums.push(ops.sum(row).item());
    }
    const [once, aside] = [run(), run()];
    expect(once.step.loop([order, inputs], order, 1).toArray()).toEqual(sums.map((sum) => [sum]));
    const log = await aside.step.loopAsync([order, inputs], order, 1);
    expect(log.toArray()).toEqual(sums.map((sum) => [sum]));
    expect(rowsOf(once.table)).toEqual(rowsOf(expected));
    expect(rowsOf(aside.table)).toEqual(rowsOf(expected));
  });

  test("gives the same bits with 1 and 2 threads", () => {
    const results = [1, 2].map((threads) => {
      setThreads(threads);
      const generator = new Generator(5);
      const table = zeros([300, 1000]);
      const step = compile((index: Tensor, source: Tensor) => {
        writeRows("test", table, index, source);
        return ops.sum(table);
      });
      const index = ops.to(ops.mul(generator.uniform([500]), 300), "int32");
      const sum = step(index, generator.normal([500, 1000])).item();
      writeRows("test", table, index, generator.normal([500, 1000]));
      return [sum, Buffer.from(table.data.buffer).toString("base64")];
    });
    expect(results[1]).toEqual(results[0]);
  });

  test("a compiled step that only writes costs no memory but the rows", () => {
    const table = zeros([100_000, 8]);
    const step = compile((at: Tensor, row: Tensor) => writeRows("test", table, at, ops.mul(row, 2)));
    expect(step.arenaBytes(int32(0), ones([1, 8]))).toBeLessThan(1000);
    expect(step.explain(int32(0), ones([1, 8]))).toContain("write_rows");
  });

  test("counts as a write: a backward that needs the old rows refuses", () => {
    const target = ones([2, 2]);
    target.requiresGrad = true;
    const y = ops.sum(ops.square(target));
    writeRows("test", target, int32(0), zeros([1, 2]));
    expect(() => y.backward()).toThrow(/changed|written/);
  });

  test("a checkpoint that is computed again does not write again", () => {
    const table = zeros([2, 2]);
    const count = zeros([1]);
    const x = tensor([[1, 2]], { requiresGrad: true });
    const y = checkpoint((z: Tensor) => {
      writeRows("test", count, int32(0), ops.add(count, 1));
      writeRows("test", table, int32(1), ops.detach(z));
      return ops.square(z);
    }, x);
    ops.sum(y).backward();
    expect(x.grad?.toArray()).toEqual([[2, 4]]);
    expect(count.toArray()).toEqual([1]);
    expect(table.toArray()).toEqual([
      [0, 0],
      [1, 2],
    ]);
  });
});
