import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  BackendError,
  DTypeError,
  IndexError,
  OptionError,
  ones,
  ops,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { type Registered, registry } from "../../lib/ops/registry.js";
import { readOp } from "../oracle/read.js";
import { bad, testErrors, type Wrong } from "./expect-error.js";

const x = tensor(
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  { requiresGrad: true },
);
const x64 = ones([2, 3], { dtype: "float64" });
const integers = tensor(
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  { dtype: "int32" },
);
const truths = tensor([
  [true, false, true],
  [true, true, false],
]);
const empty = zeros([0, 3]);
const vector = tensor([1, 2, 3]);
const scalar = tensor(2);
const list = tensor([0, 1], { dtype: "int32" });
const kept = (): Tensor[] => [x, x64, integers, truths, vector, scalar, list];

type Call = (...args: unknown[]) => Tensor;
const call = (name: string): Call => (ops as unknown as Record<string, Call>)[name] as Call;

/** The ops of a family, as they say themselves. */
const namesOf = (belongs: (about: Registered) => boolean): string[] =>
  [...registry.values()].filter(belongs).map(({ name }) => name);

describe("to", () => {
  testErrors(
    [
      [
        () => ops.to(x, bad("half")),
        DTypeError,
        'to: unknown dtype "half"; expected one of float32, float64, int32, bool',
      ],
    ],
    kept,
  );
});

describe("binary ops", () => {
  const binary = namesOf(({ elementwise }) => elementwise?.length === 2 && !elementwise.includes("truths"));
  const takesIntegers = (name: string): boolean => {
    try {
      return call(name)(integers, integers).size > 0;
    } catch {
      return false;
    }
  };
  testErrors(
    [
      ...binary.flatMap((name): Wrong[] => [
        [() => call(name)(1, 2), ArgumentError, `${name}: expected a tensor beside the number 1, got 2`],
        [
          () => call(name)(x, ones([2, 4])),
          ShapeError,
          `${name}: [2, 3] and [2, 4] do not broadcast: sizes 3 and 4 at axis -1`,
        ],
        [
          () => call(name)(x, x64),
          DTypeError,
          new RegExp(`^${name}: a is float32 but [bx] is float64; convert one with to\\(\\)$`),
        ],
      ]),
      ...binary
        .filter((name) => takesIntegers(name) && name !== "div")
        .flatMap((name): Wrong[] => [
          [
            () => call(name)(integers, 1.5),
            ArgumentError,
            `${name}: the number 1.5 beside a tensor of int32 is no int32; convert the tensor with to()`,
          ],
          [
            () => call(name)(2 ** 31, integers),
            ArgumentError,
            `${name}: the number 2147483648 beside a tensor of int32 is no int32; convert the tensor with to()`,
          ],
        ]),
      [
        () => ops.equal(truths, 2),
        ArgumentError,
        "equal: the number 2 beside a tensor of bool is no bool; convert the tensor with to()",
      ],
      [
        () => ops.add(ones([4, 1, 3]), ones([2, 2, 3])),
        ShapeError,
        "add: [4, 1, 3] and [2, 2, 3] do not broadcast: sizes 4 and 2 at axis -3",
      ],
    ],
    kept,
  );
});

describe("where", () => {
  testErrors(
    [
      [
        () => ops.where(bad(), x, x),
        ArgumentError,
        "where: expected condition to be a tensor, got undefined",
      ],
      [() => ops.where(bad(true), x, x), ArgumentError, "where: expected condition to be a tensor, got true"],
      [() => ops.where(x, x, x), DTypeError, "where: expected condition to be bool, got float32"],
      [
        () => ops.where(truths, x, x64),
        DTypeError,
        "where: a is float32 but b is float64; convert one with to()",
      ],
      [
        () => ops.where(truths, bad("x"), x),
        ArgumentError,
        'where: expected a to be a tensor or a number, got "x"',
      ],
      [
        () => ops.where(truths, x, bad()),
        ArgumentError,
        "where: expected b to be a tensor or a number, got undefined",
      ],
      [
        () => ops.where(truths, ones([4]), 0),
        ShapeError,
        "where: [2, 3] and [4] do not broadcast: sizes 3 and 4 at axis -1",
      ],
    ],
    kept,
  );
});

