import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  checkGradients,
  compile,
  DTypeError,
  Generator,
  IndexError,
  nn,
  OptionError,
  ops,
  ShapeError,
  type Tensor,
  TraceError,
  tensor,
  vjp,
  vmap,
  zeros,
} from "../../lib/index.js";
import { executeAny } from "../../lib/native/binding.js";
import { instructionId } from "../../lib/native/instructions.js";

const random = new Generator(3);
const pattern = new nn.SparsePattern({ rows: [0, 0, 2, 2, 3], columns: [2, 0, 1, 3, 3], shape: [4, 4] });
const float64 = { dtype: "float64" } as const;

describe("a product with a sparse matrix", () => {
  test("does not see what it has no entry for", () => {
    const one = new nn.SparsePattern({ rows: [0, 1], columns: [0, 2], shape: [2, 3] });
    const values = tensor([1, 2]);
    const x = tensor([
      [1, Number.NaN, 3],
      [1, Number.POSITIVE_INFINITY, 4],
    ]);
    const [y, pullback] = vjp((v: Tensor) => ops.sparseLinear(x, v, null, one), values);
    expect(y.toArray()).toEqual([
      [1, 6],
      [1, 8],
    ]);
    expect(pullback(tensor([[1, 1], [1, 1]]))[0]?.toArray()).toEqual([2, 7]); // biome-ignore format: a matrix
  });

  test("gives a sample the same bits whatever samples are beside it, from two on", () => {
    const wide = new nn.SparsePattern({
      rows: Array.from({ length: 900 }, (_, e) => Math.floor(e / 30)),
      columns: Array.from({ length: 900 }, (_, e) => ((e % 30) * 7 + Math.floor(e / 30)) % 211),
      shape: [30, 211],
    });
    const [x, values] = [random.normal([70, 211]), random.normal([900])];
    const all = ops.sparseLinear(x, values, null, wide).data;
    for (const count of [2, 3, 17, 33]) {
      const some = ops.sparseLinear(ops.slice(x, 0, { end: count }), values, null, wide).data;
      expect(some).toEqual(all.slice(0, count * 30));
    }
  });

  test("has the derivatives of its entries alone, of both orders", () => {
    const inputs = [random.normal([3, 4], float64), random.normal([5], float64), random.normal([4], float64)];
    const f = (x: Tensor, v: Tensor, b: Tensor): Tensor => ops.tanh(ops.sparseLinear(x, v, b, pattern));
    expect(() => checkGradients(f, inputs as [Tensor, Tensor, Tensor])).not.toThrow();
  });

  test.each([
    ["the values", [0, null, null]],
    ["the bias", [null, null, 0]],
    ["the input and the values", [0, 0, null]],
    ["all", [0, 0, 0]],
  ] as const)("maps over %s", (_, [ofValues, ofX, ofBias]) => {
    const lists = [random.normal([3, 5]), random.normal([3, 2, 4]), random.normal([3, 4])] as const;
    const dims = [ofValues, ofX, ofBias];
    const given = lists.map((one, i) => (dims[i] === null ? ops.select(one, 0, 0) : one));
    const f = (v: Tensor, x: Tensor, b: Tensor): Tensor => ops.sparseLinear(x, v, b, pattern);
    const mapped = vmap(f, { inDims: dims })(...(given as [Tensor, Tensor, Tensor]));
    for (let i = 0; i < 3; i++) {
      const [v, x, b] = lists.map((one, k) => ops.select(one, 0, dims[k] === null ? 0 : i)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      expect(ops.select(mapped as Tensor, 0, i).toArray()).toEqual(f(v, x, b).toArray());
    }
  });

  test("takes a pattern that a user says in place, and refuses one that is only known when it runs", () => {
    const said = { rows: [0, 1], columns: [1, 0], shape: [2, 2] } as const;
    const f = compile((x: Tensor, v: Tensor) => ops.sparseLinear(x, v, null, said));
    expect((f(tensor([1, 2]), tensor([10, 100])) as Tensor).toArray()).toEqual([20, 100]);
    const rows = tensor([0, 1], { dtype: "int32" });
    const late = compile((r: Tensor) =>
      ops.sparseLinear(zeros([2]), zeros([2]), null, { rows: r, columns: [0, 1], shape: [2, 2] }),
    );
    expect(() => late(rows)).toThrow(TraceError);
  });
});

describe("a sparse product is refused", () => {
  const x = zeros([2, 4]);
  test.each<[string, () => unknown, new (message: string) => Error, string]>([
    [
      "for an x of other features",
      () => ops.sparseLinear(zeros([2, 3]), zeros([5]), null, pattern),
      ShapeError,
      "x [..., 4]",
    ],
    ["for a scalar", () => ops.sparseLinear(zeros([]), zeros([5]), null, pattern), ShapeError, "x [..., 4]"],
    ["for other values", () => ops.sparseLinear(x, zeros([4]), null, pattern), ShapeError, "values [5]"],
    ["for another bias", () => ops.sparseLinear(x, zeros([5]), zeros([3]), pattern), ShapeError, "bias [4]"],
    [
      "for other dtypes",
      () => ops.sparseLinear(x, zeros([5], float64), null, pattern),
      DTypeError,
      "values is float64",
    ],
    [
      "for no pattern",
      () => ops.sparseLinear(x, zeros([5]), null, 3 as never),
      ArgumentError,
      "object of options",
    ],
  ])("%s", (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  test.each<[string, object, new (message: string) => Error, string]>([
    ["a row outside", { rows: [4], columns: [0] }, IndexError, "row 4 of entry 0 is outside [0, 4)"],
    ["a column outside", { rows: [0], columns: [9] }, IndexError, "column 9 of entry 0 is outside [0, 4)"],
    ["a negative one", { rows: [-1], columns: [0] }, ArgumentError, "rows[0]"],
    ["rows that descend", { rows: [1, 0], columns: [0, 0] }, ArgumentError, "row 0 of entry 1 after row 1"],
    ["an entry twice", { rows: [1, 1], columns: [2, 2] }, ArgumentError, "row 1 has column 2 twice"],
    ["unequal lists", { rows: [1], columns: [] }, ShapeError, "1 rows and 0 columns"],
    ["another option", { row: [1], columns: [] }, OptionError, '"row"'],
    ["sizes that are none", { rows: [], columns: [], shape: [1] }, ShapeError, "[rows, columns]"],
    ["floats", { rows: zeros([1]), columns: [0] }, ShapeError, "int32"],
  ])("for a pattern with %s", (_, given, kind, message) => {
    const make = (): unknown => new nn.SparsePattern({ shape: [4, 4], ...given } as never);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});

describe("native code reads no index that is out of range", () => {
  const ints = (...values: number[]): Int32Array => Int32Array.from(values);
  const run = (
    params: number[],
    starts: Int32Array,
    index: Int32Array,
    order: Int32Array | null = null,
  ): void => {
    const [, batch, rows, columns, entries] = params as [number, number, number, number, number];
    const [w, x, y] = [entries, batch * columns, batch * rows].map((size) => new Float32Array(size));
    executeAny(instructionId("sparse_product"), params, [w, x, starts, index, order, null, y] as never);
    const [a, slopes] = [new Float32Array(batch * rows), new Float32Array(entries)];
    if (order === null)
      executeAny(instructionId("sparse_sampled"), params, [a, x, starts, index, slopes] as never);
  };

  test.each([1, 3, 40])("of %d samples", (batch) => {
    const params = [1, batch, 2, 3, 3];
    expect(() => run(params, ints(0, 1, 3), ints(0, 2, 1))).not.toThrow();
    for (const bad of [-1, 3, 2 ** 31 - 1]) {
      expect(() => run(params, ints(0, 1, 3), ints(0, bad, 1))).toThrow(`index ${bad} at position 1`);
      expect(() => run(params, ints(0, 1, 3), ints(0, 1, 2), ints(0, 1, bad))).toThrow(
        `order ${bad} at position 2`,
      );
    }
    for (const starts of [ints(1, 1, 3), ints(0, 4, 3), ints(0, 1, 2), ints(0, -1, 3), ints(0, 1, 4)]) {
      expect(() => run(params, starts, ints(0, 1, 2))).toThrow("is none of 2 rows with 3 entries");
    }
  });

  test("nor an operand that is too short, nor sizes beyond all memory", () => {
    expect(() => run([1, 1, 2, 3, 3], ints(0, 3), ints(0, 1, 2))).toThrow("starts");
    expect(() => run([1, 1, 2, 3, 3], ints(0, 1, 3), ints(0, 1))).toThrow("index");
    const id = instructionId("sparse_product");
    const one = new Float32Array(1);
    const huge = [1, 2 ** 40, 2 ** 40, 2 ** 40, 1];
    expect(() => executeAny(id, huge, [one, one, ints(0), ints(0), null, null, one] as never)).toThrow(
      "2^53",
    );
  });
});
