// A matrix as a picture: a cell an element, coloured by sign and size.
import { SIZES, textWidth } from "../draw/theme.js";
import { diverging, UNDER_TEXT } from "./ramps.js";
import { colour, type Frame, finite, type Part, shown, wholeTicks } from "./spec.js";

/** Row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: ArrayLike<number>;
}

/** More cells than this along an axis are not told apart: each then stands for the mean of a block. */
const MOST_CELLS = 64;
const STEPS = 21;

/** A matrix of at most `MOST_CELLS` rows and columns: the means of blocks that are as equal as can be. */
export function reduced({ rows, columns, values }: Matrix): Matrix {
  const [m, n] = [Math.min(rows, MOST_CELLS), Math.min(columns, MOST_CELLS)];
  if (m === rows && n === columns) return { rows, columns, values };
  const [sums, counts] = [new Float64Array(m * n), new Float64Array(m * n)];
  for (let i = 0; i < rows; i++) {
    const row = Math.floor((i * m) / rows);
    for (let j = 0; j < columns; j++) {
      const at = row * n + Math.floor((j * n) / columns);
      sums[at] = (sums[at] as number) + (values[i * columns + j] as number);
      counts[at] = (counts[at] as number) + 1;
    }
  }
  return { rows: m, columns: n, values: sums.map((sum, at) => sum / (counts[at] as number)) };
}

/** The largest finite size of a number. */
function largestSize(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] as number);
    if (Number.isFinite(size) && size > most) most = size;
  }
  return most;
}

/** What the axes of a matrix are called. */
export interface HeatAxes {
  readonly row: string;
  readonly column: string;
}

/** The view of a matrix: blue above zero, orange below it. Small ones have their numbers. */
export function heatView(matrix: Matrix, axes: HeatAxes, { width, height }: Frame): Part {
  const { rows, columns, values } = reduced(matrix);
  const side = Math.min(width, Math.max(120, columns * MOST_SIDE));
  const cell = side / columns;
  const tall = height ?? Math.round(Math.min(Math.max(cell * rows, 24), 420, Math.max(width, 240)));
  const [scaleX, scaleY] = [matrix.columns / columns, matrix.rows / rows];
  const cells = Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    const value = values[at] as number;
    return {
      x: j * scaleX,
      x2: (j + 1) * scaleX,
      y: i * scaleY,
      y2: (i + 1) * scaleY,
      value: finite(value),
      text: shown(value, 2),
    };
  });
  const most = largestSize(values) || 1;
  const widest = Math.max(...cells.map(({ text }) => textWidth(text, { size: SIZES.small })));
  const hasNumbers = cells.length <= MOST_NUMBERS && widest < cell - 4 && tall / rows > 14;
  const axis = (field: string, size: number, title: string): Part => ({
    field,
    type: "quantitative",
    title,
    scale: { domain: [0, size], nice: false, ...(field === "y" ? { reverse: true } : {}) },
    axis: {
      grid: false,
      ticks: false,
      // An index stands at the middle of its row or column.
      values: wholeTicks(0, size - 1, field === "x" ? side : tall).map((index) => index + 0.5),
      labelExpr: "format(datum.value - 0.5, 'd')",
    },
  });
  const position = {
    x: axis("x", matrix.columns, axes.column),
    x2: { field: "x2" },
    y: axis("y", matrix.rows, axes.row),
    y2: { field: "y2" },
  };
  const numbers: Part = {
    transform: [
      { filter: "isValid(datum.value)" },
      { calculate: "(datum.x + datum.x2) / 2", as: "mx" },
      { calculate: "(datum.y + datum.y2) / 2", as: "my" },
    ],
    mark: { type: "text", fontSize: SIZES.small, fill: colour("ink") },
    encoding: {
      x: { ...position.x, field: "mx" },
      y: { ...position.y, field: "my" },
      text: { field: "text", type: "nominal" },
    },
  };
  return {
    width: side,
    height: tall,
    data: { values: cells },
    layer: [
      {
        mark: { type: "rect", tooltip: true, stroke: colour("page"), strokeWidth: cell > 8 ? 1 : 0 },
        encoding: {
          ...position,
          color: {
            field: "value",
            type: "quantitative",
            scale: {
              type: "quantize",
              domain: [-most, most],
              range: diverging(STEPS, hasNumbers ? UNDER_TEXT : 1),
            },
            legend: {
              type: "gradient",
              gradientLength: Math.min(width, 240),
              gradientThickness: 10,
              gradientStrokeColor: colour("grid"),
              gradientStrokeWidth: 1,
              format: ".2~g",
              labelOverlap: "greedy",
              labelSeparation: 10,
            },
          },
        },
      },
      ...(hasNumbers ? [numbers] : []),
    ],
  };
}

const MOST_SIDE = 56;
const MOST_NUMBERS = 144;