describe("reductions", () => {
  const reductions = namesOf(({ reduces }) => reduces !== undefined);
  const several = namesOf(({ reduces }) => reduces?.axes === "several");
  const choosing = reductions.filter((name) => readOp(name).some(({ refused }) => refused !== undefined));
  const inputOf = (name: string): Tensor => (registry.get(name)?.reduces?.of === "truths" ? truths : x);
  testErrors(
    [
      ...reductions.flatMap((name): Wrong[] => [
        ...[2, -3, 0.5, "0"].map(
          (dim): Wrong => [
            () => call(name)(inputOf(name), { dim }),
            ShapeError,
            `${name}: expected dim to be a whole number in [-2, 2), got ${JSON.stringify(dim)}`,
          ],
        ),
        [
          () => call(name)(inputOf(name), { axis: 0 }),
          OptionError,
          `${name}: unknown option "axis"; did you mean "dim"?`,
        ],
        [
          () => call(name)(inputOf(name), { keepDims: true }),
          OptionError,
          `${name}: unknown option "keepDims"; did you mean "keepdim"?`,
        ],
        [
          () => call(name)(inputOf(name), { keepdim: 1 }),
          ArgumentError,
          `${name}: expected keepdim to be true or false, got 1`,
        ],
      ]),
      ...several.map(
        (name): Wrong => [
          () => call(name)(inputOf(name), { dim: [0, -2] }),
          ShapeError,
          `${name}: an axis is named twice in dim [0, -2]`,
        ],
      ),
      ...choosing.map(
        (name): Wrong => [
          () => call(name)(empty, { dim: 0 }),
          ShapeError,
          `${name}: no elements to choose from in [0, 3]`,
        ],
      ),
      [
        () => ops.argmax(scalar, { dim: 1 }),
        ShapeError,
        "argmax: expected dim to be a whole number in [-1, 1), got 1",
      ],
      [
        () => ops.sum(scalar, { dim: -2 }),
        ShapeError,
        "sum: expected dim to be a whole number in [-1, 1), got -2",
      ],
    ],
    kept,
  );
});

describe("ops along an axis", () => {
  testErrors(
    namesOf(({ along }) => along === "options").flatMap((name): Wrong[] => [
      [
        () => call(name)(x, { dim: 2 }),
        ShapeError,
        `${name}: expected dim to be a whole number in [-2, 2), got 2`,
      ],
      [() => call(name)(x, { axis: 1 }), OptionError, `${name}: unknown option "axis"; did you mean "dim"?`],
    ]),
    kept,
  );
});

