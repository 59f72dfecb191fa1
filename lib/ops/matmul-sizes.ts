import { ShapeError } from "../errors.js";
import { checkFlag, checkOptions } from "../options.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** Which operands are taken transposed. */
export interface MatmulOptions {
  /** Use aᵀ. Default: false. */
  readonly transposeA?: boolean;
  /** Use bᵀ. Default: false. */
  readonly transposeB?: boolean;
}

export type Transposes = Required<MatmulOptions>;

/** What sizes are read from. */
type Matrix = Pick<Tensor, "shape" | "rank">;

/** M, N, K of op(a) [M, K] · op(b) [K, N]. */
export function matmulSizes(
  name: string,
  a: Matrix,
  b: Matrix,
  { transposeA, transposeB }: Transposes,
): [M: number, N: number, K: number] {
  if (a.rank !== 2 || b.rank !== 2) {
    throw new ShapeError(`${name}: expected matrices, got a ${format(a.shape)} and b ${format(b.shape)}`);
  }
  const [a0, a1] = a.shape as [number, number];
  const [b0, b1] = b.shape as [number, number];
  const [M, K] = transposeA ? [a1, a0] : [a0, a1];
  const [inner, N] = transposeB ? [b1, b0] : [b0, b1];
  if (K !== inner) throw innerSizesDiffer(name, a, b, { transposeA, transposeB }, K, inner);
  return [M, N, K];
}

/** The error where the inner sizes of a product differ. */
export function innerSizesDiffer(
  name: string,
  a: Matrix,
  b: Matrix,
  { transposeA, transposeB }: Transposes,
  ofA: number,
  ofB: number,
): ShapeError {
  const shown = (x: Matrix, transposed: boolean) => `${format(x.shape)}${transposed ? "ᵀ" : ""}`;
  return new ShapeError(
    `${name}: inner sizes differ: a ${shown(a, transposeA)} has ${ofA}, b ${shown(b, transposeB)} has ${ofB}`,
  );
}

/** Parameters of the native instruction; the activations are none. */
export function matmulParams(
  sizes: readonly [number, number, number],
  { transposeA, transposeB }: Transposes,
  alpha: number,
  beta: number,
): number[] {
  return [...sizes, Number(transposeA), Number(transposeB), alpha, beta, 0, 0];
}

/** The transposes among an op's options, checked. */
export function checkTransposes(name: string, options: MatmulOptions, others: readonly string[]): Transposes {
  checkOptions(name, options, ["transposeA", "transposeB", ...others]);
  const { transposeA = false, transposeB = false } = options;
  checkFlag(name, "transposeA", transposeA);
  checkFlag(name, "transposeB", transposeB);
  return { transposeA, transposeB };
}
