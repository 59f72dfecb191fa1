// The faults that a picture can have, each in a small picture that has it; and pictures that have none.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, usePage } from "./browser.js";
import { type CheckOptions, checkPicture, type Fault, type FaultKind, type Picture, VIEWS } from "./check.js";

const page = usePage();

const STYLE = `.paper { fill: #fff } text { fill: #222; font: 14px "DejaVu Sans" } .line { stroke: #222; fill: none }
@media screen and (prefers-color-scheme: dark) { .paper { fill: #111 } text { fill: #eee } .line { stroke: #eee } }`;

/** An SVG of 300 × 100 without a fault, and this in it. */
const svg = (
  body: string,
  { style = STYLE, head = '<title id="t">T</title><desc id="d">D</desc>' } = {},
) => ({
  svgs: {
    it: `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100" viewBox="0 0 300 100" role="img"
aria-labelledby="t" aria-describedby="d">${head}<style>${style}</style><rect class="paper" width="300" height="100"/>${body}</svg>`,
  },
});

/** A page without a fault, and this in it. */
const html = (body: string, style = "") => ({
  html: `<!doctype html><html lang="en"><head><title>T</title><meta name="viewport" content="width=device-width">
<style>:root { color-scheme: light dark } ${style}</style></head><body><main><h1>T</h1>${body}</main></body></html>`,
});

const wide = { views: [VIEWS[0] as (typeof VIEWS)[number]] };

const faults = (picture: Picture, options: CheckOptions = wide): Promise<Fault[]> =>
  checkPicture(page(), picture, options);

const kinds = (found: readonly Fault[]): [FaultKind, string][] => found.map(({ kind, text }) => [kind, text]);

describe.skipIf(chromiumPath === undefined)("a picture without a fault", () => {
  test.each<[string, Picture]>([
    [
      "text beside a line, in a box and in lines",
      svg(`<path class="line" d="M10 30H290M20 40h120v50h-120z"/>
<text x="20" y="22">above <tspan font-size="10" dy="3">sub</tspan><tspan dy="-3"> after</tspan></text>
<text x="30" y="60">one<tspan x="30" dy="17">two, gjpqy</tspan></text>`),
    ],
    [
      "slanted texts side by side",
      svg(`<text transform="translate(30 80) rotate(-45)">slanted</text>
<text transform="translate(50 80) rotate(-45)">slanted</text>`),
    ],
    [
      "text that its halo keeps clear of a line",
      svg(
        `<path class="line" d="M10 46H290"/>
<text x="30" y="50" style="paint-order: stroke; stroke: #fff; stroke-width: 6px">over</text>`,
        {
          style: ".paper { fill: #fff } text { font: 14px 'DejaVu Sans' } .line { stroke: #222 }",
        },
      ),
    ],
    [
      "a page with a table that scrolls, a link and words for screen readers",
      html(
        `<p>some <a href="#x">link</a>
with <code>code</code> in it</p><div class="scrolls" tabindex="0"><table><tr><th scope="col">${"wide ".repeat(80)}</th></tr></table></div>
<span class="readers">only read</span>`,
        `.scrolls { overflow-x: auto } th { white-space: nowrap }
 a { color: inherit } .readers { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }`,
      ),
    ],
  ])("%s", async (_, picture) => {
    expect(await faults(picture, {})).toEqual([]);
  });
});

