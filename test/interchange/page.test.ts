// The tables of docs/interchange.md, and the defaults that fromKeras and fromFlax compare with.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nn } from "../../lib/index.js";
import { LAYERS } from "../../lib/interchange/layers.js";
import { jsonOf } from "./files.js";

interface Layers {
  readonly defaults: Record<string, Record<string, unknown>>;
  readonly names: Record<string, readonly string[]>;
}
const { defaults, names } = jsonOf<Layers>("layers.json");
const page = readFileSync(join(import.meta.dirname, "../../docs/interchange.md"), "utf8");

/** The cells of the rows of the table below a heading. */
function table(heading: string): string[][] {
  const [, text = ""] = page.split(`## ${heading}\n`);
  const lines = (text.split("\n## ")[0] as string).split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const namesIn = (cell: string): string[] =>
  Array.from(cell.matchAll(/`([^`]+)`/g), ([, name]) => name as string);
const split = (path: string): [string, string] => {
  const dot = path.lastIndexOf(".");
  return [path.slice(0, dot), path.slice(dot + 1)];
};

const layers = table("Layers");
const different = table("Defaults that differ");

const MAKERS: Readonly<Record<string, () => nn.Module>> = {
  BatchNorm1d: () => new nn.BatchNorm1d(2),
  LayerNorm: () => new nn.LayerNorm(2),
  GroupNorm: () => new nn.GroupNorm(1, 2),
  LeakyReLU: () => new nn.LeakyReLU(),
  GELU: () => new nn.GELU(),
};
const SNAKE: Readonly<Record<string, string>> = { negativeSlope: "negative_slope" };

describe("the table of layers", () => {
  test.each(layers.map((cells) => [cells[0] as string, cells] as const))(
    "%s: its classes exist",
    (ours, cells) => {
      const [, name] = split(namesIn(ours)[0] as string);
      expect(nn).toHaveProperty(name);
      expect(names["torch.nn"]).toContain(name);
      for (const path of cells.slice(1, 3).flatMap(namesIn)) {
        const [room, theirs] = split(path);
        expect(names[room], path).toContain(theirs);
      }
    },
  );

  test("has every layer that is filled", () => {
    expect(layers.map(([ours]) => ours)).toEqual(
      expect.arrayContaining(LAYERS.map(({ kind }) => `\`nn.${kind}\``)),
    );
  });
});

describe("the table of defaults", () => {
  test.each(different.map((cells) => [cells[0] as string, cells] as const))("%s", (ours, cells) => {
    const valueOf = (text: string): unknown => (text === "none" ? text : JSON.parse(text));
    const [kind, option] = split(namesIn(ours)[0] as string);
    const value = valueOf(cells[1] as string);
    expect(Reflect.get((MAKERS[kind] as () => nn.Module)(), option)).toBe(value);
    expect(defaults[`torch.nn.${kind}`]?.[SNAKE[option] ?? option]).toBe(value);
    for (const i of [2, 4]) {
      const [where, theirs] = split(namesIn(cells[i] as string)[0] as string);
      expect(defaults[where]?.[theirs], where).toBe(valueOf(cells[i + 1] as string));
    }
  });
});

test.each(
  LAYERS.flatMap(({ names: classes, defaults: own }) =>
    (["keras", "flax"] as const).map((library) => [library, classes[library], own[library] ?? {}] as const),
  ),
)("%s's %s has the defaults that are compared", (library, name, own) => {
  const theirs = defaults[library === "keras" ? `keras.layers.${name}` : `linen.${name}`] ?? {};
  const inOurTerms = {
    ...(theirs["epsilon"] === undefined ? {} : { eps: theirs["epsilon"] }),
    ...(theirs["momentum"] === undefined ? {} : { momentum: 1 - (theirs["momentum"] as number) }),
  };
  expect(Object.keys(own)).toEqual(Object.keys(inOurTerms).sort());
  for (const [option, value] of Object.entries(inOurTerms))
    expect(own[option]).toBeCloseTo(value as number, 12);
});
