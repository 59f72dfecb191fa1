// Every module gives PyTorch's outputs and gradients, and keeps the same state; op by op and compiled.
import { describe, expect, test } from "vitest";
import { compile, type nn, type Tensor } from "../../lib/index.js";
import { expectClose, fromOracle, TOLERANCE } from "../oracle/compare.js";
import type { OracleTensor, OracleTensors } from "../oracle/read.js";
import { build, CASES, type FloatDType, floatsOf, inputsOf } from "./cases.js";

function expectState(module: nn.Module, state: OracleTensors, dtype: FloatDType): void {
  const own = module.stateDict();
  expect(Object.keys(own).sort()).toEqual(Object.keys(state).sort());
  for (const [name, value] of Object.entries(state)) expectClose(own[name], value, TOLERANCE[dtype], name);
}

describe.each(["float64", "float32"] as const)(
  "modules give PyTorch's outputs and gradients in %s",
  (dtype) => {
    test.each(CASES)("%s", (_, one) => {
      const { row } = one;
      const module = build(one, dtype);
      let inputs: Tensor[] = [];
      let y: Tensor | undefined;
      row.ys.forEach((expected, call) => {
        inputs = inputsOf(one, { dtype, scale: 2 ** call, requiresGrad: row.dy !== undefined });
        y = module.forward(...inputs);
        expectClose(y, expected, TOLERANCE[dtype], `call ${call}`);
      });
      const { dy, gradients = {} } = row;
      if (dy !== undefined && Object.keys(gradients).length > 0) {
        y?.backward({ gradient: fromOracle(dy, dtype) });
      }
      if (dy !== undefined) {
        const parameters = Object.keys(gradients).filter((name) => !(name in row.inputs));
        expect([...module.namedParameters()].map(([name]) => name)).toEqual(parameters);
      }
      const leaves = new Map<string, Tensor>([...module.namedParameters(), ...floatsOf(one, inputs)]);
      for (const [name, expected] of Object.entries(gradients)) {
        expectClose(leaves.get(name)?.grad, expected, TOLERANCE[dtype], `gradient of ${name}`);
      }
      expectState(module, row.stateAfter, dtype);
    });
  },
);

describe("modules do the same compiled, and write their state", () => {
  test.each(CASES)("%s", (_, one) => {
    const module = build(one);
    const step = compile((...tensors: Tensor[]) => {
      const given = [...tensors];
      return module.forward(...inputsOf(one).map((x) => (x === null ? x : (given.shift() as Tensor))));
    });
    one.row.ys.forEach((expected, call) => {
      const inputs = inputsOf(one, { scale: 2 ** call }).filter((x) => x !== null);
      expectClose(step(...inputs), expected as OracleTensor, undefined, `call ${call}`);
    });
    expectState(module, one.row.stateAfter, "float64");
  });
});
