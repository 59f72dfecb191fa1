import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  backward,
  checkGradients,
  compile,
  DTypeError,
  GraphError,
  grad,
  IndexError,
  jvp,
  OptionError,
  ones,
  ops,
  ShapeError,
  type Tensor,
  TraceError,
  tensor,
  valueAndGrad,
  vjp,
  zeros,
} from "../../lib/index.js";
import { bad, expectError, testErrors } from "./expect-error.js";

const x = tensor([1, 2, 3], { requiresGrad: true });
const x64 = tensor([1, 2, 3], { dtype: "float64" });
const integers = tensor([1, 2, 3], { dtype: "int32" });
const kept = (): Tensor[] => [x, x64, integers];
const square = (z: Tensor): Tensor => ops.sum(ops.square(z));

describe("backward", () => {
  testErrors(
    [
      [() => backward(bad()), ArgumentError, "backward: expected y to be a tensor, got undefined"],
      [
        () => ops.square(x).backward(),
        ShapeError,
        "backward: expected a scalar to start from, got [3]; sum it, or give { gradient }",
      ],
      [
        () => ones([]).backward(),
        GraphError,
        "backward: the tensor does not depend on any tensor with requiresGrad",
      ],
      [
        () => ops.argmin(x).backward(),
        GraphError,
        "backward: the tensor comes from argmin, which has no gradient",
      ],
      [
        () => ops.sum(ops.to(ops.greater(x, 1), "float32")).backward(),
        GraphError,
        "backward: the tensor comes from greater, which has no gradient",
      ],
      [
        () => ops.square(x).backward({ gradient: bad(1) }),
        ArgumentError,
        "backward: expected gradient to be a tensor, got 1",
      ],
      [
        () => ops.square(x).backward({ gradient: ones([2]) }),
        ShapeError,
        "backward: expected gradient to be [3], got [2]",
      ],
      [
        () => ops.square(x).backward({ gradient: x64 }),
        DTypeError,
        "backward: expected gradient to be float32, got float64",
      ],
      [
        () => square(x).backward(bad({ retain_graph: true })),
        OptionError,
        'backward: unknown option "retain_graph"; did you mean "retainGraph"?',
      ],
      [
        () => square(x).backward({ retainGraph: bad(1) }),
        ArgumentError,
        "backward: expected retainGraph to be true or false, got 1",
      ],
      [
        () => square(x).backward({ createGraph: bad("yes") }),
        ArgumentError,
        'backward: expected createGraph to be true or false, got "yes"',
      ],
      [() => square(x).backward(bad(ones([]))), OptionError, /^backward: unknown option "\w+"; /],
    ],
    kept,
  );

  test("says that the graph is gone the second time", async () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const y = square(w);
    y.backward();
    await expectError(
      [
        () => y.backward(),
        GraphError,
        "backward: the graph through sum was freed by an earlier backward(); call that one with { retainGraph: true }",
      ],
      [w],
    );
  });

  test("says what was changed in place since it was used", async () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const y = square(w);
    const { assign } = await import("../../lib/eager/apply.js");
    assign(w, tensor([5, 6]));
    await expectError(
      [
        () => y.backward(),
        GraphError,
        "backward: input x of square was changed in place after square used it",
      ],
      [w],
    );
  });

  test("refuses what a wrong rule of the user's op gives", async () => {
    const broken = ops.defineOp<"x">("broken", {
      inputs: ["x"],
      kernel: "neg",
      shape: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
      params: ({ x }) => [1, x.size, 1],
      vjp: { x: () => zeros([7]) },
    });
    const w = tensor([1, 2], { requiresGrad: true });
    await expectError(
      [
        () => ops.sum(broken([w], {})).backward(),
        GraphError,
        "backward: the vjp of broken gave float32 [7] for x [2]",
      ],
      [w],
    );
  });
});