describe("shapes", () => {
  const wrongShape = "expected a shape as a list of whole numbers ≥ 0, got";
  testErrors(
    [
      [() => ops.reshape(bad(), [1]), ArgumentError, "reshape: expected x to be a tensor, got undefined"],
      [() => ops.reshape(x, bad()), ShapeError, `reshape: ${wrongShape} undefined`],
      [() => ops.reshape(x, bad(6)), ShapeError, `reshape: ${wrongShape} 6`],
      [() => ops.reshape(x, [2, 1.5, 2]), ShapeError, `reshape: ${wrongShape} [2, 1.5, 2]`],
      [() => ops.reshape(x, [4]), ShapeError, "reshape: [2, 3] has 6 elements and does not fit [4]"],
      [() => ops.reshape(x, [4, -1]), ShapeError, "reshape: [2, 3] has 6 elements and does not fit [4, -1]"],
      [() => ops.reshape(x, [0, -1]), ShapeError, "reshape: [2, 3] has 6 elements and does not fit [0, -1]"],
      [
        () => ops.reshape(empty, [0, -1]),
        ShapeError,
        "reshape: [0, 3] has 0 elements and does not fit [0, -1]",
      ],
      [
        () => ops.reshape(x, [-1, -1]),
        ShapeError,
        "reshape: expected at most one size to be -1, got [-1, -1]",
      ],
      [() => ops.flatten(bad([1])), ArgumentError, "flatten: expected x to be a tensor, got an array of 1"],
      [() => ops.flatten(x, 2), ShapeError, "flatten: expected dim to be a whole number in [-2, 2), got 2"],
      [() => ops.flatten(x, 1, 0), ShapeError, "flatten: startDim 1 is behind endDim 0"],
      [() => ops.expand(bad(), [1]), ArgumentError, "expand: expected x to be a tensor, got undefined"],
      [() => ops.expand(x, bad(2)), ShapeError, `expand: ${wrongShape} 2`],
      [() => ops.expand(x, [4, 3]), ShapeError, "expand: [2, 3] does not expand to [4, 3]"],
      [() => ops.expand(x, [3]), ShapeError, "expand: [2, 3] does not expand to [3]"],
      [() => ops.expand(x, [-1, 2, 3]), ShapeError, `expand: ${wrongShape} [-1, 2, 3]`],
      [() => ops.permute(bad(1), [0]), ArgumentError, "permute: expected x to be a tensor, got 1"],
      [() => ops.permute(x, [0, 0]), ShapeError, "permute: expected each of 2 axes once, got [0, 0]"],
      [() => ops.permute(x, [1]), ShapeError, "permute: expected each of 2 axes once, got [1]"],
      [() => ops.permute(scalar, bad(0)), ShapeError, "permute: expected each of 0 axes once, got 0"],
      [
        () => ops.permute(x, [0, 2]),
        ShapeError,
        "permute: expected dim to be a whole number in [-2, 2), got 2",
      ],
      [
        () => ops.transpose(bad(), 0, 1),
        ArgumentError,
        "transpose: expected x to be a tensor, got undefined",
      ],
      [
        () => ops.transpose(x, 0, 2),
        ShapeError,
        "transpose: expected dim to be a whole number in [-2, 2), got 2",
      ],
      [
        () => ops.transpose(x, 0, bad()),
        ShapeError,
        "transpose: expected dim to be a whole number in [-2, 2), got undefined",
      ],
      [() => ops.squeeze(bad()), ArgumentError, "squeeze: expected x to be a tensor, got undefined"],
      [
        () => ops.squeeze(x, { dim: 5 }),
        ShapeError,
        "squeeze: expected dim to be a whole number in [-2, 2), got 5",
      ],
      [
        () => ops.squeeze(x, bad({ axis: 0 })),
        OptionError,
        'squeeze: unknown option "axis"; did you mean "dim"?',
      ],
      [() => ops.unsqueeze(bad(), 0), ArgumentError, "unsqueeze: expected x to be a tensor, got undefined"],
      [
        () => ops.unsqueeze(x, 3),
        ShapeError,
        "unsqueeze: expected dim to be a whole number in [-3, 3), got 3",
      ],
      [
        () => ops.unsqueeze(zeros([1, 1, 1, 1, 1, 1, 1, 1]), 0),
        ShapeError,
        "unsqueeze: expected at most 8 axes, got 9: [1, 1, 1, 1, 1, 1, 1, 1, 1]",
      ],
    ],
    kept,
  );
});

