export type { Direction, Drawable, DrawOptions, StyleName } from "./style.js";
export type { Theme } from "./theme.js";
