// Looks at a picture in a browser as a reader would, and tells what is wrong with it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page, Session } from "./browser.js";
import {
  type Colour,
  changed,
  contrast,
  depth,
  differing,
  mainColour,
  over,
  type Point,
  pixelsIn,
  type Screen,
  takeScreen,
  whereIs,
} from "./screen.js";

/** What is looked at: SVGs by their names, which are put into a page together; a whole page; or the address of one. */
export type Picture =
  | { readonly svgs: Readonly<Record<string, string>> }
  | { readonly html: string }
  | { readonly url: string };

export type FaultKind =
  | "overlap" // two texts on each other
  | "crossing" // a text on a line or over the edge of a shape
  | "covered" // a text that cannot be seen
  | "clipped" // a text of which a part is cut off
  | "wide" // a page wider than the window
  | "glyph" // a character that no font has
  | "contrast" // a text that stands out too little
  | "console" // errors and warnings
  | "request" // requests that fail or go elsewhere
  | "accessibility" // by axe, and a picture without a name or a description
  | "markup"; // not well-formed

export interface Fault {
  readonly kind: FaultKind;
  /** The text that it is about. */
  readonly text: string;
  /** Where: elements, and pixels from the top left. */
  readonly place: string;
  readonly detail: string;
  /** The views that have it, such as "360 px, dark". */
  readonly views: readonly string[];
}

export interface View {
  readonly width: number;
  readonly theme: "light" | "dark";
  /** Printed: on white paper, whatever the reader's theme is. */
  readonly print?: boolean;
}

/** Phones and wide windows, by day and by night; and on paper for a reader whose screen is dark. */
export const VIEWS: readonly View[] = [
  { width: 1600, theme: "light" },
  { width: 1600, theme: "dark" },
  { width: 360, theme: "light" },
  { width: 360, theme: "dark" },
  { width: 800, theme: "dark", print: true },
];

export interface CheckOptions {
  readonly views?: readonly View[];
  /** Kinds that this picture may have, with a reason. */
  readonly allow?: Partial<Record<FaultKind, string>>;
  /** Called when the page is there, before it is looked at. */
  readonly prepare?: (page: Page, view: View) => Promise<void>;
}

/** A text on one line: in-page.js says what it is. */
interface Run {
  readonly text: string;
  readonly place: string;
  readonly corners: readonly Point[];
  readonly size: number;
  readonly isBold: boolean;
  readonly isSvg: boolean;
  readonly colour: readonly [number, number, number, number] | null;
  readonly halo: Colour | null;
  readonly clippedBy: string | null;
  readonly inView: boolean;
}

interface PageSize {
  readonly width: number;
  readonly height: number;
  readonly excess: number;
}

type Found = Omit<Fault, "views">;

const IN_PAGE = readFileSync(new URL("in-page.js", import.meta.url), "utf8");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const nameOf = ({ width, theme, print }: View): string =>
  `${width} px, ${print ? "printed from " : ""}${theme}`;

const at = ({ place, corners }: Run): string =>
  `${place} at ${corners[0]?.map((value) => Math.round(value)).join(", ")}`;

/** The page that SVGs are put into. It follows the reader's theme; paper is white. */
const pageAround = (svgs: Readonly<Record<string, string>>): string => `<!doctype html><html lang="en">
<head><title>Pictures</title><meta name="viewport" content="width=device-width"><style>
:root { color-scheme: light dark } body { margin: 0 }
main { display: flex; flex-wrap: wrap; align-items: start; gap: 8px } div { max-width: 100% }
svg { display: block; max-width: 100%; height: auto }
@media print { :root { color-scheme: light; background: white } }
</style></head><body><main>
${Object.entries(svgs)
  .map(([name, svg]) => `<div data-picture="${name}">${svg}</div>`)
  .join("")}</main></body></html>`;

