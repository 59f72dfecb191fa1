import "./backward.js";
import "./block.js";
import "./program.js";
import "./units.js";

export { draw } from "./functions.js";
export type { DrawGameOptions } from "./game.js";
export type { DrawLossOptions } from "./loss.js";
export type { Picture } from "./picture.js";
export type { Direction, Drawable, DrawOptions, StyleName } from "./style.js";
export type { Theme } from "./theme.js";
