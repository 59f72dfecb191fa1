import { descriptionOf } from "../native/instructions.js";
import { chainOps } from "../plan/fuse-elementwise.js";
import type { Instruction } from "../plan/ir.js";
import { Named, named } from "../plan/named.js";
import type { DescribedInstruction } from "./describe.js";

/** What an instruction is mostly, and what was fused into it. */
export function partsOf(instruction: Instruction): Pick<DescribedInstruction, "kind" | "parts"> {
  const { sentence, update } = descriptionOf(instruction.name);
  switch (sentence) {
    case "product":
      return { kind: sentence, parts: partsOfProduct(instruction) };
    case "chain":
      return { kind: sentence, parts: chainOps(new Named<"chain">(instruction)).map(({ name }) => name) };
    case "update": {
      const { rule, gradient } = update as NonNullable<typeof update>;
      if (gradient === "whole") return { kind: sentence, parts: [rule] };
      return { kind: sentence, parts: [gradient === "outer" ? "outer product" : "matmul", rule] };
    }
    default:
      return { kind: sentence, parts: [instruction.name] };
  }
}

/** activation(scale · matmul + addend + bias) ∘ slope; with beta and no addend it adds to what it writes. */
function partsOfProduct(instruction: Instruction): string[] {
  const batch = named(instruction, "matmul_batch");
  if (batch !== null) {
    return [
      batch.name,
      ...(batch.operand("bias") === null ? [] : ["bias"]),
      ...(batch.param("activation") === 0 ? [] : [batch.choice("activation")]),
    ];
  }
  const product = new Named<"matmul">(instruction);
  const sum = product.operand("addend") !== null ? ["add"] : [];
  const accumulated = sum.length === 0 && product.param("beta") !== 0 ? ["accumulate"] : [];
  return [
    "matmul",
    ...(product.operand("scale") === null ? [] : ["scale"]),
    ...sum,
    ...accumulated,
    ...(product.operand("bias") === null ? [] : ["bias"]),
    ...(product.param("activation") === 0 ? [] : [product.choice("activation")]),
    ...(product.operand("state") === null ? [] : [`slope of ${product.choice("stateActivation")}`]),
  ];
}
