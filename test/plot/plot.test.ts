import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as plot from "../../lib/plot/index.js";
import { complaints } from "../../lib/plot/render.js";
import { CASES, reports } from "./cases.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-plot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const widthOf = (svg: string): number => Number(/ width="([\d.]+)"/.exec(svg)?.[1]);

describe.each(Object.entries(CASES))("%s", (_, make) => {
  let plotted: Promise<plot.Plot>;
  beforeAll(() => {
    plotted = Promise.resolve(make());
  });

  test("has a specification that Vega-Lite compiles without a warning, of plain JSON", async () => {
    const { spec } = await plotted;
    expect(complaints(spec)).toEqual([]);
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  });

  test("gives the same bytes again", async () => {
    const [one, other] = [await plotted, await make()];
    expect(one.svg).toBe(other.toSvg({ theme: "auto", width: 560 }));
  });

  test("has a title and a description, and names of its own", async () => {
    const made = await plotted;
    const [svg, named] = [made.svg, made.toSvg({ id: "own" })];
    expect(made.description.length).toBeGreaterThan(20);
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="/);
    expect(svg).toMatch(/<title id="[^"]+">/);
    expect(svg).toMatch(/<desc id="[^"]+">/);
    for (const [, id] of named.matchAll(/ id="([^"]+)"/g)) expect(id).toMatch(/^own(-|$)/);
    for (const [, id] of named.matchAll(/url\(#([^)]+)\)/g)) expect(named).toContain(` id="${id}"`);
  });

  test("follows the reader's theme, or has the colours of one", async () => {
    const made = await plotted;
    expect(made.svg).toContain("prefers-color-scheme:dark");
    const [light, dark] = [made.toSvg({ theme: "light" }), made.toSvg({ theme: "dark" })];
    for (const svg of [light, dark]) expect(svg).not.toContain("<style>");
    // The ink of the light theme is not seen on a dark ground.
    expect(light).toContain("#1b2330");
    expect(dark).not.toContain("#1b2330");
  });

  test.each([360, 560, 1600])("is %d pixels wide if asked", async (width) => {
    const svg = (await plotted).toSvg({ width });
    expect(Math.abs(widthOf(svg) - width)).toBeLessThanOrEqual(2);
    expect(svg).not.toMatch(/="[^"]*(?:NaN|Infinity|undefined|\[object)/);
  });
});

describe("the cases", () => {
  test("have a plot of each function", () => {
    const functions = Object.entries(plot).flatMap(([name, value]) =>
      typeof value === "function" && /^[a-z]/.test(name) ? [name] : [],
    );
    const missing = functions.filter(
      (name) => !Object.keys(CASES).some((one) => one.split(/[ ,]/)[0] === name),
    );
    expect(missing).toEqual([]);
  });
});

describe("Plot", () => {
  test("writes SVG, PNG and its specification", async () => {
    const made = plot.history(reports());
    for (const ending of ["svg", "png", "json"]) await made.toFile(join(folder, `a.${ending}`));
    expect(readFileSync(join(folder, "a.svg"), "utf8")).toBe(made.svg);
    expect(JSON.parse(readFileSync(join(folder, "a.json"), "utf8"))).toEqual(made.spec);
    const png = readFileSync(join(folder, "a.png"));
    expect([...png.subarray(1, 4)]).toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));
    // Width and height stand at 16 and 20.
    expect(Math.abs(png.readUInt32BE(16) - 1120)).toBeLessThanOrEqual(4);
  });

  test("has a PNG with pixels of each theme's ground and ink", async () => {
    const { Image, createCanvas } = await import("@napi-rs/canvas");
    const made = plot.history(reports());
    for (const [theme, ground] of [
      ["light", 255],
      ["dark", 0x14],
    ] as const) {
      const image = new Image();
      image.src = Buffer.from(await made.toPng({ theme, scale: 1 }));
      const canvas = createCanvas(image.width, image.height);
      canvas.getContext("2d").drawImage(image, 0, 0);
      const { data } = canvas.getContext("2d").getImageData(0, 0, image.width, image.height);
      expect(data[0]).toBe(ground);
      const other = data.filter((_, i) => i % 4 === 0).filter((red) => Math.abs(red - ground) > 100).length;
      expect(other).toBeGreaterThan(500);
    }
  });

  test.each([
    ["theme", { theme: "blue" }],
    ["width", { width: 100 }],
    ["height", { height: 0 }],
    ["id", { id: "1a" }],
  ])("refuses another %s", (name, options) => {
    const made = plot.history(reports());
    expect(() => made.toSvg(options as never)).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
    expect(() => made.toSvg(options as never)).toThrow(name);
  });

  test("refuses options that there are not, and endings", async () => {
    const made = plot.history(reports());
    expect(() => made.toSvg({ widht: 300 } as never)).toThrow('did you mean "width"');
    await expect(made.toPng({ theme: "auto" })).rejects.toThrow("toPng: expected theme");
    await expect(made.toPng({ scale: 100 })).rejects.toThrow("scale");
    await expect(made.toFile(join(folder, "a.gif"))).rejects.toThrow("ending");
    await expect(made.toFile(join(folder, "no", "a.svg"))).rejects.toMatchObject({ code: "ERR_FILE" });
  });

  test("leaves vega's measure of text as it was", () => {
    const vega = createRequire(import.meta.url)("vega") as { textMetrics: { width: unknown } };
    const before = vega.textMetrics.width;
    plot.history(reports()).toSvg();
    expect(vega.textMetrics.width).toBe(before);
  });

  test("prints its title and description", () => {
    expect(String(plot.history(reports(), { title: "Mine" }))).toMatch(/^Plot: Mine\. The loss goes from 2 /);
  });
});
