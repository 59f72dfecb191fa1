// All pictures, as a reader's browser shows them: by day and by night, on phones and in wide windows, and on paper.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, describe, expect, test } from "vitest";
import { cost, fit } from "../../lib/index.js";
import { Watch } from "../../lib/report/watch/server.js";
import { CASES as PLOTS } from "../plot/cases.js";
import { imageOptions, numberModel, numbers } from "../report/runs.js";
import { chromiumPath, type Page, usePage } from "./browser.js";
import { type CheckOptions, checkPicture, type Fault, type Picture, VIEWS } from "./check.js";
import { DIAGRAMS } from "./diagrams.js";

const page = usePage();
const folder = mkdtempSync(join(tmpdir(), "thalweg-pictures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const figures = join(import.meta.dirname, "../../docs/figures");

/** One line a fault, so that a failure can be read. */
const lines = (faults: readonly Fault[]): string[] =>
  faults.map(
    ({ kind, text, place, detail, views }) => `${kind} "${text}" ${place}: ${detail} (${views.join("; ")})`,
  );

async function expectNoFault(picture: Picture, options?: CheckOptions): Promise<void> {
  expect(lines(await checkPicture(page(), picture, options))).toEqual([]);
}

/** Wide by day, narrow by night, and on paper. The nightly run has every view of each picture. */
const FEW_VIEWS = VIEWS.filter((view) => view.print || view.theme === (view.width > 1000 ? "light" : "dark"));
const ofOne: CheckOptions = process.env["THALWEG_ALL_VIEWS"] === "1" ? {} : { views: FEW_VIEWS };

/** As many pictures as a page has room for. */
const PAGE = 8;

function inPages<Made>(pictures: Readonly<Record<string, Made>>): [string, Readonly<Record<string, Made>>][] {
  const all = Object.entries(pictures);
  return Array.from({ length: Math.ceil(all.length / PAGE) }, (_, i) => {
    const some = all.slice(i * PAGE, (i + 1) * PAGE);
    return [some.map(([name]) => name).join("; "), Object.fromEntries(some)];
  });
}

type Makers = Readonly<Record<string, () => { readonly svg: string } | Promise<{ readonly svg: string }>>>;

async function svgsOf(makers: Makers): Promise<Record<string, string>> {
  const made = Object.entries(makers).map(async ([name, make]) => [name, (await make()).svg] as const);
  return Object.fromEntries(await Promise.all(made));
}

/** Waits until what the server sends has been drawn: for half a second nothing in the page changes, or 5 have passed. */
async function untilStill(shown: Page): Promise<void> {
  await shown.evaluate(`new Promise((resolve) => {
    setTimeout(resolve, 5000);
    let waiting = setTimeout(resolve, 2000);
    new MutationObserver(() => {
      clearTimeout(waiting);
      waiting = setTimeout(resolve, 500);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  })`);
}

describe.skipIf(chromiumPath === undefined)("a browser shows without a fault", () => {
  test("the figures of the documentation", async () => {
    const svgs = readdirSync(figures).map((name) => [name, readFileSync(join(figures, name), "utf8")]);
    await expectNoFault({ svgs: Object.fromEntries(svgs) });
  });

  test.each(inPages(DIAGRAMS))("diagrams: %s", async (_, makers) => {
    await expectNoFault({ svgs: await svgsOf(makers) }, ofOne);
  });

  test.each(inPages(PLOTS))("plots: %s", async (_, makers) => {
    await expectNoFault({ svgs: await svgsOf(makers) }, ofOne);
  });

  test("the report of a run of images", async () => {
    const file = join(folder, "images.html");
    const { model, options } = imageOptions();
    await fit(model, { ...options, report: file });
    await expectNoFault({ html: readFileSync(file, "utf8") });
  });

  test("the report of a run of numbers", async () => {
    const file = join(folder, "numbers.html");
    const { model, optimizer } = numberModel();
    await fit(model, { data: numbers(), cost: cost.mse, optimizer, report: file });
    await expectNoFault({ html: readFileSync(file, "utf8") });
  });

  test("the page that watches runs", async () => {
    const runs = join(folder, "runs");
    for (let run = 0; run < 2; run++) {
      const { model, options } = imageOptions();
      await fit(model, { ...options, watch: runs });
    }
    const watch = await Watch.open(runs);
    try {
      await expectNoFault({ url: watch.url }, { prepare: untilStill });
    } finally {
      await watch.close();
    }
  });

  test("the diagram of a watched run with the last norms of its gradients", async () => {
    const runs = join(folder, "norms");
    const { model, options } = imageOptions();
    await fit(model, { ...options, watch: runs });
    const file = readdirSync(runs, { recursive: true }).find((name) => String(name).endsWith(".run.jsonl"));
    const events = readFileSync(join(runs, String(file)), "utf8")
      .trim()
      .split("\n");
    const last = events.map((line) => JSON.parse(line)).findLast(({ event }) => event === "gradients");
    const watch = await Watch.open(runs);
    try {
      await page().goto(watch.url);
      const source = `new TextDecoder().decode(Uint8Array.from(atob(
        document.querySelector("#diagram img").src.split(",")[1]), (c) => c.charCodeAt(0)))`;
      const shown = `Boolean(document.querySelector("#diagram img")) && ${source}.includes("‖∇‖")`;
      await expect.poll(() => page().evaluate(shown), { timeout: 30_000 }).toBe(true);
      const svg = String(await page().evaluate(source));
      const told = Array.from(svg.matchAll(/>‖∇‖ ([^<]*)</g), ([, text]) => Number(text));
      const norms = Object.values(last.norms as Readonly<Record<string, number>>);
      expect(told).toHaveLength(norms.length);
      for (const [at, norm] of norms.entries()) expect(told[at]).toBeCloseTo(norm, 3);
      await expectNoFault({ svgs: { diagram: svg } });
    } finally {
      await watch.close();
    }
  });
});
