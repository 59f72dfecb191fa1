// The tensors of a case: what a module, a cost or an op is called with in tests and by the oracle.

/**
 * A tensor of a case:
 * - a shape: random numbers of three decimals in [−2, 2], none of them 0
 * - a shape with bounds: the same in [low, high]
 * - a shape with `below`: random whole numbers in [0, below), int32 unless `dtype` is float64
 * - values: these, float64 unless `dtype` is int32 or bool
 */
export type CaseTensor =
  | readonly number[]
  | { readonly shape: readonly number[]; readonly low: number; readonly high: number }
  | { readonly shape: readonly number[]; readonly below: number; readonly dtype?: "float64" }
  | { readonly values: CaseValues; readonly dtype?: "int32" | "bool" };

/** Numbers, nested as deep as the tensor has axes. */
export type CaseValues = number | readonly CaseValues[];

/** Tensors by name, in the order of the call; null is an argument that is left out. */
export type CaseTensors = Readonly<Record<string, CaseTensor | null>>;
