import vm from "node:vm";
import { describe, expect, test } from "vitest";
import type { Tensor, TypedArray } from "../../lib/index.js";
import {
  compile,
  data,
  detectAnomaly,
  fit,
  fromTypedArray,
  grad,
  nn,
  optim,
  tensor,
} from "../../lib/index.js";
import { bad } from "../errors/expect-error.js";

// What a test runner's context, or a sandbox, makes: its classes are not this realm's.
const other = <T>(source: string): T => vm.runInNewContext(source) as T;

describe("values from another realm", () => {
  test.each([
    ["Float32Array", "float32"],
    ["Float64Array", "float64"],
    ["Int32Array", "int32"],
  ])("fromTypedArray takes a %s", (kind, dtype) => {
    const array = other<TypedArray>(`new ${kind}([1, 2, 3, 4])`);
    const x = fromTypedArray(array, [2, 2]);
    expect([x.dtype, x.toArray()]).toEqual([
      dtype,
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(x.data).toBe(array);
    expect(x.add(1).toArray()).toEqual([
      [2, 3],
      [4, 5],
    ]);
  });

  test("tensor keeps the dtype of typed arrays and of booleans", () => {
    const made = ["new Float64Array([0, 1])", "new Int32Array([0, 1])", "[false, true]", "[0, 1]"].map(
      (source) => tensor(other(source)),
    );
    expect(made.map((x) => x.dtype)).toEqual(["float64", "int32", "bool", "float32"]);
  });

  test("tensor refuses what holds no numbers", () => {
    for (const source of ["new BigInt64Array(2)", "new DataView(new ArrayBuffer(4))"]) {
      expect(() => tensor(other(source))).toThrow("expected an array of numbers");
    }
  });

  test("fromTypedArray refuses shared memory", () => {
    expect(() => fromTypedArray(other("new Float32Array(new SharedArrayBuffer(8))"))).toThrow(
      "got a SharedArrayBuffer",
    );
  });

  test("Bytes and parseIdx take a Uint8Array", () => {
    expect(new data.Bytes(other<Uint8Array>("new Uint8Array([1, 2])"), [2, 1]).toTensor().toArray()).toEqual([
      [1],
      [2],
    ]);
    const file = other<Uint8Array>("Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 8)");
    expect([...data.parseIdx(file).values]).toEqual([7, 8]);
  });

  test("a function may give an object of tensors, and options may be such an object", () => {
    const pair = other<(x: Tensor) => { readonly x: Tensor }>("(x) => ({ x })");
    const [x] = [tensor([1, 2])];
    expect(compile((input: Tensor) => pair(input.mul(2)))(x).x.toArray()).toEqual([2, 4]);
    expect(grad((o: { readonly x: Tensor }) => o.x.sum())(pair(x)).x.toArray()).toEqual([1, 1]);
    const parameter = new nn.Parameter(tensor([1]));
    expect(new optim.SGD([parameter], other("({ lr: 0.25 })")).lr).toBe(0.25);
    expect(() => new optim.SGD([parameter], other("({ learningRate: 0.25 })"))).toThrow('did you mean "lr"?');
  });

  test("clone copies maps, sets and objects", () => {
    class Holder extends nn.Module {
      readonly map = other<Map<string, Tensor>>("new Map()");
      readonly set = other<Set<Tensor>>("new Set()");
      readonly object = other<Record<string, Tensor>>("({})");
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const model = new Holder();
    const w = tensor([1]);
    model.map.set("w", w);
    model.set.add(w);
    model.object["w"] = w;
    const copy = model.clone();
    w.data[0] = 5;
    const held = [copy.map.get("w"), [...copy.set][0], copy.object["w"]];
    expect(held.map((x) => x?.item())).toEqual([1, 1, 1]);
  });

  test("detectAnomaly watches until the promise settles", async () => {
    const later = other<(run: () => Tensor) => Promise<Tensor>>(
      "async (run) => { await null; return run(); }",
    );
    await expect(detectAnomaly(() => later(() => tensor([-1]).log()))).rejects.toThrow("log gave NaN");
  });

  test("fit takes a signal that is no AbortSignal of this realm", async () => {
    const model = new nn.Linear(1, 1);
    const x = tensor([[1], [2]]);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const signal = other("({ aborted: true, throwIfAborted() { throw new Error('stopped'); } })");
    await expect(
      fit(model, {
        data: { x, y: x },
        cost: (y: Tensor, t: Tensor) => y.sub(t).square().mean(),
        optimizer,
        signal: bad(signal),
      }),
    ).rejects.toThrow("stopped");
  });

  test("an error describes such a value as one of this realm", () => {
    expect(() => tensor(other("({})"))).toThrow("got an object at position 0");
    expect(() => fromTypedArray(other("new Int16Array(2)"))).toThrow("got a Int16Array");
  });
});
