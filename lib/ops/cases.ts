// What an op's file says of the tensors that its cases take: numbers drawn at random, or given one by one. The tests
// draw them (test/oracle/draw.ts), seeded by the op's name and the case's note; nothing here runs but for tests.
import type { DType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";

/** A tensor of a case. */
export type Draw =
  | {
      readonly draw: "floats";
      readonly shape: Shape;
      readonly low: number;
      readonly high: number;
      /** Multiples of it, of which some are equal. Default: thousandths, of which few are. */
      readonly step?: number;
    }
  | { readonly draw: "integers"; readonly shape: Shape; readonly below: number }
  | { readonly draw: "truths"; readonly shape: Shape }
  | { readonly draw: "matrices"; readonly shape: Shape; readonly kind: MatrixKind }
  | { readonly draw: "values"; readonly values: Values; readonly dtype: DType };

/** Far from singular; `positive` have a determinant above 0, `definite` are symmetric and positive definite. */
type MatrixKind = "regular" | "positive" | "definite";

/** A number or boolean, or nested lists of them. */
type Values = number | boolean | readonly Values[];

/** Floating-point numbers in [low, high), none of them 0. */
export const floats = (shape: Shape, low = -2, high = 2): Draw => ({ draw: "floats", shape, low, high });

/** A few numbers, so that some are equal. */
export const ties = (shape: Shape): Draw => ({ draw: "floats", shape, low: -0.25, high: 0.25, step: 0.125 });

/** int32 in [0, below). */
export const integers = (shape: Shape, below: number): Draw => ({ draw: "integers", shape, below });

/** Booleans. */
export const truths = (shape: Shape): Draw => ({ draw: "truths", shape });

/** Square matrices [..., n, n]. */
export const matrices = (shape: Shape, kind: MatrixKind = "regular"): Draw => ({
  draw: "matrices",
  shape,
  kind,
});

/** Just these; the dtype "float64" stands for that of the test. */
export const values = (given: Values, dtype: DType = "float64"): Draw => ({
  draw: "values",
  values: given,
  dtype,
});
