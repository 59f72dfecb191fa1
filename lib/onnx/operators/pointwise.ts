// Functions of one tensor, element by element.
import { arityOf, descriptionOf } from "../../native/instructions.js";
import * as ops from "../../ops/index.js";
import { registry } from "../../ops/registry.js";
import { zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { POINTWISE } from "../pointwise.js";
import { ofOne } from "./inputs.js";
import { operator } from "./registry.js";

/** The op that an instruction of one input is; undefined for other instructions. */
function opOf(instruction: string): ((x: Tensor) => Tensor) | undefined {
  if (arityOf(descriptionOf(instruction)).reads !== 1) return undefined;
  const name = instruction.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return registry.get(name)?.op as ((x: Tensor) => Tensor) | undefined;
}

for (const [instruction, { operator: name }] of Object.entries(POINTWISE)) {
  const compute = opOf(instruction);
  // activations.ts has Relu, which takes whole numbers too.
  if (compute !== undefined && name !== "Relu")
    operator(name, { since: 1, inputs: 1, make: () => ofOne(compute) });
}

operator("IsNaN", { since: 1, inputs: 1, make: () => ofOne((x) => ops.isNaN(x)) });
operator("Identity", { since: 1, inputs: 1, make: () => ofOne((x) => x) });

operator("IsInf", {
  since: 10,
  inputs: 1,
  make: ({ attributes }) => {
    const negative = attributes.flag("detect_negative", true);
    const positive = attributes.flag("detect_positive", true);
    return ofOne((x) => {
      const isOne = (value: number): Tensor => ops.equal(x, value);
      if (negative && positive) return ops.logicalOr(isOne(-Infinity), isOne(Infinity));
      if (negative) return isOne(-Infinity);
      if (positive) return isOne(Infinity);
      return zeros(x.shape, { dtype: "bool" });
    });
  },
});
