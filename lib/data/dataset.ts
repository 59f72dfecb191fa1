import { types } from "node:util";
import { ArgumentError, DataError, ShapeError } from "../errors.js";
import { all } from "../ops/all.js";
import { isFinite } from "../ops/is-finite.js";
import { sum } from "../ops/sum.js";
import { checkOptions, describe } from "../options.js";
import { fromTypedArray } from "../tensor/create.js";
import { isFloat } from "../tensor/dtype.js";
import { format, sizeOf } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { Bytes } from "./bytes.js";
import {
  type Apart,
  type Form,
  formOf,
  inForm,
  keyOf,
  type Part,
  type Parts,
  partName,
  partNames,
  partsIn,
  putTogether,
  takePartsApart,
} from "./parts.js";

/**
 * Samples and their targets: x[p] and ȳ[p] for p in 0 … P − 1, along the first axis of both. Each is a tensor or bytes,
 * or a list or an object of those.
 */
export interface Samples<X extends Parts = Part, Y extends Parts = Tensor> {
  readonly x: X;
  readonly y: Y;
  /** What each sample counts, w [P], numbers ≥ 0: see `sampleWeight` of `fit`. Default: 1. */
  readonly w?: Tensor | ArrayLike<number> | null;
}

/** Samples of any form. */
export type AnySamples = Samples<Parts, Parts>;

/**
 * A set S of samples x[p] with targets ȳ[p], in memory.
 * Shapes: x [P, ...] (a tensor, or bytes), y [P, ...] or [P]. Several inputs or targets are a list or an object of such
 * parts, all of P samples.
 * @example new data.Dataset({ x: images, y: labels })
 * @example new data.Dataset({ x: { image: images, price: prices }, y: { kind: labels, weight: weights } })
 * @example new data.Dataset({ x: tensor([[1], [2]]), y: tensor([0, 1]), w: [1, 0.5] }).length   // 2
 * @throws ShapeError if the parts differ in length; DataError for an empty set or a weight below 0; ArgumentError
 */
export class Dataset<X extends Parts = Part, Y extends Parts = Tensor> implements Samples<X, Y> {
  readonly x: X;
  readonly y: Y;
  /** What each sample counts, float64 [P]; null: all alike. */
  readonly w: Tensor | null;

  constructor(samples: Samples<X, Y>) {
    const { x, y, w } = checkSamples("Dataset", samples);
    // Lists and objects of its own, in which parts stay the same.
    this.x = putTogether(x.form, x.parts) as X;
    this.y = putTogether(y.form, y.parts) as Y;
    this.w = w;
  }

  /** Number of samples P. */
  get length(): number {
    return (partsIn(this.x)[0] as Part).shape[0] as number;
  }
}

/** A set of any form. */
export type AnyDataset = Dataset<Parts, Parts>;

const lengthOf = ({ parts: [first] }: Apart): number => (first as Part).shape[0] as number;

function checkSamples(
  where: string,
  samples: AnySamples,
): { readonly x: Apart; readonly y: Apart; readonly w: Tensor | null } {
  checkOptions(where, samples, ["x", "y", "w"]);
  const x = takePartsApart(where, "x", samples?.x);
  const y = takePartsApart(where, "y", samples.y);
  const length = lengthOf(x);
  const [first, ...others] = [...named("x", x), ...named("y", y)] as [NamedPart, ...NamedPart[]];
  const isScalar = first.part.shape.length === 0;
  const other = isScalar ? others[0] : others.find(({ part }) => part.shape[0] !== length);
  if (other !== undefined) {
    const what =
      x.form.kind === "one" && y.form.kind === "one" ? "targets as samples" : "samples in each part";
    const got = [first, other].map(({ name, part }) => `${name} ${format(part.shape)}`).join(" and ");
    const isOne = !isScalar && sizeOf(other.part.shape) === 1;
    const hint = isOne
      ? `; a single sample has an axis too: ${first.name} ${format([1, ...first.part.shape])} and ${other.name} [1]`
      : "";
    throw new ShapeError(`${where}: expected as many ${what}, got ${got}${hint}`);
  }
  if (length === 0) throw new DataError(`${where}: expected at least one sample, got an empty set`);
  const { w = null } = samples;
  return { x, y, w: w === null ? null : readWeights(where, w, length) };
}

