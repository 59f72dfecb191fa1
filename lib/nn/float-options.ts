import { DTypeError } from "../errors.js";
import { checkDType, type DType, isFloat } from "../tensor/dtype.js";

/** What all modules with parameters take. */
export interface FloatOptions {
  /** float32 (default) or float64. */
  readonly dtype?: DType;
}

/** @throws DTypeError unless the options name a dtype of floats, or none. */
export function readFloat(where: string, { dtype = "float32" }: FloatOptions): DType {
  const checked = checkDType(where, dtype);
  if (!isFloat(checked)) throw new DTypeError(`${where}: expected dtype float32 or float64, got ${checked}`);
  return checked;
}
