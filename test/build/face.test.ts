import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root, run } from "./helpers.js";

const read = (name: string) => readFileSync(join(root, name), "utf8");
const about = JSON.parse(read("package.json"));
const home: string = about.homepage.replace(/#.*$/, "");
const README = read("README.md");

/** Texts for people: what git has, and what it does not ignore. */
const pages = run("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
  .split("\n")
  .filter((name) => /^(?:[A-Z_]+\.md|docs\/[\w-]+\.md|\.github\/.+\.(?:md|yml))$/.test(name))
  .filter((name) => existsSync(join(root, name)));

describe("the project's address", () => {
  test("is one in package.json", () => {
    expect(about.repository).toEqual({ type: "git", url: `git+${home}.git` });
    expect(about.bugs).toBe(`${home}/issues`);
  });

  test("is the same on every page", () => {
    const own = new RegExp(`https://github\\.com/[^/]*/${about.name}\\b`, "g");
    const found = pages.flatMap((page) => (read(page).match(own) ?? []).map((url) => ({ page, url })));
    expect(found.length).toBeGreaterThan(3);
    for (const each of found) expect(each).toEqual({ ...each, url: home });
  });
});

test("badges say what package.json says", () => {
  const badges = [...README.matchAll(/img\.shields\.io\/badge\/([^)]+)\)/g)].map(([, text]) =>
    decodeURIComponent(text as string),
  );
  const node = /^>=([\d.]+)$/.exec(about.engines.node)?.[1];
  expect(badges).toEqual([`licence-${about.license}-blue`, `node-≥ ${node}-blue`, "types-included-blue"]);
  expect(JSON.stringify(about.exports)).toContain('"types":');
  const workflow = /actions\/workflows\/([\w.-]+)\/badge\.svg/.exec(README)?.[1] as string;
  expect(existsSync(join(root, ".github", "workflows", workflow))).toBe(true);
});

test.each(pages.filter((page) => page.endsWith(".md")))(
  "links of %s lead to files that are there",
  (page) => {
    const folder = join(root, page, "..");
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      ([, link]) => link as string,
    );
    for (const link of links) expect([link, existsSync(join(folder, link))]).toEqual([link, true]);
  },
);

test("issue forms ask for what an answer needs, and have what GitHub wants of a form", () => {
  const folder = join(".github", "ISSUE_TEMPLATE");
  const forms = readdirSync(join(root, folder)).filter((name) => name !== "config.yml");
  expect(forms.sort()).toEqual(["bug.yml", "feature.yml", "question.yml"]);
  for (const form of forms) {
    const text = read(join(folder, form));
    expect(text).toMatch(/^name: \S.*\ndescription: \S.*\n/);
    expect(text).toMatch(/^body:\n {2}- type: /m);
    const ids = [...text.matchAll(/^ {4}id: (\S+)$/gm)].map(([, id]) => id);
    expect(ids.length).toBe(text.match(/^ {2}- type: /gm)?.length);
    expect(new Set(ids).size).toBe(ids.length);
  }
  expect(read(join(folder, "bug.yml"))).toContain("t.backendInfo()");
});
