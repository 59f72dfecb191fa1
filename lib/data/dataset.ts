import { ArgumentError, DataError, ShapeError } from "../errors.js";
import { all } from "../ops/all.js";
import { isFinite } from "../ops/is-finite.js";
import { checkOptions, describe } from "../options.js";
import { fromTypedArray } from "../tensor/create.js";
import { isFloat } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Bytes } from "./bytes.js";

/** Samples and their targets: x[p] and ȳ[p] for p in 0 … P − 1, along the first axis of both. */
export interface Samples<X extends Tensor | Bytes = Tensor | Bytes> {
  readonly x: X;
  readonly y: Tensor;
}

/**
 * A set S of samples x[p] with targets ȳ[p], in memory.
 * Shapes: x [P, ...] (a tensor, or bytes), y [P, ...] or [P].
 * @example new data.Dataset({ x: images, y: labels })
 * @throws ShapeError if x and y differ in length; DataError for an empty set; ArgumentError
 */
export class Dataset implements Samples {
  readonly x: Tensor | Bytes;
  readonly y: Tensor;

  constructor(samples: Samples) {
    const { x, y } = checkSamples("Dataset", samples);
    this.x = x;
    this.y = y;
  }

  /** Number of samples P. */
  get length(): number {
    return this.x.shape[0] as number;
  }
}

function checkSamples(where: string, samples: Samples): Samples {
  checkOptions(where, samples, ["x", "y"]);
  const x = samples?.x instanceof Bytes ? samples.x : checkTensor(where, "x", samples?.x);
  const y = checkTensor(where, "y", samples.y);
  if (x.shape.length === 0 || y.rank === 0 || x.shape[0] !== y.shape[0]) {
    throw new ShapeError(
      `${where}: expected as many targets as samples, got x ${format(x.shape)} and y ${format(y.shape)}`,
    );
  }
  if (x.shape[0] === 0) throw new DataError(`${where}: expected at least one sample, got an empty set`);
  return { x, y };
}

/** A data set from a user's value for `data`. */
export function toDataset(where: string, name: string, value: unknown): Dataset {
  if (value instanceof Dataset) return value;
  const isSamples = value !== null && typeof value === "object" && "x" in value && "y" in value;
  if (!isSamples)
    throw new ArgumentError(`${where}: expected ${name} to be { x, y } or a Dataset, got ${describe(value)}`);
  return new Dataset(checkSamples(`${where}: ${name}`, value as Samples));
}

const CHUNK = 1 << 20;

/** @throws DataError that names the first NaN or infinite value of a float tensor. */
export function checkFinite(where: string, name: string, samples: Tensor | Bytes): void {
  if (samples instanceof Bytes || !isFloat(samples.dtype)) return;
  const values = samples.storage.forReading();
  for (let start = 0; start < values.length; start += CHUNK) {
    const part = values.subarray(start, start + CHUNK);
    if (all(isFinite(fromTypedArray(part))).item() !== 0) continue;
    const at = start + part.findIndex((value) => !Number.isFinite(value));
    const inSample = values.length / (samples.shape[0] as number);
    throw new DataError(
      `${where}: ${name} has ${values[at]} in sample ${Math.floor(at / inSample)}, element ${at % inSample}`,
    );
  }
}
