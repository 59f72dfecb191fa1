// Every module that the package exports, by the name under which its documentation imports it.
import * as distributions from "../lib/distributions/index.js";
import * as draw from "../lib/draw/index.js";
import * as games from "../lib/games/index.js";
import * as gradientEstimation from "../lib/gradient-estimation/index.js";
import * as gradientFree from "../lib/gradient-free/index.js";
import * as interchange from "../lib/interchange/index.js";
import * as onnx from "../lib/onnx/index.js";
import * as plot from "../lib/plot/index.js";
import * as report from "../lib/report/index.js";
import * as rl from "../lib/rl/index.js";
import * as tensorboard from "../lib/tensorboard/index.js";

/** The exports of `thalweg/<name>`, for each name. */
export const subpaths = {
  distributions,
  draw,
  games,
  "gradient-estimation": gradientEstimation,
  "gradient-free": gradientFree,
  interchange,
  onnx,
  plot,
  report,
  rl,
  tensorboard,
} as const;

/** "gradient-free" → "gradientFree" */
export const namespaceOf = (subpath: string): string =>
  subpath.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
