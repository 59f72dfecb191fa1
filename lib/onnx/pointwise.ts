// The elementwise operators that ONNX has too.

/** An operator of ONNX that does exactly what an elementwise instruction of ours does. */
export interface Pointwise {
  readonly operator: string;
  /** Whether onnxruntime has a kernel of it for float64 on the CPU. Default: true. */
  readonly float64?: false;
}

/** By the instruction's name, which is the op's name in snake case. Inputs have the same order and broadcast alike. */
export const POINTWISE: Readonly<Record<string, Pointwise>> = {
  add: { operator: "Add" },
  sub: { operator: "Sub" },
  mul: { operator: "Mul" },
  div: { operator: "Div" },
  pow: { operator: "Pow" },
  maximum: { operator: "Max" },
  minimum: { operator: "Min" },
  copy: { operator: "Identity" },
  neg: { operator: "Neg" },
  abs: { operator: "Abs" },
  sign: { operator: "Sign" },
  sqrt: { operator: "Sqrt" },
  reciprocal: { operator: "Reciprocal" },
  exp: { operator: "Exp" },
  log: { operator: "Log" },
  tanh: { operator: "Tanh" },
  sigmoid: { operator: "Sigmoid" },
  relu: { operator: "Relu" },
  sin: { operator: "Sin" },
  cos: { operator: "Cos" },
  tan: { operator: "Tan", float64: false },
  asin: { operator: "Asin", float64: false },
  acos: { operator: "Acos", float64: false },
  atan: { operator: "Atan", float64: false },
  sinh: { operator: "Sinh", float64: false },
  cosh: { operator: "Cosh", float64: false },
  asinh: { operator: "Asinh", float64: false },
  acosh: { operator: "Acosh", float64: false },
  atanh: { operator: "Atanh", float64: false },
  erf: { operator: "Erf", float64: false },
  floor: { operator: "Floor" },
  ceil: { operator: "Ceil" },
  round: { operator: "Round" },
  equal: { operator: "Equal" },
  less: { operator: "Less" },
  less_equal: { operator: "LessOrEqual" },
  greater: { operator: "Greater" },
  greater_equal: { operator: "GreaterOrEqual" },
  logical_and: { operator: "And" },
  logical_or: { operator: "Or" },
  logical_not: { operator: "Not" },
  where: { operator: "Where" },
};
