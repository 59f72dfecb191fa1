// The look of all pictures: colours by role, fonts, and the measure of a text's width.

/** `"auto"`: the reader's setting, light or dark; light on paper. */
export type Theme = "auto" | "light" | "dark";
export const THEMES = ["auto", "light", "dark"] as const satisfies readonly Theme[];

interface Colour {
  readonly light: string;
  readonly dark: string;
}

const colour = (light: string, dark: string): Colour => ({ light, dark });

/**
 * The colours, by what they are for. Text on its ground has a contrast of at least 4.5, a line at least 3.
 * A name that ends in `Line` is the outline of the area of that name.
 */
export const COLOURS = {
  /** The ground. */
  page: colour("#ffffff", "#14181f"),
  /** Text, and the outline of circles. */
  ink: colour("#1b2330", "#e6eaf0"),
  /** Less important text. */
  soft: colour("#566173", "#a3aebd"),
  /** Edges, axes. */
  line: colour("#6a7585", "#8b97a8"),
  /** Lines of a grid. */
  grid: colour("#e3e8ef", "#2a313c"),
  /** Variables that are observed: shaded. */
  observed: colour("#c8d2df", "#475365"),
  /** Variables that are computed. */
  computed: colour("#ffffff", "#14181f"),
  /** Functions. */
  block: colour("#e6eefc", "#1d2b45"),
  blockLine: colour("#4468b4", "#7ea2ea"),
  cost: colour("#fde7e2", "#45221c"),
  costLine: colour("#bb3e28", "#f08d78"),
  parameter: colour("#f8eed3", "#3b3118"),
  parameterLine: colour("#8b6508", "#d9b354"),
  /** Frames around what belongs together. */
  group: colour("#f5f7fa", "#1a1f28"),
  groupLine: colour("#8c98a8", "#6c7889"),
  /** Gradients, which flow backward. */
  gradient: colour("#9a2193", "#e08bdb"),
  /** Perturbations, which flow forward. */
  perturbation: colour("#0a7457", "#4fc7a1"),
  /** Numbers above and below zero. */
  positive: colour("#2563c9", "#7fb0ff"),
  negative: colour("#c2500a", "#ff9d5c"),
  /** Categories: lines of a plot, threads. */
  series1: colour("#2563c9", "#7fb0ff"),
  series2: colour("#c2500a", "#ff9d5c"),
  series3: colour("#0a7457", "#4fc7a1"),
  series4: colour("#9a2193", "#e08bdb"),
  series5: colour("#8b6508", "#d9b354"),
  series6: colour("#0b7285", "#58c4d8"),
  series7: colour("#b0245b", "#ff8fb4"),
  series8: colour("#5b6675", "#a9b4c2"),
} as const satisfies Readonly<Record<string, Colour>>;

/** What a colour is for. */
export type Role = keyof typeof COLOURS;

export const ROLES = Object.keys(COLOURS) as readonly Role[];

/** The name of a colour's custom property in CSS: `--thalweg-block-line`. */
export const variable = (role: Role): string =>
  `--thalweg-${role.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The colour as it is drawn where a viewer knows no CSS: the light one, unless the theme is dark. */
export const plainColour = (role: Role, theme: Theme): string =>
  COLOURS[role][theme === "dark" ? "dark" : "light"];

const declarations = (theme: "light" | "dark"): string =>
  ROLES.map((role) => `${variable(role)}:${COLOURS[role][theme]}`).join(";");

/**
 * The colours as custom properties of CSS: `selector{--thalweg-ink:#1b2330;…}`. For `"auto"` the dark ones follow, under
 * `prefers-color-scheme: dark` on screens alone, so that paper stays light.
 */
export function themeRules(selector: string, theme: Theme): string {
  if (theme !== "auto") return `${selector}{color-scheme:${theme};${declarations(theme)}}`;
  return [
    `${selector}{color-scheme:light dark;${declarations("light")}}`,
    `@media screen and (prefers-color-scheme:dark){${selector}{${declarations("dark")}}}`,
  ].join("\n");
}

/** The sans-serif font of the reader's system. */
export const FONTS = `system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif`;
/** For numbers and code in columns. */
export const MONOSPACE = `ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace`;

/** Sizes of text in pixels. */
export const SIZES = { title: 17, text: 14, label: 12, small: 11 } as const;

/** Widths of characters in units of the text's size, those of the widest usual sans-serif fonts (Verdana, DejaVu Sans). */
const WIDTHS: ReadonlyMap<string, number> = new Map(
  (
    [
      [0.29, "'ijlIJ"],
      [0.35, " ,.·/:;\\|f"],
      [0.41, "-()[]t!r₀₁₂₃₄₅₆₇₈₉¹²³"],
      [0.54, '"*_`szc?∂'],
      [0.6, "FLkvxyP"],
      [0.65, "TYaoeESbdghnpqu$0123456789{}αβγδεηθλμσφΣ"],
      [0.7, "KABRVXZC"],
      [0.79, "UHNDGOQ&"],
      [0.86, "w#+<=>^~M×→←↑↓−∞≤≥∈"],
      [1, "%mW@…⋯"],
    ] as const
  ).flatMap(([width, characters]) => Array.from(characters, (character) => [character, width] as const)),
);
const OTHER = 0.75;
const WIDE = 1.1;
const MONOSPACE_WIDTH = 0.61;
const BOLD = 1.13;

// Marks that stand above or below the letter before them, and characters without width.
const NO_WIDTH = /^[\p{M}\p{Cf}]$/u;
// As wide as they are high: Chinese, Japanese, Korean, full-width forms, emoji.
const IS_WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\p{Emoji_Presentation}]$/u;

/** How a text is set. */
export interface TextStyle {
  /** In pixels. Default: `SIZES.text`. */
  readonly size?: number;
  readonly bold?: boolean;
  readonly monospace?: boolean;
}

/** The width of one line of text in pixels, in any usual sans-serif font at most. */
export function textWidth(
  text: string,
  { size = SIZES.text, bold = false, monospace = false }: TextStyle = {},
) {
  let width = 0;
  for (const character of text) {
    if (NO_WIDTH.test(character)) continue;
    if (IS_WIDE.test(character)) width += WIDE;
    else width += monospace ? MONOSPACE_WIDTH : (WIDTHS.get(character) ?? OTHER);
  }
  return width * size * (bold ? BOLD : 1);
}

/** The text, shortened in its middle with "…" to at most this width. */
export function shortened(text: string, most: number, style: TextStyle = {}): string {
  if (textWidth(text, style) <= most) return text;
  const characters = Array.from(text);
  for (let kept = characters.length - 1; kept > 0; kept--) {
    const before = Math.ceil(kept / 2);
    const after = characters.slice(characters.length - (kept - before)).join("");
    const short = `${characters.slice(0, before).join("")}…${kept === before ? "" : after}`;
    if (textWidth(short, style) <= most) return short;
  }
  return "…";
}
