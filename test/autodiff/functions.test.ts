// vjp, jvp, jacobian, hessian and vmap give the same as torch.func, eagerly and compiled.
import { describe, expect, test } from "vitest";
import { compile, eye, hessian, jacobian, jvp, ops, type Tensor, vjp, vmap } from "../../lib/index.js";
import { expectClose, fromOracle } from "../oracle/compare.js";
import { type FunctionRow, readFunctions } from "../oracle/read.js";

type F = (...inputs: Tensor[]) => Tensor;
const times = (a: Tensor, b: Tensor): Tensor => ops.matmul(a, b, { transposeB: true });

const FUNCTIONS: Readonly<Record<string, (...inputs: [Tensor, Tensor, Tensor, Tensor]) => Tensor>> = {
  softmaxGram: (x) => ops.softmax(times(ops.tanh(x), x)),
  network: (x, w, v, b) => ops.sigmoid(times(ops.tanh(ops.add(times(x, w), b)), v)),
  ratio: (a, b) => ops.div(ops.cumsum(a, 0), ops.add(1.5, ops.sin(b))),
  volume: (x) => ops.logdet(ops.add(times(x, x), eye(3, { dtype: "float64" }))),
  norms: (x) => ops.sqrt(ops.add(1, ops.sum(ops.square(x), { dim: -1 }))),
};

describe.each(readFunctions().map((row) => [row.function, row] as const))("%s", (name, row: FunctionRow) => {
  const f = FUNCTIONS[name] as F;
  const primals = Object.values(row.inputs).map((value) => fromOracle(value));
  const names = Object.keys(row.inputs);
  const [first, ...others] = primals as [Tensor, ...Tensor[]];
  const loss = (x: Tensor): Tensor => ops.sum(ops.square(f(x, ...others)));

  test("vjp and jvp", () => {
    const [y, pullback] = vjp(f, ...primals);
    expectClose(y, row.y);
    pullback(fromOracle(row.dy)).forEach((gradient, i) => {
      expectClose(gradient, row.pullback[names[i] as string] as FunctionRow["y"]);
    });
    const tangents = Object.values(row.tangents).map((value) => fromOracle(value));
    expectClose(jvp(f, primals, tangents)[1], row.pushforward);
  });

  test.each(["reverse", "forward"] as const)("jacobian with respect to each input, %s", (mode) => {
    names.forEach((input, argnums) => {
      const of = jacobian(f, { argnums, mode });
      expectClose(of(...primals), row.jacobians[input] as FunctionRow["y"]);
      expectClose(compile(of)(...primals), row.jacobians[input] as FunctionRow["y"]);
    });
  });

  test("hessian", () => {
    expectClose(hessian(loss)(first), row.hessian);
    expectClose(compile(hessian(loss))(first), row.hessian);
  });

  test("jacobian of each sample, by vmap", () => {
    const each = vmap(jacobian((x: Tensor) => f(x, ...others)));
    expectClose(each(fromOracle(row.samples)), row.jacobianOfSamples);
  });
});

test("every function has its row", () => {
  expect(readFunctions().map((row) => row.function)).toEqual(Object.keys(FUNCTIONS));
});
