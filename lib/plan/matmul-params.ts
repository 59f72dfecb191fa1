import type { Buffer, Instruction } from "./ir.js";

/** Positions of the matmul instruction's operands: a, b, bias, addend, c, then those of the fused epilogues. */
export const OPERAND = { a: 0, b: 1, bias: 2, addend: 3, c: 4, state: 5, scale: 6 } as const;

/** Positions of its parameters. */
export const PARAM = {
  M: 0,
  N: 1,
  K: 2,
  transposeA: 3,
  transposeB: 4,
  alpha: 5,
  beta: 6,
  activation: 7,
  stateActivation: 8,
} as const;

/** The native numbers of the activations. */
export const ACTIVATION: Readonly<Record<string, number>> = { relu: 1, tanh: 2, sigmoid: 3 };

/** Whether it is a product and nothing more, but for a factor. */
export function isPlain(matmul: Instruction): boolean {
  const { bias, addend, state } = OPERAND;
  return (
    [bias, addend, state].every((at) => (matmul.operands[at] ?? null) === null) &&
    matmul.params[PARAM.activation] === 0
  );
}

/** The instruction with some operands and parameters exchanged. */
export function withMatmul(
  instruction: Instruction,
  operands: Partial<Record<keyof typeof OPERAND, Buffer | null>>,
  params: Partial<Record<keyof typeof PARAM, number>> = {},
): Instruction {
  const newOperands = [...instruction.operands];
  for (const [name, buffer] of Object.entries(operands)) {
    const at = OPERAND[name as keyof typeof OPERAND];
    while (newOperands.length <= at) newOperands.push(null);
    newOperands[at] = buffer;
  }
  const newParams = [...instruction.params];
  for (const [name, value] of Object.entries(params)) newParams[PARAM[name as keyof typeof PARAM]] = value;
  return { ...instruction, operands: newOperands, params: newParams };
}
