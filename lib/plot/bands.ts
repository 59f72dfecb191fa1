// The colours of losses by the bands between contours.
import { SIZES } from "../draw/theme.js";
import { sequential } from "./ramps.js";
import { colour, type Part } from "./spec.js";

/** The strongest colour of a landscape, as a share of the ramp: lines over it are still seen. */
const STRONGEST = { positive: 0.62, grey: 0.5 } as const;

export type LandscapeRamp = keyof typeof STRONGEST;

/** The colour of a loss by the band between two levels that it is in: the lowest losses have the lightest. */
export function bandScale(levels: readonly number[], width: number, ramp: LandscapeRamp): Part {
  const length = Math.min(width, LEGEND_LENGTH);
  return {
    type: "quantitative",
    scale: {
      type: "threshold",
      domain: [...levels],
      range: sequential(levels.length + 1, ramp, STRONGEST[ramp]),
    },
    legend: {
      title: "loss",
      titleFontSize: SIZES.label,
      titleFontWeight: "normal",
      titleColor: colour("ink"),
      type: "gradient",
      gradientLength: length,
      gradientThickness: 10,
      gradientStrokeColor: colour("grid"),
      gradientStrokeWidth: 1,
      format: ".3~g",
      labelOverlap: "greedy",
      labelSeparation: 10,
    },
  };
}

const LEGEND_LENGTH = 420;