describe("matmul and addmm", () => {
  const c = zeros([2, 2]);
  testErrors(
    [
      [() => ops.matmul(bad(), x), ArgumentError, "matmul: expected a to be a tensor, got undefined"],
      [() => ops.matmul(x, bad("b")), ArgumentError, 'matmul: expected b to be a tensor, got "b"'],
      [
        () => ops.matmul(bad({ rank: 2 }), x),
        ArgumentError,
        "matmul: expected a to be a tensor, got an object",
      ],
      [() => ops.matmul(x, x), ShapeError, "matmul: inner sizes differ: a [2, 3] has 3, b [2, 3] has 2"],
      [
        () => ops.matmul(ones([32, 600]), ones([60, 601]), { transposeB: true }),
        ShapeError,
        "matmul: inner sizes differ: a [32, 600] has 600, b [60, 601]ᵀ has 601",
      ],
      [
        () => ops.matmul(x, vector, { transposeA: true }),
        ShapeError,
        "matmul: inner sizes differ: a [2, 3]ᵀ has 2, b [3] has 3",
      ],
      [
        () => ops.matmul(vector, ones([4])),
        ShapeError,
        "matmul: inner sizes differ: a [3] has 3, b [4] has 4",
      ],
      [
        () => ops.matmul(x, scalar),
        ShapeError,
        "matmul: expected matrices or vectors, got a [2, 3] and b []",
      ],
      [
        () => ops.matmul(ones([1, 2, 3]), x),
        ShapeError,
        "matmul: inner sizes differ: a [1, 2, 3] has 3, b [2, 3] has 2",
      ],
      [
        () => ops.matmul(vector, x, { transposeA: true }),
        ShapeError,
        "matmul: expected matrices or vectors (a vector has no transpose), got a [3] and b [2, 3]",
      ],
      [
        () => ops.matmul(truths, truths, { transposeB: true }),
        DTypeError,
        "matmul: expected a to be float32 or float64, got bool",
      ],
      [
        () => ops.matmul(x, x64, { transposeB: true }),
        DTypeError,
        "matmul: a is float32 but b is float64; convert one with to()",
      ],
      [
        () => ops.matmul(x, x, bad({ transpose_b: true })),
        OptionError,
        'matmul: unknown option "transpose_b"; did you mean "transposeB"?',
      ],
      [
        () => ops.matmul(x, x, { transposeB: bad(1) }),
        ArgumentError,
        "matmul: expected transposeB to be true or false, got 1",
      ],
      [
        () => ops.matmul(x, x, { transposeA: bad("T") }),
        ArgumentError,
        'matmul: expected transposeA to be true or false, got "T"',
      ],
      [() => ops.matmul(x, x, bad(true)), ArgumentError, "matmul: expected an object of options, got true"],
      [
        () => ops.addmm(bad(), x, x, { transposeB: true }),
        ArgumentError,
        "addmm: expected c to be a tensor, got undefined",
      ],
      [() => ops.addmm(c, bad(), x), ArgumentError, "addmm: expected a to be a tensor, got undefined"],
      [() => ops.addmm(c, x, bad(null)), ArgumentError, "addmm: expected b to be a tensor, got null"],
      [() => ops.addmm(c, x, x), ShapeError, "addmm: inner sizes differ: a [2, 3] has 3, b [2, 3] has 2"],
      [() => ops.addmm(c, vector, x), ShapeError, "addmm: expected matrices, got a [3] and b [2, 3]"],
      [
        () => ops.addmm(ones([3]), x, x, { transposeB: true }),
        ShapeError,
        "addmm: [3] and [2, 2] do not broadcast: sizes 3 and 2 at axis -1",
      ],
      [
        () => ops.addmm(ones([3, 2, 2]), x, x, { transposeB: true }),
        ShapeError,
        "addmm: c [3, 2, 2] does not broadcast to the product's [2, 2]",
      ],
      [
        () => ops.addmm(zeros([2, 2], { dtype: "float64" }), x, x, { transposeB: true }),
        DTypeError,
        "addmm: c is float64 but a is float32; convert one with to()",
      ],
      [
        () => ops.addmm(c, x, x, { transposeB: true, alpha: Number.NaN }),
        ArgumentError,
        "addmm: expected alpha to be a number, got NaN",
      ],
      [
        () => ops.addmm(c, x, x, { transposeB: true, beta: bad("1") }),
        ArgumentError,
        'addmm: expected beta to be a number, got "1"',
      ],
      [
        () => ops.addmm(c, x, x, bad({ alhpa: 1 })),
        OptionError,
        'addmm: unknown option "alhpa"; did you mean "alpha"?',
      ],
    ],
    kept,
  );
});

