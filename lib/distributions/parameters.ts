import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { expand } from "../ops/expand.js";
import { type Operand, scalar } from "../ops/operand.js";
import { checkChoice, checkFlag, checkRequired, describe } from "../options.js";
import { type FloatDType, isFloat } from "../tensor/dtype.js";
import { broadcast, format, type Shape, sameShape } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { type Constraint, positive } from "./constraints.js";
import type { DistributionOptions, DistributionSpec } from "./distribution.js";
import { isReadable, refuse } from "./validation.js";

/** The parameters by name, broadcast to one shape, and what the base class is told. */
interface Read<K extends string> {
  readonly parameters: Readonly<Record<K, Tensor>>;
  readonly spec: DistributionSpec;
}

/** The options that every distribution takes. */
const OPTIONS = ["validateArgs", "dtype"];

/** The options by name, checked. @throws ArgumentError, OptionError, DTypeError */
export function readOptions(
  name: string,
  options: DistributionOptions,
  others: readonly string[] = [],
): { validateArgs: boolean; dtype: FloatDType | undefined } {
  checkRequired(name, options, [...OPTIONS, ...others]);
  const { validateArgs = true, dtype } = options;
  checkFlag(name, "validateArgs", validateArgs);
  if (dtype !== undefined) checkChoice(name, "dtype", dtype, ["float32", "float64"]);
  return { validateArgs, dtype };
}

/**
 * Parameters that are numbers or tensors, as tensors of one dtype and of the shape that they broadcast to, which is
 * that of the batch.
 * @param others Names of options that the distribution itself reads.
 * @throws ArgumentError for a value that the constraint forbids; ShapeError, DTypeError, OptionError
 */
export function readParameters<K extends string>(
  name: string,
  given: Readonly<Record<K, Operand>>,
  constraints: Readonly<Record<K, Constraint>>,
  options: DistributionOptions,
  others: readonly string[] = [],
): Read<K> {
  const { validateArgs, dtype: wanted } = readOptions(name, options, others);
  const dtype = dtypeOfAll(name, given, wanted);
  const entries = Object.entries<Operand>(given).map(([key, value]): [K, Tensor] => {
    const x = isTensor(value) ? value : scalar(value, dtype);
    if (validateArgs) checkParameter(name, key, value, x, constraints[key as K]);
    return [key as K, x];
  });
  const batchShape = entries.reduce<Shape>((shape, [, x]) => broadcast(name, shape, x.shape), []);
  const parameters = Object.fromEntries(entries.map(([key, x]) => [key, expand(x, batchShape)]));
  return { parameters: parameters as Record<K, Tensor>, spec: { batchShape, dtype, validateArgs } };
}

/** Checks a parameter if its values are known: a number always is. @throws ArgumentError */
export function checkParameter(
  name: string,
  key: string,
  given: Operand,
  x: Tensor,
  constraint: Constraint,
): void {
  if (!isTensor(given) || isReadable(x)) refuse(name, key, x, constraint);
}

/**
 * The dtype of parameters: that of the tensors, or the one wanted, or float32.
 * @throws ArgumentError for what is neither tensor nor number; DTypeError for other dtypes, or several.
 */
export function dtypeOfAll(
  name: string,
  given: Readonly<Record<string, Operand>>,
  wanted: FloatDType | undefined,
): FloatDType {
  let found = wanted;
  let first = "the option dtype";
  for (const [key, value] of Object.entries(given)) {
    if (typeof value === "number") continue;
    if (!isTensor(value)) {
      throw new ArgumentError(`${name}: expected ${key} to be a tensor or a number, got ${describe(value)}`);
    }
    const { dtype } = value;
    if (!isFloat(dtype)) {
      throw new DTypeError(`${name}: expected ${key} to be float32 or float64, got ${dtype}`);
    }
    if (found !== undefined && dtype !== found) {
      throw new DTypeError(`${name}: ${first} is ${found} but ${key} is ${dtype}; convert one with to()`);
    }
    [found, first] = [dtype, key];
  }
  return found ?? "float32";
}

/** The one of the names that the options have. @throws ArgumentError unless it is one; OptionError */
export function readOneOf<K extends string>(name: string, options: object, names: readonly K[]): K {
  checkRequired(name, options, [...OPTIONS, ...names]);
  const given = names.filter((key) => (options as Readonly<Record<string, unknown>>)[key] !== undefined);
  if (given.length === 1) return given[0] as K;
  const list = given.length === 0 ? "none" : given.join(" and ");
  throw new ArgumentError(`${name}: expected one of ${names.join(", ")}, got ${list}`);
}

/**
 * A parameter whose last axis is that of the vectors: a tensor, [...batchShape, K] with K ≥ 1.
 * @throws ArgumentError for a value that the constraint forbids; ShapeError, DTypeError, OptionError
 */
export function readVectors(
  name: string,
  key: string,
  given: Tensor,
  constraint: Constraint,
  options: DistributionOptions,
  others: readonly string[] = [],
): { readonly vectors: Tensor; readonly spec: DistributionSpec } {
  const { validateArgs, dtype: wanted } = readOptions(name, options, others);
  const dtype = dtypeOfAll(name, { [key]: checkTensor(name, key, given) }, wanted);
  const { shape } = given;
  if (shape.length === 0 || shape.at(-1) === 0) {
    throw new ShapeError(`${name}: expected ${key} to be vectors [..., K] with K ≥ 1, got ${format(shape)}`);
  }
  if (validateArgs) checkParameter(name, key, given, given, constraint);
  return { vectors: given, spec: { batchShape: shape.slice(0, -1), dtype, validateArgs } };
}

/** A positive parameter besides those that make the batch: a number or a tensor that expands to its shape. */
export function readBeside(name: string, key: string, given: Operand, spec: DistributionSpec): Tensor {
  dtypeOfAll(name, { [key]: given }, spec.dtype);
  const x = isTensor(given) ? given : scalar(given, spec.dtype);
  if (spec.validateArgs) checkParameter(name, key, given, x, positive);
  if (!sameShape(broadcast(name, x.shape, spec.batchShape), spec.batchShape)) {
    throw new ShapeError(
      `${name}: ${key} ${format(x.shape)} does not expand to the batch ${format(spec.batchShape)}`,
    );
  }
  return expand(x, spec.batchShape);
}
