import type { Tolerance } from "../oracle/compare.js";

/** How near onnxruntime must come. */
export const TOLERANCE: Readonly<Record<"float32" | "float64", Tolerance>> = {
  float32: { rtol: 1e-5, atol: 1e-5 },
  float64: { rtol: 1e-12, atol: 1e-12 },
};