async function open(page: Page, picture: Picture, view: View): Promise<void> {
  // A live page may draw anew when its window changes, as it does for a screenshot of more than the window shows.
  await page.setViewportSize({ width: view.width, height: "url" in picture ? 3000 : 900 });
  await page.emulateMedia({ colorScheme: view.theme });
  if ("url" in picture) await page.goto(picture.url);
  // After that, since Chromium forgets the kind of medium when a page is left.
  await page.emulateMedia({ media: view.print ? "print" : "screen" });
  if ("svgs" in picture) await page.setContent(pageAround(picture.svgs));
  if ("html" in picture) await page.setContent(picture.html);
  await page.evaluate(IN_PAGE);
}

/** Hears what goes wrong while a page is open; call the result to stop and hear all. */
function listen(page: Page, picture: Picture): () => Found[] {
  const found: Found[] = [];
  const home = "url" in picture ? new URL(picture.url).host : "";
  const tell = (kind: FaultKind, text: string, detail: string) =>
    found.push({ kind, text, place: "page", detail });
  const listeners = {
    console: (message: { type(): string; text(): string }) => {
      if (["error", "warning"].includes(message.type())) tell("console", message.text(), message.type());
    },
    pageerror: (error: Error) => tell("console", error.message, "uncaught"),
    request: (request: { url(): string }) => {
      const { protocol, host } = new URL(request.url());
      if (!["data:", "blob:", "about:"].includes(protocol) && host !== home)
        tell("request", request.url(), "outside");
    },
    requestfailed: (request: { url(): string; failure(): { errorText: string } | null }) =>
      tell("request", request.url(), `failed: ${request.failure()?.errorText}`),
  };
  page.on("console", listeners.console);
  page.on("pageerror", listeners.pageerror);
  page.on("request", listeners.request);
  page.on("requestfailed", listeners.requestfailed);
  return () => {
    page.off("console", listeners.console);
    page.off("pageerror", listeners.pageerror);
    page.off("request", listeners.request);
    page.off("requestfailed", listeners.requestfailed);
    return found;
  };
}

function overlaps(runs: readonly Run[]): Found[] {
  const left = (run: Run): number => Math.min(...run.corners.map(([x]) => x));
  const right = (run: Run): number => Math.max(...run.corners.map(([x]) => x));
  const ordered = runs.filter(({ inView }) => inView).sort((a, b) => left(a) - left(b));
  const found: Found[] = [];
  for (const [index, run] of ordered.entries()) {
    const end = right(run);
    for (let other = index + 1; other < ordered.length; other++) {
      const next = ordered[other] as Run;
      if (left(next) > end) break;
      const pixels = depth(run.corners, next.corners);
      // Letters of one word may lean over their neighbours'.
      if (pixels <= Math.max(0.75, 0.08 * Math.min(run.size, next.size))) continue;
      const detail = `lies ${pixels.toFixed(1)} px deep in "${next.text}" of ${at(next)}`;
      found.push({ kind: "overlap", text: run.text, place: at(run), detail });
    }
  }
  return found;
}

/** The figure with its edges moved outwards. */
function grow(corners: readonly Point[], by: number): Point[] {
  const middle = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + (corner[axis] as number), 0) / 4);
  const [[ax, ay], [bx, by_], , [dx, dy]] = corners as [Point, Point, Point, Point];
  const wide = Math.hypot(bx - ax, by_ - ay) || 1;
  const high = Math.hypot(dx - ax, dy - ay) || 1;
  return corners.map(([x, y]) => {
    const [ox, oy] = [x - (middle[0] as number), y - (middle[1] as number)];
    const along = ((ox * (bx - ax) + oy * (by_ - ay)) / wide) * (1 + (2 * by) / wide);
    const across = ((ox * (dx - ax) + oy * (dy - ay)) / high) * (1 + (2 * by) / high);
    return [
      (middle[0] as number) + (along * (bx - ax)) / wide + (across * (dx - ax)) / high,
      (middle[1] as number) + (along * (by_ - ay)) / wide + (across * (dy - ay)) / high,
    ] as const;
  });
}

/** Smaller text, in pixels, cannot be read, and its place is rounded; a wider view shows what it stands on. */
const LEGIBLE = 6.5;

