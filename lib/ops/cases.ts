// What the file of an op, a module or a cost says of the tensors that its cases take: numbers drawn at random, or given
// one by one. These are types alone: the tests draw them, seeded by name and the case's note (test/oracle/draw.ts and
// nets.py).
import type { DType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";

/** A tensor of a case. */
export type Draw =
  | {
      readonly draw: "floats";
      readonly shape: Shape;
      readonly low: number;
      readonly high: number;
      /** All are multiples of it: with a large one some are equal. Default: 0.001. */
      readonly step?: number;
    }
  | { readonly draw: "integers"; readonly shape: Shape; readonly below: number }
  | { readonly draw: "truths"; readonly shape: Shape }
  | { readonly draw: "matrices"; readonly shape: Shape; readonly kind: MatrixKind }
  | { readonly draw: "values"; readonly values: Values; readonly dtype: DType };

/** `regular`: far from singular; `positive`: also with a determinant above 0; `definite`: symmetric, positive definite. */
type MatrixKind = "regular" | "positive" | "definite";

/** A number or boolean, or nested lists of them. */
type Values = number | boolean | readonly Values[];

/** What a case draws its tensors with. */
export interface Draws {
  /** Floating-point numbers in [low, high), none of them 0. Default: [−2, 2). */
  floats(shape: Shape, low?: number, high?: number): Draw;
  /** A few numbers, so that some are equal. */
  ties(shape: Shape): Draw;
  /** int32 in [0, below). */
  integers(shape: Shape, below: number): Draw;
  /** Booleans. */
  truths(shape: Shape): Draw;
  /** Square matrices [..., n, n]. Default: regular. */
  matrices(shape: Shape, kind?: MatrixKind): Draw;
  /** These values. The default dtype "float64" becomes float32 in the tests of float32. */
  values(given: Values, dtype?: DType): Draw;
}

/** The tensors of a case by name, in the order of the call: a shape is floats of it; null is what is left out. */
export type CaseTensors = Readonly<Record<string, Shape | Draw | null>>;