/** @throws ArgumentError, ShapeError, DataError */
function readWeights(where: string, given: unknown, length: number): Tensor {
  const list: unknown = isTensor(given) && given.rank === 1 ? given.storage.forReading() : given;
  if (types.isProxy(list) || (!Array.isArray(list) && !types.isTypedArray(list))) {
    throw new ArgumentError(`${where}: expected w to be a number for each sample, got ${describe(given)}`);
  }
  if (list.length !== length) {
    throw new ShapeError(
      `${where}: expected w to have a number for each of ${length} samples, got ${list.length}`,
    );
  }
  const weights = Float64Array.from({ length }, (_, i) => {
    const weight: unknown = list[i];
    if (typeof weight === "number" && weight >= 0 && Number.isFinite(weight)) return weight;
    throw new DataError(`${where}: expected w to be numbers ≥ 0, got ${describe(weight)} for sample ${i}`);
  });
  return fromTypedArray(weights);
}

interface NamedPart {
  readonly name: string;
  readonly part: Part;
}

const named = (name: string, { form, parts }: Apart): NamedPart[] =>
  parts.map((part, at) => ({ name: partName(name, form, at), part }));

/** A data set from a user's value for `data`. */
export function toDataset(where: string, name: string, value: unknown): AnyDataset {
  if (value instanceof Dataset) return value as AnyDataset;
  const isSamples = value !== null && typeof value === "object" && "x" in value && "y" in value;
  if (!isSamples) {
    const hint = typeof value === "function" ? "; data.stream makes a stream of a source" : "";
    throw new ArgumentError(
      `${where}: expected ${name} to be { x, y } or a Dataset, got ${describe(value)}${hint}`,
    );
  }
  checkSamples(`${where}: ${name}`, value as AnySamples);
  return new Dataset(value as AnySamples);
}

/** The forms of a set. */
export interface Forms {
  readonly x: Form;
  readonly y: Form;
}

/** The forms of a set that was checked. */
export const formsOf = ({ x, y }: AnySamples): Forms => ({ x: formOf(x), y: formOf(y) });

/**
 * The set with its parts in the order of other forms, by their names.
 * @param refusal makes the error for another kind or other names, from the parts that are expected and those of the set.
 */
export function setInForms(
  set: AnyDataset,
  forms: Forms,
  refusal: (expected: string, got: string) => Error,
): AnyDataset {
  const [x, y] = (["x", "y"] as const).map((name): Parts => {
    const [form, wanted] = [formOf(set[name]), forms[name]];
    if (keyOf(form) === keyOf(wanted)) return set[name];
    const parts = inForm({ form, parts: partsIn(set[name]) }, wanted);
    if (parts === null) throw refusal(partNames(name, wanted), partNames(name, form));
    return putTogether(wanted, parts) as Parts;
  }) as [Parts, Parts];
  return x === set.x && y === set.y ? set : new Dataset({ x, y, w: set.w });
}

/** The parts of x and then those of y. */
export const partsOfSet = ({ x, y }: AnySamples): readonly Part[] => [...partsIn(x), ...partsIn(y)];

const CHUNK = 1 << 20;

/** @throws DataError that names the first NaN or infinite value of a tensor of floats. */
export function checkFinite(where: string, name: string, { form, parts }: Apart): void {
  parts.forEach((part, at) => {
    checkPartFinite(where, partName(name, form, at), part);
  });
}

function checkPartFinite(where: string, name: string, samples: Part): void {
  if (samples instanceof Bytes || !isFloat(samples.dtype)) return;
  const values = samples.storage.forReading();
  for (let start = 0; start < values.length; start += CHUNK) {
    const part = values.subarray(start, start + CHUNK);
    const numbers = fromTypedArray(part);
    // A sum is finite only if all numbers are, and takes no memory. Where it overflows, each number is looked at.
    if (Number.isFinite(sum(numbers).item()) || all(isFinite(numbers)).item() !== 0) continue;
    const at = start + part.findIndex((value) => !Number.isFinite(value));
    const inSample = values.length / (samples.shape[0] as number);
    throw new DataError(
      `${where}: ${name} has ${values[at]} in sample ${Math.floor(at / inSample)}, element ${at % inSample}`,
    );
  }
}
