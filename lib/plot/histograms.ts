// A histogram for each of several tensors.
import { SIZES, shortened, textWidth } from "../draw/theme.js";
import { type Bin, binned, type Moments, momentsOf } from "./bins.js";
import { colour, type Frame, type Part, shown, wholeTicks } from "./spec.js";

/** The numbers of a tensor, counted. */
export interface Distribution extends Moments {
  readonly name: string;
  readonly shape: readonly number[];
  readonly bins: readonly Bin[];
}

export function distributionOf(
  name: string,
  shape: readonly number[],
  values: ArrayLike<number>,
  bins: number,
): Distribution {
  return { name, shape, ...momentsOf(values), bins: binned(values, bins) };
}

const LEAST_WIDTH = 170;
const SPACING = 26;
const AXIS = 34;

/** One view each, as many beside each other as have room. */
export function histogramViews(all: readonly Distribution[], { width, height }: Frame): Part {
  const columns = Math.max(
    1,
    Math.min(all.length, Math.floor((width + SPACING) / (LEAST_WIDTH + SPACING + AXIS))),
  );
  const view = Math.floor((width - (columns - 1) * (SPACING + AXIS)) / columns);
  return {
    columns,
    spacing: { row: 18, column: SPACING },
    concat: all.map((one) => histogramView(one, view, height ?? 80)),
  };
}

function histogramView(
  { name, bins, mean, deviation, zeros }: Distribution,
  width: number,
  height: number,
): Part {
  const figures = `${shown(mean, 2)} ± ${shown(deviation, 2)}${zeros > 0.005 ? `, ${Math.round(100 * zeros)} % zeros` : ""}`;
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const fits = textWidth(figures, { size: SIZES.small }) <= width + AXIS;
  return {
    width,
    height,
    title: {
      text: shortened(name, width + AXIS, { size: SIZES.label, bold: true }),
      fontSize: SIZES.label,
      subtitle: fits ? figures : shortened(figures, width + AXIS, { size: SIZES.small }),
      subtitleFontSize: SIZES.small,
      offset: 4,
      subtitlePadding: 2,
    },
    data: { values: bins.map(({ from, to, count }) => ({ from, to, count })) },
    mark: { type: "bar", fill: colour("series1"), binSpacing: 0.5, tooltip: true },
    encoding: {
      x: {
        field: "from",
        type: "quantitative",
        title: null,
        scale: { zero: false, nice: false },
        axis: { tickCount: 4, format: "~g", grid: false },
      },
      x2: { field: "to" },
      y: {
        field: "count",
        type: "quantitative",
        title: null,
        axis: { values: wholeTicks(0, most, 2.5 * height), format: "~s", minExtent: AXIS, maxExtent: AXIS },
      },
      y2: { datum: 0 },
    },
  };
}