describe("indices", () => {
  const outside = tensor([0, 3], { dtype: "int32" });
  const perElement = zeros([2, 1], { dtype: "int32" });
  testErrors(
    [
      ...["gather", "indexSelect"].flatMap((name): Wrong[] => [
        [
          () => call(name)(undefined, 0, list),
          ArgumentError,
          `${name}: expected x to be a tensor, got undefined`,
        ],
        [
          () => call(name)(x, 0, [0]),
          ArgumentError,
          `${name}: expected index to be a tensor, got an array of 1`,
        ],
        [() => call(name)(x, 0, vector), DTypeError, `${name}: expected index to be int32, got float32`],
      ]),
      [
        () => ops.indexSelect(x, 2, list),
        ShapeError,
        "indexSelect: expected dim to be a whole number in [-2, 2), got 2",
      ],
      [
        () => ops.indexSelect(scalar, 0, list),
        ShapeError,
        "indexSelect: expected x to have an axis, got a scalar",
      ],
      [
        () => ops.indexSelect(x, 0, integers),
        ShapeError,
        "indexSelect: expected index to be a list, got [2, 3]",
      ],
      [
        () => ops.indexSelect(x, 1, outside),
        IndexError,
        "indexSelect: index 3 at position 1 is outside [0, 3)",
      ],
      [
        () => ops.indexSelect(x, 0, tensor([-1], { dtype: "int32" })),
        IndexError,
        "indexSelect: index -1 at position 0 is outside [0, 2)",
      ],
      [
        () => ops.indexSelect(empty, 0, list),
        IndexError,
        "indexSelect: index 0 at position 0 is outside [0, 0)",
      ],
      [
        () => ops.gather(x, 1, list),
        ShapeError,
        "gather: expected index to have x's sizes, or smaller ones, but along dim 1: x [2, 3], index [2]",
      ],
      [
        () =>
          ops.gather(
            x,
            -1,
            tensor(
              [
                [0, 5],
                [0, 0],
              ],
              { dtype: "int32" },
            ),
          ),
        IndexError,
        "gather: index 5 at position 1 is outside [0, 3)",
      ],
      [
        () => ops.gather(x, 3, perElement),
        ShapeError,
        "gather: expected dim to be a whole number in [-2, 2), got 3",
      ],
      [
        () => ops.gather(scalar, 0, integers),
        ShapeError,
        "gather: expected index to have x's sizes, or smaller ones, but along dim 0: x [1], index [2, 3]",
      ],
      [
        () => ops.indexAdd(bad(), 0, list, x),
        ArgumentError,
        "indexAdd: expected x to be a tensor, got undefined",
      ],
      [() => ops.indexAdd(x, 0, bad(0), x), ArgumentError, "indexAdd: expected index to be a tensor, got 0"],
      [
        () => ops.indexAdd(x, 0, list, bad()),
        ArgumentError,
        "indexAdd: expected source to be a tensor, got undefined",
      ],
      [() => ops.indexAdd(x, 1, list, x), ShapeError, "indexAdd: expected source to be [2, 2], got [2, 3]"],
      [() => ops.indexAdd(x, 0, list, x64), DTypeError, "indexAdd: x is float32 but source is float64"],
      [
        () => ops.indexAdd(truths, 0, list, truths),
        DTypeError,
        "indexAdd: expected source to be float32, float64 or int32, got bool",
      ],
      [
        () => ops.indexAdd(x, 0, tensor([0, 2], { dtype: "int32" }), x),
        IndexError,
        "indexAdd: index 2 at position 1 is outside [0, 2)",
      ],
      [
        () => ops.scatterAdd(bad(), 0, list, x),
        ArgumentError,
        "scatterAdd: expected x to be a tensor, got undefined",
      ],
      [
        () => ops.scatterAdd(x, 1, vector, x),
        DTypeError,
        "scatterAdd: expected index to be int32, got float32",
      ],
      [
        () => ops.scatterAdd(x, 1, list, vector),
        ShapeError,
        "scatterAdd: expected index to have x's sizes, or smaller ones, but along dim 1: x [2, 3], index [2]",
      ],
      [
        () => ops.scatterAdd(x, 1, perElement, zeros([1, 1])),
        ShapeError,
        "scatterAdd: expected source to have index's sizes [2, 1], or larger ones, got [1, 1]",
      ],
      [
        () => ops.scatterAdd(x, 1, perElement, zeros([2, 1], { dtype: "float64" })),
        DTypeError,
        "scatterAdd: x is float32 but source is float64",
      ],
      [
        () => ops.scatterAdd(x, 1, perElement, bad()),
        ArgumentError,
        "scatterAdd: expected source to be a tensor, got undefined",
      ],
      [
        () => ops.scatterAdd(truths, 1, perElement, ops.to(perElement, "bool")),
        DTypeError,
        "scatterAdd: expected source to be float32, float64 or int32, got bool",
      ],
      [
        () => ops.scatterAdd(x, 1, tensor([[3], [0]], { dtype: "int32" }), ones([2, 1])),
        IndexError,
        "scatterAdd: index 3 at position 0 is outside [0, 3)",
      ],
      [
        () => ops.oneHot(bad([1]), 3),
        ArgumentError,
        "oneHot: expected index to be a tensor, got an array of 1",
      ],
      [() => ops.oneHot(vector, 3), DTypeError, "oneHot: expected index to be int32, got float32"],
      [
        () => ops.oneHot(list, 0),
        ArgumentError,
        "oneHot: expected numClasses to be a whole number ≥ 1, got 0",
      ],
      [
        () => ops.oneHot(list, bad()),
        ArgumentError,
        "oneHot: expected numClasses to be a whole number ≥ 1, got undefined",
      ],
      [() => ops.oneHot(list, 1), IndexError, "oneHot: index 1 at position 1 is outside [0, 1)"],
      [
        () => ops.oneHot(list, 2, bad("int")),
        DTypeError,
        'oneHot: unknown dtype "int"; expected one of float32, float64, int32, bool',
      ],
      [
        () => ops.oneHot(list, 2 ** 45),
        ShapeError,
        "oneHot: there is no memory for 35184372088832 elements of int32",
      ],
    ],
    kept,
  );
});