/** What stands behind and around each text: `bare` is the same page without its text. */
async function surroundings(page: Page, runs: readonly Run[], full: Screen, bare: Screen): Promise<Found[]> {
  const found: Found[] = [];
  for (const run of runs) {
    if (!run.inView || run.colour === null) continue;
    const inner = pixelsIn(bare, run.corners);
    if (inner.length === 0) continue;
    const tell = (kind: FaultKind, detail: string) =>
      found.push({ kind, text: run.text, place: at(run), detail });
    const behind = run.halo ?? mainColour(bare, inner);
    const colour = over(run.colour, behind);
    const ratio = contrast(colour, behind);
    const isLegible = run.size >= LEGIBLE;
    const isLarge = run.size >= 24 || (run.size >= 18.66 && run.isBold);
    const needed = isLarge ? 3 : 4.5;
    if (ratio < needed) {
      tell(
        "contrast",
        `${ratio.toFixed(2)} where ${needed} is needed: rgb(${colour.map(Math.round)}) on rgb(${behind})`,
      );
    } else if (isLegible && changed(full, bare, inner) < 0.02 * inner.length)
      tell("covered", "something is drawn over it");
    // Text of an SVG keeps a distance from lines; in HTML, boxes may end where text ends.
    const around = run.isSvg ? pixelsIn(bare, grow(run.corners, run.size / 16)) : inner;
    const crossed = run.halo === null && isLegible ? differing(bare, around, behind) : [];
    // A line across a letter is as long as the letter is high.
    if (crossed.length <= Math.max(2, 0.4 * run.size * bare.scale)) continue;
    const [x, y] = whereIs(bare, crossed[Math.floor(crossed.length / 2)] as number);
    const shape = (await page.evaluate(`pictures.shapesAt(${x}, ${y})`)) as string[];
    tell(
      "crossing",
      `${crossed.length} of ${around.length} pixels, by ${shape[0] ?? "a shape"} at ${Math.round(x)}, ${Math.round(y)}`,
    );
  }
  return found;
}

/** What a screen reader is told of an element. */
interface AxNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
  readonly description?: { readonly value: string };
}

const PICTURES: readonly (string | undefined)[] = ["image", "figure", "graphics-document", "img"];

/** Pictures without a name for screen readers, and, where it is to stand alone, without a description. */
async function unnamed(page: Page, session: Session, isAlone: boolean): Promise<Found[]> {
  const found: Found[] = [];
  const { root } = await session.send<{ root: { nodeId: number } }>("DOM.getDocument", { depth: 0 });
  const { nodeIds } = await session.send<{ nodeIds: number[] }>("DOM.querySelectorAll", {
    nodeId: root.nodeId,
    selector: "svg",
  });
  const places = (await page.evaluate("pictures.svgs()")) as string[];
  for (const [index, nodeId] of nodeIds.entries()) {
    const { nodes } = await session.send<{ nodes: AxNode[] }>("Accessibility.getPartialAXTree", {
      nodeId,
      fetchRelatives: false,
    });
    const node = nodes[0];
    if (node === undefined || node.ignored) continue;
    const missing = [
      PICTURES.includes(node.role?.value) ? "" : `its role is ${node.role?.value}`,
      node.name?.value ? "" : "it has no name",
      // Without one, Chromium gives the name again.
      !isAlone || (node.description?.value && node.description.value !== node.name?.value)
        ? ""
        : "it has no description",
    ].filter((text) => text !== "");
    if (missing.length === 0) continue;
    found.push({
      kind: "accessibility",
      text: "",
      place: places[index] as string,
      detail: missing.join(", "),
    });
  }
  return found;
}

interface AxeResult {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly {
    readonly html: string;
    readonly target: readonly unknown[];
    readonly failureSummary: string;
  }[];
}

async function axe(page: Page): Promise<Found[]> {
  await page.evaluate(`${AXE}; 0`);
  const violations = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"], rules: { "page-has-heading-one": { enabled: !!document.querySelector("h1, h2") } } }).then((result) => result.violations)',
  )) as AxeResult[];
  const nodes = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => ({ ...node, rule: `${id}: ${help}` })),
  );
  const selectors = nodes.map(({ target }) => target.join(" "));
  const places = (await page.evaluate(`pictures.places(${JSON.stringify(selectors)})`)) as string[];
  return nodes.map(({ html, rule, failureSummary }, index) => ({
    kind: "accessibility",
    text: html.slice(0, 120),
    place: places[index] as string,
    detail: `${rule}; ${failureSummary.split("\n").slice(1).join(" ").trim()}`,
  }));
}

