import { jacobian as jacobianOf } from "../autodiff/jacobian.js";
import { noGrad } from "../context/grad-mode.js";
import { ArgumentError, DataError, ShapeError } from "../errors.js";
import { inMode } from "../nn/in-mode.js";
import { Module } from "../nn/module.js";
import { reshape } from "../ops/reshape.js";
import { svdvals } from "../ops/svd.js";
import { to } from "../ops/to.js";
import { checkOptions, describe, isInstance } from "../options.js";
import { format, sizeOf } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { heatView } from "./heat.js";
import { Plot } from "./plot.js";
import { checkTitle, type TitleOptions } from "./read.js";
import { colour, type Frame, LOG_SCALE, logTicks, type Part, shown, wholeTicks } from "./spec.js";

export interface JacobianPlotOptions extends TitleOptions {}

export interface JacobianData {
  /** J [outputs, inputs], row by row: J_ij = ∂f_i/∂x_j. */
  readonly matrix: Float64Array;
  readonly shape: readonly [outputs: number, inputs: number];
  /** σ, the largest first. */
  readonly singularValues: Float64Array;
  /** How many are above σ₁ · max(outputs, inputs) · 2⁻⁵² in float64, 2⁻²³ in float32. */
  readonly rank: number;
  /** σ₁ / σ_n; Infinity for a matrix that is not of full rank. */
  readonly condition: number;
}

/**
 * The Jacobian of a module or a function at x as a matrix, and its singular values: how much it stretches in each
 * direction, and how many directions it keeps. Rows belong to elements of the output, columns to those of x. A module is
 * in evaluation mode meanwhile.
 * @param f a module, a function of a tensor, or a matrix itself, without x.
 * @throws ArgumentError, ShapeError, OptionError; DataError for a Jacobian that is not finite; and as `jacobian`
 * @example
 * const f = (z) => ops.mul(z, tensor([3, 4]));
 * const figure = plot.jacobian(f, tensor([1, 1]));
 * figure.data.matrix;           // [3, 0, 0, 4]
 * figure.data.singularValues;   // [4, 3]
 */
export function jacobian(
  f: Module<[Tensor]> | ((x: Tensor) => Tensor),
  x: Tensor,
  options?: JacobianPlotOptions,
): Plot<JacobianData>;
export function jacobian(matrix: Tensor, options?: JacobianPlotOptions): Plot<JacobianData>;
export function jacobian(f: unknown, second?: unknown, third: unknown = {}): Plot<JacobianData> {
  const where = "jacobian";
  const options = (isTensor(f) ? (second ?? {}) : third) as JacobianPlotOptions;
  checkOptions(where, options, ["title"]);
  const title = checkTitle(where, options, "Jacobian");
  const matrix = isTensor(f) ? checkMatrix(where, f) : matrixOf(where, f, second);
  const data = analyse(where, matrix);
  const { rank, condition, shape } = data;
  const figures = `rank ${rank} of ${Math.min(...shape)}, condition number ${shown(condition)}`;
  return new Plot({
    data,
    title,
    subtitle: `${shape[0]} × ${shape[1]}, ${figures}`,
    description: `The Jacobian of ${shape[0]} outputs with respect to ${shape[1]} inputs: ${figures}; singular values from ${shown(data.singularValues[0] as number)} to ${shown(data.singularValues.at(-1) as number)}.`,
    draw: (frame) => draw(data, frame),
  });
}

const MOST = 1 << 22;

function checkMatrix(where: string, matrix: Tensor): Tensor {
  if (matrix.rank === 2 && matrix.size > 0) return matrix;
  throw new ShapeError(`${where}: expected a matrix [outputs, inputs], got ${format(matrix.shape)}`);
}

function matrixOf(where: string, f: unknown, at: unknown): Tensor {
  const isModule = isInstance(f, Module);
  if (!isModule && typeof f !== "function") {
    throw new ArgumentError(`${where}: expected a module, a function or a matrix, got ${describe(f)}`);
  }
  const x = checkTensor(where, "x", at);
  const run = (): Tensor => {
    const forward = isModule ? (z: Tensor) => f.forward(z as never) as Tensor : (f as (z: Tensor) => Tensor);
    return jacobianOf(forward)(x);
  };
  const found = isModule ? inMode(f, false, () => noGrad(run)) : run();
  const inputs = sizeOf(x.shape);
  const outputs = checkTensor(where, "the Jacobian", found).size / Math.max(1, inputs);
  if (found.size === 0)
    throw new ShapeError(`${where}: expected x and the output to have elements, got none`);
  if (found.size > MOST) {
    throw new ShapeError(
      `${where}: expected a Jacobian of at most ${MOST} elements, got ${outputs} × ${inputs}`,
    );
  }
  return reshape(found, [outputs, inputs]);
}

function analyse(where: string, given: Tensor): JacobianData {
  const values = to(given.detach(), "float64").storage.forReading() as Float64Array;
  if (!values.every(Number.isFinite)) {
    throw new DataError(`${where}: expected a Jacobian of finite numbers, got NaN or infinity`);
  }
  const shape = given.shape as readonly [number, number];
  const own = Float64Array.from(svdvals(to(given.detach(), "float64")).storage.forReading());
  const singularValues = own.sort((a, b) => b - a);
  const [first, last] = [singularValues[0] as number, singularValues.at(-1) as number];
  const least = first * Math.max(...shape) * (given.dtype === "float64" ? 2 ** -52 : 2 ** -23);
  const rank = singularValues.filter((value) => value > least).length;
  return {
    matrix: Float64Array.from(values),
    shape,
    singularValues,
    rank,
    condition: rank < singularValues.length ? Number.POSITIVE_INFINITY : first / last,
  };
}

function draw({ matrix, shape, singularValues }: JacobianData, frame: Frame): Part {
  const [rows, columns] = shape;
  const { width } = frame;
  const heat = heatView({ rows, columns, values: matrix }, { row: "output", column: "input" }, frame);
  const least = (singularValues[0] as number) * LEAST_SHOWN;
  const values = Array.from(singularValues, (value, i) => ({ index: i + 1, value }));
  const positive = values.filter(({ value }) => value > least);
  const isLog =
    positive.length > 1 &&
    (positive[0] as { value: number }).value / (positive.at(-1) as { value: number }).value > 30;
  const spectrum = {
    width: heat["width"] as number,
    height: Math.round(Math.min(width * 0.3, 150)),
    data: { values: isLog ? positive : values },
    mark: {
      type: "line",
      stroke: colour("series1"),
      strokeWidth: 1.5,
      point: { filled: true, size: values.length > 40 ? 14 : 40, fill: colour("series1") },
      tooltip: true,
    },
    encoding: {
      x: {
        field: "index",
        type: "quantitative",
        title: "index",
        scale: { domain: [0.5, values.length + 0.5], nice: false },
        axis: { values: wholeTicks(1, values.length, heat["width"] as number), format: "d", grid: false },
      },
      y: {
        field: "value",
        type: "quantitative",
        title: "singular value",
        ...(isLog ? { scale: LOG_SCALE } : {}),
        axis: isLog
          ? { values: logTicks(positive.map(({ value }) => value)), format: "~g" }
          : { tickCount: 4, format: "~g" },
      },
    },
  };
  return { spacing: 22, vconcat: [heat, spectrum] };
}

/** Singular values below this share of the largest have no place on a logarithmic axis. */
const LEAST_SHOWN = 1e-16;
