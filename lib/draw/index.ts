import "./block.js";

export { draw } from "./draw.js";
export { Picture } from "./picture.js";
export type { Direction, Drawable, DrawOptions, StyleName } from "./style.js";
export type { Theme } from "./theme.js";
