// Where a style of diagrams registers itself. A style is one file: it adds its name to `Styles`, its options to
// `DrawOptions`, and calls `registerStyle` at its end; `index.ts` imports it.
import type { AnyModule } from "../nn/module.js";
import { checkChoice } from "../options.js";
import type { Drawing } from "./svg.js";
import type { Theme } from "./theme.js";

/** The way in which data flows. */
export type Direction = "right" | "left" | "down" | "up";
export const DIRECTIONS = ["right", "left", "down", "up"] as const satisfies readonly Direction[];

/** Names of styles. Each style's file adds its own. */
// biome-ignore lint/suspicious/noEmptyInterface: files of styles add to it
export interface Styles {}
export type StyleName = keyof Styles;

/** What a diagram can be drawn of: a module, or a function, as `compile` gives one. */
export type Drawable = AnyModule | ((...args: never[]) => unknown);

/** Options of all diagrams. Each style's file adds its own. */
export interface DrawOptions {
  /** What is drawn, and in which notation. Default: `"block"`. */
  readonly style?: StyleName;
  /** Colours: those of the reader's setting, light, or dark. Default: `"auto"`. */
  readonly theme?: Theme;
  /** The way in which data flows. Default: `"right"`; of the styles `"backward"` and `"program"`: `"down"`. */
  readonly direction?: Direction;
  /**
   * Which modules are shown by their parts: those down to this depth (0: the model is one block); those of these names,
   * as `namedModules()` has them, down to their ops; all, down to their ops. Default: those that have modules of their
   * own.
   */
  readonly open?: boolean | number | readonly string[];
  /** The title that a screen reader says first. Default: the style says what it is. */
  readonly title?: string;
  /** The id of the `<svg>`, with which all ids in it begin. Default: a hash of the picture. */
  readonly id?: string;
}

/** A call of `draw` whose common options are checked. */
export interface DrawRequest {
  /** For errors: "draw". */
  readonly where: string;
  /** Not checked: a style says what it takes. */
  readonly model: unknown;
  /** A tensor, or a list of tensors; not checked. */
  readonly input: unknown;
  /** Common ones with their defaults, and the style's own as they were given. */
  readonly options: DrawOptions & Required<Pick<DrawOptions, "theme" | "direction">>;
}

export interface Style {
  /** Names of its own options. */
  readonly options: readonly string[];
  /** The way in which data flows, where the call does not say. Default: `"right"`. */
  readonly direction?: Direction;
  /** @throws ArgumentError, OptionError for what it cannot draw */
  render(request: DrawRequest): Drawing;
}

const styles = new Map<string, Style>();

export function registerStyle(name: StyleName, style: Style): void {
  styles.set(name, style);
}

/** @throws ArgumentError for a name that no style has */
export function styleNamed(where: string, name: unknown): Style {
  return styles.get(checkChoice(where, "style", name, [...styles.keys()])) as Style;
}