describe.skipIf(chromiumPath === undefined)("a fault that is found", () => {
  test.each<[string, Picture, [FaultKind, unknown][]]>([
    [
      "text on text",
      svg('<text x="20" y="50">first</text><text x="30" y="56">second</text>'),
      [["overlap", "first"]],
    ],
    [
      "slanted text on slanted text",
      svg(`<text transform="translate(30 80) rotate(-45)">one</text>
<text transform="translate(36 80) rotate(-45)">two</text>`),
      [["overlap", "one"]],
    ],
    [
      "text on a line",
      svg('<path class="line" d="M0 45H300"/><text x="20" y="50">on it</text>'),
      [["crossing", "on it"]],
    ],
    [
      "text that a line cuts from top to bottom",
      svg('<path class="line" d="M60 0V100"/><text x="20" y="50">between</text>'),
      [["crossing", "between"]],
    ],
    [
      "text wider than its box",
      svg('<path class="line" d="M20 30h60v30h-60z"/><text x="25" y="50">too wide for it</text>'),
      [["crossing", "too wide for it"]],
    ],
    [
      "text under a shape",
      svg('<text x="20" y="50">gone</text><rect class="paper" width="90" height="90"/>'),
      [["covered", "gone"]],
    ],
    [
      "text over the edge of the picture",
      svg('<text x="270" y="50">cut off</text>'),
      [["clipped", "cut off"]],
    ],
    [
      "text over the edge of a clipping path",
      svg(`<clipPath id="c"><rect width="50" height="90"/></clipPath>
<g clip-path="url(#c)"><text x="20" y="50">cut off</text></g>`),
      [["clipped", "cut off"]],
    ],
    [
      "text that its box cuts off",
      html('<p style="width: 50px; overflow: hidden; white-space: nowrap">too long for it</p>'),
      [["clipped", "too long for it"]],
    ],
    ["a page wider than its window", html('<div style="width: 2000px; height: 9px"></div>'), [["wide", ""]]],
    ["a character that no font has", svg('<text x="20" y="50">a\u0378b</text>'), [["glyph", "a\u0378b"]]],
    [
      "pale text in a picture",
      svg('<text x="20" y="50" style="fill: #aaa">pale</text>'),
      [["contrast", "pale"]],
    ],
    [
      "translucent text in a picture",
      svg('<g opacity="0.5"><text x="20" y="50" style="fill: #222">pale</text></g>'),
      [["contrast", "pale"]],
    ],
    ["an error in the console", html('<script>console.error("oh")</script>'), [["console", "oh"]]],
    ["an error that nothing catches", html("<script>oh()</script>"), [["console", "oh is not defined"]]],
    [
      "a picture without a description",
      svg("", { head: '<title id="t">T</title>' }),
      [["accessibility", ""]],
    ],
    [
      "an image without a name",
      html("<img src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\"/>'>"),
      [["accessibility", expect.stringContaining("<img")]],
    ],
    ["a form without labels", html("<input>"), [["accessibility", "<input>"]]],
    ["an element that does not end", svg("<g>"), [["markup", ""]]],
  ])("%s", async (_, picture, expected) => {
    expect(kinds(await faults(picture))).toEqual(expected);
  });

  test("text that stands out in one theme alone, and with which views", async () => {
    const style = STYLE.replace("text { fill: #eee }", "text { fill: #333 }");
    const found = await faults(svg('<text x="20" y="50">text</text>', { style }), {});
    expect(found.map(({ kind, views }) => [kind, views])).toEqual([
      ["contrast", ["1600 px, dark", "360 px, dark"]],
    ]);
  });

  test("a picture that prints its colours for a dark screen", async () => {
    const style = STYLE.replace("screen and ", "").replace(".paper { fill: #111 }", ".paper { fill: none }");
    const found = await faults(svg('<text x="20" y="50">text</text>', { style }), {});
    expect(kinds(found)).toEqual([["contrast", "text"]]);
    expect(found[0]?.views).toEqual(["800 px, printed from dark"]);
  });

  test("text that is clear in a wide window and clipped in a narrow one", async () => {
    const style = "p { overflow: hidden; white-space: nowrap }";
    const found = await faults(html(`<p>${"narrow ".repeat(10)}</p>`, style), {});
    expect(found.map(({ kind, views }) => [kind, views])).toEqual([
      ["clipped", ["360 px, light", "360 px, dark"]],
    ]);
  });
});

describe.skipIf(chromiumPath === undefined)("requests of a page", () => {
  let server: Server;
  let address = "";
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url !== "/") return response.writeHead(404).end();
      response.setHeader("content-type", "text/html");
      return response.end(html('<script src="own.js"></script>').html);
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => server.close());

  test("to elsewhere are faults", async () => {
    const found = await faults(html(`<img alt="" src="${address}x.png">`));
    expect(found).toContainEqual(
      expect.objectContaining({ kind: "request", text: `${address}x.png`, detail: "outside" }),
    );
  });

  test("that its own server answers with an error are faults, those for what is there are none", async () => {
    const found = await faults({ url: address });
    expect(found.map(({ kind }) => kind)).toEqual(["console", "request"]);
    expect(found[0]?.text).toContain("404");
    expect(found[1]).toMatchObject({ text: `${address}own.js`, detail: expect.stringContaining("failed") });
  });
});