describe("crossEntropy, the op", () => {
  testErrors(
    [
      [
        () => ops.crossEntropy(bad(), list),
        ArgumentError,
        "crossEntropy: expected scores to be a tensor, got undefined",
      ],
      [
        () => ops.crossEntropy(x, bad([0, 1])),
        ArgumentError,
        "crossEntropy: expected target to be a tensor, got an array of 2",
      ],
      [
        () => ops.crossEntropy(integers, list),
        DTypeError,
        "crossEntropy: expected y to be float32 or float64, got int32",
      ],
      [
        () => ops.crossEntropy(x, vector),
        DTypeError,
        "crossEntropy: expected target to be int32 class indices, got float32",
      ],
      [
        () => ops.crossEntropy(x, integers),
        ShapeError,
        "crossEntropy: expected y [B, C] and target [B], got y [2, 3] and target [2, 3]",
      ],
      [
        () => ops.crossEntropy(x, tensor([0, 3], { dtype: "int32" })),
        IndexError,
        "crossEntropy: label 3 at position 1 is outside [0, 3)",
      ],
      [
        () => ops.crossEntropy(vector, tensor(-1, { dtype: "int32" })),
        IndexError,
        "crossEntropy: label -1 at position 0 is outside [0, 3)",
      ],
    ],
    kept,
  );
});

describe("an op of the user's own", () => {
  testErrors(
    [
      [
        () => ops.defineOp("cube", { inputs: ["x"], kernel: "cube", shape: ({ x }) => x }),
        BackendError,
        'thalweg: the native addon has no instruction "cube"; rebuild it',
      ],
      [
        () => ops.elementwise("twice", { takes: "float", kernel: "neg" })([bad(1)]),
        ArgumentError,
        "twice: expected x to be a tensor, got 1",
      ],
      [
        () =>
          ops.defineOp("half", {
            inputs: ["x"],
            kernel: "neg",
            shape: ({ x }) => x,
            params: () => [1, 99, 1],
          })([x], {}),
        ShapeError,
        "half: operand x has 6 elements, of 99 needed",
      ],
      [
        () =>
          ops.defineOp("half", { inputs: ["x"], kernel: "neg", shape: ({ x }) => x, params: () => [] })(
            [x],
            {},
          ),
        ArgumentError,
        "half: parameter rank is missing",
      ],
      [
        () =>
          ops.defineOp("half", {
            inputs: ["x"],
            kernel: "neg",
            shape: ({ x }) => ({ shape: x.shape, dtype: "float64" }),
            params: ({ x }) => [1, x.size, 1],
          })([x], {}),
        DTypeError,
        "half: operand y is float64, not float32",
      ],
    ],
    kept,
  );
});

test("methods say the same as the ops", () => {
  expect(() => x.matmul(x)).toThrow("matmul: inner sizes differ");
  expect(() => x.reshape([4])).toThrow("reshape: [2, 3] has 6 elements");
  expect(() => x.sum(bad({ axis: 1 }))).toThrow('sum: unknown option "axis"; did you mean "dim"?');
});