/** As many pixels for each CSS pixel as small letters need to be looked at. */
function scaleFor(
  runs: readonly Run[],
  { width, height }: { readonly width: number; readonly height: number },
): number {
  const smallest = Math.max(LEGIBLE, Math.min(...runs.map(({ size }) => size)));
  return Math.max(1, Math.min(11 / smallest, Math.sqrt(6e6 / (width * height))));
}

async function look(
  page: Page,
  session: Session,
  picture: Picture,
  view: View,
  { prepare, asksAxe }: Pick<CheckOptions, "prepare"> & { readonly asksAxe: boolean },
): Promise<Found[]> {
  // The page before ends first, and with it its requests.
  await page.goto("about:blank");
  const hear = listen(page, picture);
  await open(page, picture, view);
  await prepare?.(page, view);
  const { width, height, excess } = (await page.evaluate("pictures.pageSize()")) as PageSize;
  const runs = (await page.evaluate("pictures.readRuns()")) as Run[];
  const found: Found[] = [...overlaps(runs)];
  for (const run of runs) {
    if (run.clippedBy !== null) {
      found.push({ kind: "clipped", text: run.text, place: at(run), detail: `by ${run.clippedBy}` });
    }
  }
  if (excess > 0) found.push({ kind: "wide", text: "", place: "page", detail: `by ${excess} px` });
  const glyphs = (await page.evaluate("pictures.missingGlyphs()")) as {
    character: string;
    text: string;
    place: string;
  }[];
  for (const { character, text, place } of glyphs) {
    const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
    found.push({ kind: "glyph", text, place, detail: `${character} (U+${code})` });
  }
  const size = { width, height };
  const scale = scaleFor(runs, size);
  const full = await takeScreen(session, size, scale);
  await page.evaluate("pictures.hideText(true)");
  const bare = await takeScreen(session, size, scale);
  found.push(...(await surroundings(page, runs, full, bare)));
  await page.evaluate("pictures.hideText(false)");
  if (asksAxe) found.push(...(await axe(page)), ...(await unnamed(page, session, "svgs" in picture)));
  found.push(...hear());
  return found;
}

/** What is no XML, though a page may show it. */
async function markup(page: Page, svgs: Readonly<Record<string, string>>): Promise<Found[]> {
  const found: Found[] = [];
  await page.goto("about:blank");
  await page.evaluate(IN_PAGE);
  for (const [place, svg] of Object.entries(svgs)) {
    const detail = (await page.evaluate(`pictures.parseError(${JSON.stringify(svg)})`)) as string | null;
    if (detail !== null) found.push({ kind: "markup", text: "", place, detail });
  }
  return found;
}

/** All that is wrong with a picture, in each view. */
export async function checkPicture(
  page: Page,
  picture: Picture,
  options: CheckOptions = {},
): Promise<Fault[]> {
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  await session.send("Accessibility.enable");
  const faults = new Map<string, Found & { views: string[] }>();
  for (const fault of "svgs" in picture ? await markup(page, picture.svgs) : []) {
    faults.set(fault.place, { ...fault, views: [] });
  }
  for (const [index, view] of (options.views ?? VIEWS).entries()) {
    // What axe finds in an SVG does not depend on the view: it knows nothing of the colours of its text.
    const asksAxe = "svgs" in picture ? index === 0 : view.print !== true;
    for (const fault of await look(page, session, picture, view, { ...options, asksAxe })) {
      if (options.allow?.[fault.kind] !== undefined) continue;
      const key = `${fault.kind} ${fault.text} ${fault.place.replace(/ at .*/, "")}`;
      const known = faults.get(key) ?? { ...fault, views: [] };
      if (known.views.at(-1) !== nameOf(view)) known.views.push(nameOf(view));
      faults.set(key, known);
    }
  }
  await session.detach();
  return [...faults.values()];
}
