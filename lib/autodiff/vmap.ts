import type { Randomness } from "../context/context.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { expand } from "../ops/expand.js";
import { permute } from "../ops/permute.js";
import { checkChoice, checkNumber, checkOptions, describe } from "../options.js";
import { checkDim, format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Structure, takeApart, together } from "../tensor/tree.js";
import { sampleOf, withLevel } from "../vmap/mapped.js";
import type { TensorFunction } from "./transforms.js";

export interface VmapOptions {
  /**
   * The axis of the samples in each input; null for an input that is the same for all samples. A single value is for
   * all inputs. Default: 0.
   */
  readonly inDims?: number | null | readonly (number | null)[];
  /** The position of the axis of the samples in the results. Default: 0. */
  readonly outDims?: number;
  /**
   * Random numbers in f: `"different"` for each sample, the `"same"` for all samples, or an `"error"`, so that the
   * choice is explicit. Default: error.
   */
  readonly randomness?: Randomness;
}

/**
 * Vectorises a function of one sample: `vmap(f)(x)` computes f of each sample along x's first axis, all in one pass
 * (jax.vmap, torch.func.vmap). Inputs and results may be tensors, lists and objects of tensors. An input may be a
 * module, which stands for its parameters; `inDims` null makes it the same for all samples.
 *
 * Within f a tensor has the shape of one sample, and its value cannot be read.
 * @example
 * const dots = vmap((a: Tensor, b: Tensor) => sum(mul(a, b)));
 * dots(ones([5, 3]), ones([5, 3]));   // [3, 3, 3, 3, 3]
 * @throws ShapeError if the inputs have different numbers of samples; GraphError if f draws random numbers and
 *   `randomness` is "error"; ArgumentError, OptionError
 */
export function vmap(f: TensorFunction, options?: VmapOptions): TensorFunction;
export function vmap<P extends readonly unknown[], Y>(
  f: (...inputs: P) => Y,
  options?: VmapOptions,
): (...inputs: P) => Y;
export function vmap(f: (...inputs: never[]) => unknown, options: VmapOptions = {}): never {
  if (typeof f !== "function") throw new ArgumentError(`vmap: expected a function, got ${describe(f)}`);
  checkOptions("vmap", options, ["inDims", "outDims", "randomness"]);
  const outDim = checkNumber("vmap", "outDims", options.outDims ?? 0, { integer: true });
  const randomness = checkChoice("vmap", "randomness", options.randomness ?? "error", [
    "error",
    "different",
    "same",
  ]);
  const onAll = (...inputs: unknown[]): unknown => {
    const parts = inputs.map((input, i) => takeApart("vmap", `input ${i}`, input));
    const dims = readDims(options.inDims, parts);
    const all = parts.flatMap(({ leaves }, i) =>
      leaves.map((leaf) => toFront(leaf, dims[i] as number | null)),
    );
    const size = samplesIn(all);
    return withLevel({ size, randomness }, (level) => {
      const samples = all.map(({ tensor, isMapped }) => (isMapped ? sampleOf(tensor, level) : tensor));
      const value = together(parts, (list) => list).within(samples, (list) =>
        f(...(list as unknown as readonly never[])),
      );
      const result = takeApart("vmap", "the function's result", value);
      return result.build(result.leaves.map((y) => allSamples(y, level, size, outDim)));
    });
  };
  return onAll as never;
}

function readDims(inDims: VmapOptions["inDims"], parts: readonly Structure[]): (number | null)[] {
  const list = Array.isArray(inDims) ? inDims : parts.map(() => (inDims === undefined ? 0 : inDims));
  if (list.length !== parts.length) {
    throw new ArgumentError(`vmap: expected inDims for ${parts.length} inputs, got ${list.length}`);
  }
  return list.map((dim: unknown) =>
    dim === null ? null : checkNumber("vmap", "inDims", dim, { integer: true }),
  );
}

interface Mapped {
  readonly tensor: Tensor;
  readonly isMapped: boolean;
}

/** An input with the axis of the samples in front. */
function toFront(x: Tensor, dim: number | null): Mapped {
  if (dim === null) return { tensor: x, isMapped: false };
  if (x.rank === 0) throw new ShapeError("vmap: expected an axis of samples, got a scalar; use inDims null");
  return { tensor: moveAxis(x, checkDim("vmap", dim, x.rank), 0), isMapped: true };
}

/** x with one axis moved to another position. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const dims = x.shape.map((_, d) => d).filter((d) => d !== from);
  dims.splice(to, 0, from);
  return permute(x, dims);
}

function samplesIn(all: readonly Mapped[]): number {
  const mapped = all.filter(({ isMapped }) => isMapped);
  const first = mapped[0]?.tensor;
  if (first === undefined) throw new ArgumentError("vmap: expected an input with samples, got none");
  const size = first.shape[0] as number;
  for (const { tensor } of mapped) {
    if (tensor.shape[0] === size) continue;
    throw new ShapeError(
      `vmap: expected all inputs to have as many samples, got ${size} and ${tensor.shape[0]}: ${format(first.shape)} and ${format(tensor.shape)}`,
    );
  }
  return size;
}

/** All samples of a tensor, with their axis at `dim`. A tensor without samples is repeated. */
export function allSamples(y: Tensor, level: number, size: number, dim = 0): Tensor {
  const all = y.mapped?.level === level ? y.mapped.all : expand(y, [size, ...y.shape]);
  return dim === 0 ? all : moveAxis(all, 0, checkDim("vmap", dim, all.rank));
}