describe("vjp, jvp, grad and valueAndGrad", () => {
  const noDerivative = ops.defineOp<"x">("noDerivative", {
    inputs: ["x"],
    kernel: "neg",
    shape: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
    params: ({ x }) => [1, x.size, 1],
    vjp: { x: ({ dy }) => ops.neg(dy) },
  });
  testErrors(
    [
      [() => vjp(bad(), x), ArgumentError, "vjp: expected a function, got undefined"],
      [
        () => vjp(square, bad([1])),
        ArgumentError,
        "vjp: expected input 0[0] to be a tensor, or a list, an object or a module of tensors, got 1",
      ],
      [
        () =>
          vjp(
            bad(() => 3),
            x,
          ),
        ArgumentError,
        "vjp: expected the function's result to be a tensor, or a list, an object or a module of tensors, got 3",
      ],
      [() => vjp(ops.square, x)[1](ones([2])), ShapeError, "vjp: expected dy to be [3], got [2]"],
      [
        () => vjp(ops.square, x)[1](bad()),
        ArgumentError,
        "vjp: expected dy to be a tensor, or a list, an object or a module of tensors, got undefined",
      ],
      [() => vjp(ops.square, x)[1](x64), DTypeError, "vjp: expected dy to be float32, got float64"],
      [
        () => vjp((z) => ops.argmax(z), x)[1](ones([])),
        GraphError,
        "vjp: the tensor comes from argmax, which has no gradient",
      ],
      [
        () => jvp(square, bad(x), [x]),
        ArgumentError,
        "jvp: expected as many tangents as primals, got a Tensor and an array of 1",
      ],
      [
        () => jvp(square, [x], []),
        ArgumentError,
        "jvp: expected as many tangents as primals, got an array of 1 and an array of 0",
      ],
      [() => jvp(bad(null), [x], [x]), ArgumentError, "jvp: expected a function, got null"],
      [
        () => jvp(square, [bad(1)], [x]),
        ArgumentError,
        "jvp: expected input 0 to be a tensor, or a list, an object or a module of tensors, got 1",
      ],
      [
        () => jvp(square, [x], [bad(1)]),
        ArgumentError,
        "jvp: expected tangent 0 to be a tensor, or a list, an object or a module of tensors, got 1",
      ],
      [() => jvp(square, [x], [ones([2])]), ShapeError, "jvp: expected tangent 0 to be [3], got [2]"],
      [() => jvp(square, [x], [x64]), DTypeError, "jvp: expected tangent 0 to be float32, got float64"],
      [
        () => jvp((z) => ops.argmax(z), [x], [ones([3])]),
        GraphError,
        "jvp: the result is int32, which has no derivative",
      ],
      [
        () => jvp((z) => noDerivative([z], {}), [x], [ones([3])]),
        GraphError,
        "jvp: noDerivative has no derivative with respect to x",
      ],
      [() => grad(bad(1))(x), ArgumentError, "grad: expected a function, got 1"],
      [() => grad(square)(), ArgumentError, "grad: expected at least one input, got none"],
      [
        () => grad(square)(bad("x")),
        ArgumentError,
        'grad: expected input 0 to be a tensor, or a list, an object or a module of tensors, got "x"',
      ],
      [() => grad(ops.square)(x), ShapeError, "grad: expected a scalar to start from, got [3]; sum it"],
      [
        () => valueAndGrad((z) => ops.argmin(z))(x),
        GraphError,
        "valueAndGrad: the tensor comes from argmin, which has no gradient",
      ],
    ],
    kept,
  );
});

describe("checkGradients", () => {
  const f = (z: Tensor): Tensor => ops.tanh(z);
  const halfRight = ops.defineOp<"x">("halfRight", {
    inputs: ["x"],
    kernel: "square",
    shape: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
    params: ({ x }) => [1, x.size, 1],
    vjp: { x: ({ dy, x }) => ops.mul(dy, x) },
    jvp: { x: ({ dx, x }) => ops.mul(ops.mul(dx, x), 2) },
  });
  const wrong = ops.elementwise("wrong", { takes: "float", kernel: "square", slope: { x: ({ x }) => x } });
  testErrors(
    [
      [
        () => checkGradients(bad(), [x64]),
        ArgumentError,
        "checkGradients: expected a function, got undefined",
      ],
      [
        () => checkGradients(f, bad(x64)),
        ArgumentError,
        "checkGradients: expected a list of tensors, got a Tensor",
      ],
      [
        () => checkGradients(f, [bad(1)]),
        ArgumentError,
        "checkGradients: expected a list of tensors, got an array of 1",
      ],
      [
        () => checkGradients(f, [x]),
        DTypeError,
        "checkGradients: expected input 0 to be float64, got float32: differences need the digits",
      ],
      [
        () => checkGradients(f, [x64], { order: bad(3) }),
        ArgumentError,
        "checkGradients: expected order to be a whole number ≥ 1 and ≤ 2, got 3",
      ],
      [
        () => checkGradients(f, [x64], { step: 0 }),
        ArgumentError,
        "checkGradients: expected step to be a number > 0, got 0",
      ],
      [
        () => checkGradients(f, [x64], { rtol: -1 }),
        ArgumentError,
        "checkGradients: expected rtol to be a number ≥ 0, got -1",
      ],
      [
        () => checkGradients(f, [x64], { atol: bad("0") }),
        ArgumentError,
        'checkGradients: expected atol to be a number ≥ 0, got "0"',
      ],
      [
        () => checkGradients(f, [x64], bad({ tol: 1 })),
        OptionError,
        'checkGradients: unknown option "tol"; did you mean "rtol"?',
      ],
      [
        () => checkGradients((z) => wrong([z]), [x64]),
        GraphError,
        /^checkGradients: input 0, entry \[0\]: the jvp gives \S+ for entry \[0\] of the output, differences give \S+, off by \S+$/,
      ],
      [
        () => checkGradients((z) => halfRight([z], {}), [x64]),
        GraphError,
        /^checkGradients: input 0, entry \[0\]: the vjp gives \S+, the jvp \S+, off by \S+$/,
      ],
    ],
    kept,
  );
});

