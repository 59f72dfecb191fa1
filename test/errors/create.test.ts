import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  arange,
  DetachedError,
  DTypeError,
  eye,
  fromTypedArray,
  full,
  Generator,
  GraphError,
  manualSeed,
  OptionError,
  ones,
  ops,
  rand,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { bad, expectError, testErrors } from "./expect-error.js";

/** An array whose buffer another thread has. */
function gone(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

const self: unknown[] = [];
self.push(self);

describe("tensor", () => {
  testErrors([
    [() => tensor(bad()), ArgumentError, "tensor: expected numbers, got undefined at position 0"],
    [() => tensor(bad(null)), ArgumentError, "tensor: expected numbers, got null at position 0"],
    [() => tensor(bad("1")), ArgumentError, 'tensor: expected numbers, got "1" at position 0'],
    [() => tensor(bad({})), ArgumentError, "tensor: expected numbers, got an object at position 0"],
    [() => tensor([1, bad("2")]), ArgumentError, 'tensor: expected numbers, got "2" at position 1'],
    [() => tensor([1, bad(3n)]), ArgumentError, "tensor: expected numbers, got 3 at position 1"],
    [() => tensor(bad([ones([2])])), ArgumentError, "tensor: expected numbers, got a Tensor at position 0"],
    [
      () => tensor([[1, 2], [3]]),
      ShapeError,
      "tensor: expected 2 entries at depth 1 everywhere, got an array of 1 in one place",
    ],
    [
      () => tensor([[1, 2], 3]),
      ShapeError,
      "tensor: expected 2 entries at depth 1 everywhere, got 3 in one place",
    ],
    [() => tensor([1, [2]]), ShapeError, "tensor: nested arrays go deeper in some places than in others"],
    [
      () => tensor(bad(self)),
      ShapeError,
      "tensor: expected at most 8 axes, got 9: [1, 1, 1, 1, 1, 1, 1, 1, 1]",
    ],
    [
      () => tensor(bad(BigInt64Array.of(1n))),
      ArgumentError,
      "tensor: expected an array of numbers, got a BigInt64Array",
    ],
    [
      () => tensor(bad(new DataView(new ArrayBuffer(8)))),
      ArgumentError,
      "tensor: expected an array of numbers, got a DataView",
    ],
    [
      () => tensor([1, 2.5], { dtype: "int32" }),
      ArgumentError,
      "tensor: expected whole numbers in [-2^31, 2^31) for int32, got 2.5 at position 1",
    ],
    [
      () => tensor(Float64Array.of(2 ** 31), { dtype: "int32" }),
      ArgumentError,
      "tensor: expected whole numbers in [-2^31, 2^31) for int32, got 2147483648 at position 0",
    ],
    [
      () => tensor([Number.NaN], { dtype: "int32" }),
      ArgumentError,
      "tensor: expected whole numbers in [-2^31, 2^31) for int32, got NaN at position 0",
    ],
    [
      () => tensor([1], { dtype: bad("float16") }),
      DTypeError,
      'tensor: unknown dtype "float16"; expected one of float32, float64, int32, bool',
    ],
    [
      () => tensor(Float32Array.of(1), { dtype: bad(32) }),
      DTypeError,
      "tensor: unknown dtype 32; expected one of float32, float64, int32, bool",
    ],
    [
      () => tensor([1, 2, 3], { shape: [2, 2] }),
      ShapeError,
      "tensor: 3 values do not fit [2, 2], which holds 4",
    ],
    [
      () => tensor([1], { shape: bad("1") }),
      ShapeError,
      'tensor: expected a shape as a list of whole numbers ≥ 0, got "1"',
    ],
    [
      () => tensor([1], { shape: [1.5] }),
      ShapeError,
      "tensor: expected a shape as a list of whole numbers ≥ 0, got [1.5]",
    ],
    [
      () => tensor([1], { shape: [-1] }),
      ShapeError,
      "tensor: expected a shape as a list of whole numbers ≥ 0, got [-1]",
    ],
    [
      () => tensor([1], bad({ size: [1] })),
      OptionError,
      'tensor: unknown option "size"; known options: dtype, requiresGrad, shape',
    ],
    [
      () => tensor([1], bad({ dtpye: "float64" })),
      OptionError,
      'tensor: unknown option "dtpye"; did you mean "dtype"?',
    ],
    [
      () => tensor([1], bad({ requires_grad: true })),
      OptionError,
      'tensor: unknown option "requires_grad"; did you mean "requiresGrad"?',
    ],
    [
      () => tensor([1], bad("float64")),
      ArgumentError,
      'tensor: expected an object of options, got "float64"',
    ],
    [() => tensor([1], bad(null)), ArgumentError, "tensor: expected an object of options, got null"],
    [() => tensor([1], bad([2])), ArgumentError, "tensor: expected an object of options, got an array of 1"],
    [
      () => tensor([1], { requiresGrad: bad(1) }),
      ArgumentError,
      "tensor: expected requiresGrad to be true or false, got 1",
    ],
    [
      () => tensor([1], { dtype: "int32", requiresGrad: true }),
      DTypeError,
      "requiresGrad: a gradient needs float32 or float64, this tensor is int32",
    ],
  ]);
});

describe("fromTypedArray", () => {
  testErrors([
    [
      () => fromTypedArray(bad([1, 2])),
      ArgumentError,
      "fromTypedArray: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got an array of 2",
    ],
    [
      () => fromTypedArray(bad(Int16Array.of(1))),
      ArgumentError,
      "fromTypedArray: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got a Int16Array",
    ],
    [
      () => fromTypedArray(bad()),
      ArgumentError,
      "fromTypedArray: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got undefined",
    ],
    [
      () => fromTypedArray(gone()),
      DetachedError,
      "fromTypedArray: the array's buffer was transferred or detached; copy it before",
    ],
    [
      () => tensor(gone()),
      DetachedError,
      "tensor: the array's buffer was transferred or detached; copy it before",
    ],
    [
      () => fromTypedArray(Uint8Array.of(0, 1)),
      DTypeError,
      'fromTypedArray: the bytes of a Uint8Array may be truths or numbers: pass { dtype: "bool" } for a mask of 0 and 1; for labels use tensor(bytes, { dtype: "int32" }), for images data.Bytes',
    ],
    [
      () => fromTypedArray(Uint8Array.of(0, 1, 9), [3], { dtype: "bool" }),
      ArgumentError,
      'fromTypedArray: expected bytes of 0 and 1 for bool, got 9 at position 2; tensor(bytes, { dtype: "bool" }) takes all but 0 for true',
    ],
    [
      () => fromTypedArray(Uint8Array.of(0, 1), [2], { dtype: "int32" }),
      DTypeError,
      'fromTypedArray: a Uint8Array holds bool, not int32; convert a copy with tensor(values, { dtype: "int32" })',
    ],
    [
      () => fromTypedArray(new Float32Array(2), [2], { dtype: "float64" }),
      DTypeError,
      'fromTypedArray: a Float32Array holds float32, not float64; convert a copy with tensor(values, { dtype: "float64" })',
    ],
    [
      () => fromTypedArray(new Float32Array(2), [2], { dtype: bad("uint8") }),
      DTypeError,
      'fromTypedArray: unknown dtype "uint8"; expected one of float32, float64, int32, bool',
    ],
    [
      () => fromTypedArray(new Float32Array(2), [2], bad({ type: "bool" })),
      OptionError,
      'fromTypedArray: unknown option "type"; did you mean "dtype"?',
    ],
    [
      () => fromTypedArray(bad(new Float32Array(new SharedArrayBuffer(8)))),
      ArgumentError,
      "fromTypedArray: expected memory of this thread, got a SharedArrayBuffer; copy it with tensor()",
    ],
    [
      () => fromTypedArray(new Float32Array(6), [4]),
      ShapeError,
      "fromTypedArray: 6 values do not fit [4], which holds 4",
    ],
  ]);
});

describe("filled tensors", () => {
  const wrongShape = "expected a shape as a list of whole numbers ≥ 0, got";
  testErrors([
    [() => zeros(bad(3)), ShapeError, `zeros: ${wrongShape} 3`],
    [() => zeros(bad()), ShapeError, `zeros: ${wrongShape} undefined`],
    [() => ones([2, bad("3")]), ShapeError, `ones: ${wrongShape} [2, "3"]`],
    [() => ones([Number.NaN]), ShapeError, `ones: ${wrongShape} [NaN]`],
    [() => full(bad(null), 1), ShapeError, `full: ${wrongShape} null`],
    [
      () => zeros([1, 1, 1, 1, 1, 1, 1, 1, 1]),
      ShapeError,
      "zeros: expected at most 8 axes, got 9: [1, 1, 1, 1, 1, 1, 1, 1, 1]",
    ],
    [
      () => zeros([2 ** 40, 2 ** 40]),
      ShapeError,
      "zeros: [1099511627776, 1099511627776] has more than 2^53 elements",
    ],
    [() => zeros([2 ** 45]), ShapeError, "zeros: there is no memory for 35184372088832 elements of float32"],
    [() => arange(2 ** 45), ShapeError, "arange: there is no memory for 35184372088832 elements of float32"],
    [() => eye(2 ** 25), ShapeError, "eye: there is no memory for 1125899906842624 elements of float32"],
    [() => rand([2 ** 45]), ShapeError, "uniform: there is no memory for 35184372088832 elements of float32"],
    [() => full([2], bad("0")), ArgumentError, 'full: expected value to be a number, got "0"'],
    [() => full([2], bad()), ArgumentError, "full: expected value to be a number, got undefined"],
    [
      () => full([2], 0.5, { dtype: "int32" }),
      ArgumentError,
      "full: expected value to be a whole number in [-2^31, 2^31) for int32, got 0.5",
    ],
    [
      () => full([2], 3, { dtype: "bool" }),
      ArgumentError,
      "full: expected value to be 0, 1, true or false for bool, got 3",
    ],
    [() => full([2], true), ArgumentError, "full: expected value to be a number, got true"],
    [
      () => zeros([2], { dtype: bad("f32") }),
      DTypeError,
      'zeros: unknown dtype "f32"; expected one of float32, float64, int32, bool',
    ],
    [
      () => zeros([2], bad({ type: "float64" })),
      OptionError,
      'zeros: unknown option "type"; did you mean "dtype"?',
    ],
    [
      () => ones([2], { requiresGrad: bad("yes") }),
      ArgumentError,
      'ones: expected requiresGrad to be true or false, got "yes"',
    ],
    [
      () => full([2], 1, bad({ grad: true })),
      OptionError,
      'full: unknown option "grad"; known options: dtype, requiresGrad',
    ],
    [() => eye(-1), ArgumentError, "eye: expected n to be a whole number ≥ 0, got -1"],
    [() => eye(bad([2, 2])), ArgumentError, "eye: expected n to be a whole number ≥ 0, got an array of 2"],
    [() => eye(2, bad({ dtyp: "int32" })), OptionError, 'eye: unknown option "dtyp"; did you mean "dtype"?'],
    [
      () => eye(2, { dtype: bad("int") }),
      DTypeError,
      'eye: unknown dtype "int"; expected one of float32, float64, int32, bool',
    ],
    [
      () => eye(2, { requiresGrad: bad(0) }),
      ArgumentError,
      "eye: expected requiresGrad to be true or false, got 0",
    ],
    [() => arange(2.5), ArgumentError, "arange: expected n to be a whole number ≥ 0, got 2.5"],
    [
      () => arange(Number.POSITIVE_INFINITY),
      ArgumentError,
      "arange: expected n to be a whole number ≥ 0, got Infinity",
    ],
    [
      () => arange(2, bad({ step: 2 })),
      OptionError,
      'arange: unknown option "step"; known options: dtype, requiresGrad',
    ],
    [() => rand(bad(2)), ShapeError, `rand: ${wrongShape} 2`],
    [() => rand([2], { dtype: "int32" }), DTypeError, "rand: expected dtype float32 or float64, got int32"],
    [
      () => rand([2], bad({ seed: 1 })),
      OptionError,
      'rand: unknown option "seed"; known options: dtype, requiresGrad',
    ],
    [() => randn(bad("2")), ShapeError, `randn: ${wrongShape} "2"`],
    [() => randn([2], { dtype: "bool" }), DTypeError, "randn: expected dtype float32 or float64, got bool"],
    [
      () => randn([2], bad({ std: 2 })),
      OptionError,
      'randn: unknown option "std"; known options: dtype, requiresGrad',
    ],
  ]);
});

describe("generators", () => {
  const generator = new Generator(3);
  testErrors([
    [() => new Generator(-1), ArgumentError, "seed: expected the seed to be a whole number ≥ 0, got -1"],
    [
      () => new Generator(bad("1")),
      ArgumentError,
      'seed: expected the seed to be a whole number ≥ 0, got "1"',
    ],
    [
      () => generator.seed(2 ** 53),
      ArgumentError,
      "seed: expected the seed to be a whole number ≥ 0, got 9007199254740992",
    ],
    [() => manualSeed(0.5), ArgumentError, "seed: expected the seed to be a whole number ≥ 0, got 0.5"],
    [
      () => manualSeed(bad()),
      ArgumentError,
      "seed: expected the seed to be a whole number ≥ 0, got undefined",
    ],
    [
      () => generator.uniform([2.5]),
      ShapeError,
      "uniform: expected a shape as a list of whole numbers ≥ 0, got [2.5]",
    ],
    [
      () => generator.uniform([2], { dtype: "int32" }),
      DTypeError,
      "uniform: expected dtype float32 or float64, got int32",
    ],
    [
      () => generator.uniform([2], { low: 2, high: 1 }),
      ArgumentError,
      "uniform: expected high to be a number ≥ 2, got 1",
    ],
    [
      () => generator.uniform([2], { low: Number.NaN }),
      ArgumentError,
      "uniform: expected low to be a number, got NaN",
    ],
    [
      () => generator.uniform([2], bad({ hihg: 1 })),
      OptionError,
      'uniform: unknown option "hihg"; did you mean "high"?',
    ],
    [
      () => generator.normal(bad(2)),
      ShapeError,
      "normal: expected a shape as a list of whole numbers ≥ 0, got 2",
    ],
    [
      () => generator.normal([2], { std: -1 }),
      ArgumentError,
      "normal: expected std to be a number ≥ 0, got -1",
    ],
    [
      () => generator.normal([2], { mean: bad("0") }),
      ArgumentError,
      'normal: expected mean to be a number, got "0"',
    ],
    [
      () => generator.normal([2], { dtype: bad("f64") }),
      DTypeError,
      'normal: unknown dtype "f64"; expected one of float32, float64, int32, bool',
    ],
    [
      () => generator.normal([2], bad({ sdt: 1 })),
      OptionError,
      'normal: unknown option "sdt"; did you mean "std"?',
    ],
    [
      () => generator.permutation(2 ** 31),
      ArgumentError,
      "permutation: expected n to be a whole number ≥ 0 and ≤ 2147483647, got 2147483648",
    ],
    [
      () => generator.permutation(-1),
      ArgumentError,
      "permutation: expected n to be a whole number ≥ 0 and ≤ 2147483647, got -1",
    ],
  ]);

  test("draw on as if nothing had been asked after a refusal", async () => {
    const [a, b] = [new Generator(7), new Generator(7)];
    await expectError([() => a.uniform([-1]), ShapeError, /uniform/]);
    await expectError([() => a.permutation(0.5), ArgumentError, /permutation/]);
    expect(a.normal([5]).toArray()).toEqual(b.normal([5]).toArray());
  });
});

describe("a tensor's own members", () => {
  const product = (): Tensor => ops.mul(ones([2], { requiresGrad: true }), 2);
  testErrors([
    [() => ones([2]).item(), ArgumentError, "item: expected one element, this tensor has 2"],
    [() => zeros([0]).item(), ArgumentError, "item: expected one element, this tensor has 0"],
    [
      () => {
        ones([2]).requiresGrad = bad("yes");
      },
      ArgumentError,
      'requiresGrad: expected true or false, got "yes"',
    ],
    [
      () => {
        ones([2], { dtype: "bool" }).requiresGrad = true;
      },
      DTypeError,
      "requiresGrad: a gradient needs float32 or float64, this tensor is bool",
    ],
    [
      () => {
        product().requiresGrad = false;
      },
      GraphError,
      "requiresGrad: this tensor is the result of mul; use detach() for one without gradient",
    ],
  ]);

  test("say that a transferred buffer is gone, whoever asks", async () => {
    const x = ones([3]);
    structuredClone(x.data, { transfer: [x.data.buffer as ArrayBuffer] });
    const message =
      "tensor: its buffer of 3 elements was transferred or detached; copy the data before transferring it";
    await expectError([() => x.data, DetachedError, message]);
    await expectError([() => x.toArray(), DetachedError, message]);
    expect(String(x)).toContain("its memory was transferred");
    await expectError([() => ops.exp(x), DetachedError, message]);
    await expectError([() => ops.add(ones([3]), x), DetachedError, message]);
    await expectError([() => ops.where(ops.greater(ones([3]), 0), x, 0), DetachedError, message]);
  });
});
