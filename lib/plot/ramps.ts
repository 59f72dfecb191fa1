// Colours of numbers: from the ground to a colour, and between two colours through the ground.
import { COLOURS, type Role, type Theme } from "../draw/theme.js";

const channels = (hex: string): number[] => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** (1 − t)·a + t·b in each channel. */
function mixed(a: string, b: string, t: number): string {
  const [from, to] = [channels(a), channels(b)];
  const values = from.map((value, i) => Math.round(value + t * ((to[i] as number) - value)));
  return `#${values.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

interface Step {
  readonly name: string;
  readonly light: string;
  readonly dark: string;
}

/** The least share of the colour, so that the first step differs from the ground. */
const LEAST = 0.06;
const STEPS = 16;

const towards = (name: string, role: Role, least: number): Step[] =>
  Array.from({ length: STEPS }, (_, i) => {
    const t = least + ((1 - least) * i) / (STEPS - 1);
    const { page } = COLOURS;
    const [light, dark] = (["light", "dark"] as const).map((theme) =>
      mixed(page[theme], COLOURS[role][theme], t),
    );
    return { name: `${name}${i}`, light: light as string, dark: dark as string };
  });

const UP = towards("up", "positive", LEAST);
const DOWN = towards("down", "negative", LEAST);
const GREY = towards("grey", "line", 0);
const RAMPS = { positive: UP, negative: DOWN, grey: GREY } as const;
const ALL = [...UP, ...DOWN, ...GREY];
const ZERO: Step = { name: "zero", light: COLOURS.group.light, dark: COLOURS.group.dark };

/** The name of each colour, by its light form. */
export const RAMP_COLOURS: ReadonlyMap<string, string> = new Map(ALL.map(({ light, name }) => [light, name]));

const DARK: ReadonlyMap<string, string> = new Map(ALL.map(({ light, dark }) => [light, dark]));

/** A colour of a ramp in a theme, by its light form; any other as it is. */
export const rampColour = (light: string, theme: Theme): string =>
  theme === "dark" ? (DARK.get(light) ?? light) : light;

/** Rules for the classes that occur in the text. */
export function rampRules(selector: string, text: string): string {
  const used = ALL.flatMap((step) =>
    (["fill", "stroke"] as const)
      .map((property) => ({ property, step, name: `${property[0]}-${step.name}` }))
      .filter(({ name }) => new RegExp(`class="[^"]*\\b${name}\\b`).test(text)),
  );
  if (used.length === 0) return "";
  const rules = (theme: "light" | "dark"): string =>
    used.map(({ property, step, name }) => `${selector} .${name}{${property}:${step[theme]}}`).join("");
  return `${rules("light")}@media screen and (prefers-color-scheme:dark){${rules("dark")}}`;
}

/** Up to this share of a ramp's colour, text in ink stands out by 4.5 in both themes. In its middle no text would. */
export const UNDER_TEXT = 0.45;

/** `count` colours from the ground to a share of the colour of a ramp, the strongest last. */
export const sequential = (count: number, ramp: keyof typeof RAMPS = "positive", most = 1): string[] =>
  Array.from(
    { length: count },
    (_, i) => stepOf(RAMPS[ramp], most * (count === 1 ? 1 : i / (count - 1))).light,
  );

const stepOf = (ramp: readonly Step[], t: number): Step => ramp[Math.round(t * (STEPS - 1))] as Step;

/** An odd number of colours, from far below zero to far above it: up to a share of the colours of the ramps. */
export function diverging(count: number, most = 1): string[] {
  const half = (count - 1) / 2;
  const side = (ramp: readonly Step[]): string[] =>
    Array.from({ length: half }, (_, i) => stepOf(ramp, most * (half === 1 ? 1 : i / (half - 1))).light);
  return [...side(DOWN).reverse(), ZERO.light, ...side(UP)];
}