describe("compile", () => {
  testErrors(
    [
      [() => compile(bad()), ArgumentError, "compile: expected a function, got undefined"],
      [
        () => compile(square, bad({ pass: [] })),
        OptionError,
        'compile: unknown option "pass"; did you mean "passes"?',
      ],
      [
        () => compile(square, { passes: [bad("fuse")] }),
        ArgumentError,
        /^compile: unknown pass "fuse"; known passes: deadCode, /,
      ],
      [
        () => compile(square)(bad([1])),
        ArgumentError,
        "compile: expected input 0[0] to be a tensor, or a list, an object or a module of tensors, got 1",
      ],
      [
        () => compile(bad(() => 3))(),
        ArgumentError,
        "compile: expected the function's result to be a tensor, or a list, an object or a module of tensors, got 3",
      ],
      [
        () => compile(bad((z: Tensor) => [z, 1]))(x),
        ArgumentError,
        /^compile: expected the function's result\[1\] to be a tensor, .*, got 1$/,
      ],
      [
        () => compile((z: Tensor) => ops.mul(z, z.data[0] as number))(x),
        TraceError,
        /^compile: the value of a tensor is not known while a function is traced: .*autodiff\.test\.ts/,
      ],
      [
        () => compile((z: Tensor) => ops.mul(z, ops.sum(z).item()))(x),
        TraceError,
        /^compile: the value of a tensor is not known while a function is traced/,
      ],
      [
        () => compile((z: Tensor) => ops.matmul(z, ones([4])))(x),
        ShapeError,
        "matmul: inner sizes differ: a [3] has 3, b [4] has 4",
      ],
      [
        () => compile((z: Tensor, i: Tensor) => ops.indexSelect(z, 0, i))(x, tensor([3], { dtype: "int32" })),
        IndexError,
        "indexSelect: index 3 at position 0 is outside [0, 3)",
      ],
    ],
    kept,
  );

  test("says that a gradient from before stays outside", async () => {
    const w = tensor([1, 2], { requiresGrad: true });
    square(w).backward();
    const step = compile(() => {
      square(w).backward();
    });
    await expectError(
      [
        step,
        TraceError,
        "compile: .grad holds a gradient from before, and gradients stay inside a compiled function; call zeroGrad() in it before backward()",
      ],
      [w],
    );
  });

  test("refuses to trace within a trace", async () => {
    const inner = compile(square);
    await expectError([
      () => compile((z: Tensor) => ops.mul(z, inner.arenaBytes(ones([5]))))(x),
      TraceError,
      "compile: a compiled function was called within another one's trace",
    ]);
    expect(compile((z: Tensor) => inner(z))(x).item()).toBe(14);
  });

  testErrors(
    [
      [
        () => compile(square).loop(bad(x), integers, 1),
        ArgumentError,
        "loop: expected a list of tensors, got a Tensor",
      ],
      [
        () => compile(square).loop([bad(1)], integers, 1),
        ArgumentError,
        "loop: expected source 0 to be a tensor, or a list, an object or a module of tensors, got 1",
      ],
      [
        () => compile(square).loop([ones([])], integers, 1),
        ShapeError,
        "loop: expected source 0 to hold samples, got []",
      ],
      [
        () => compile(ops.add).loop([x, ones([2])], integers, 1),
        ShapeError,
        "loop: source 1 has 2 samples, source 0 has 3",
      ],
      [
        () => compile(square).loop([x], bad([0]), 1),
        ArgumentError,
        "loop: expected order to be a tensor, got an array of 1",
      ],
      [() => compile(square).loop([x], x, 1), DTypeError, "loop: expected order to be int32, got float32"],
      [
        () => compile(square).loop([x], integers, 0),
        ArgumentError,
        "loop: expected batchSize to be a whole number ≥ 1 and ≤ 3, got 0",
      ],
      [
        () => compile(square).loop([x], integers, 4),
        ArgumentError,
        "loop: expected batchSize to be a whole number ≥ 1 and ≤ 3, got 4",
      ],
      [
        () => compile(square).loop([x], integers, 1),
        IndexError,
        "loop: expected order[2] to be a sample in [0, 3), got 3",
      ],
    ],
    kept,
  );

  test("works on after an error within the trace", async () => {
    await expectError([() => compile(() => ops.add(x, ones([4])))(), ShapeError, /^add: /]);
    expect(ops.sum(x).item()).toBe(6);
    expect(compile(square)(x).item()).toBe(14);
  });
});
