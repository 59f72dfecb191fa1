// Makes a release: checks what is released, writes the version and the changelog, commits and tags. The tag, once
// pushed, makes .github/workflows/publish.yml build and publish it.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { root } from "./toolchain.mjs";

const semver = createRequire(import.meta.url)("semver");

const USAGE = `usage: npm run release -- VERSION [--dry-run]
       npm run --silent release -- VERSION --notes

Takes the unreleased part of CHANGELOG.md as VERSION of today, sets the version in package.json,
package-lock.json and the packages of single platforms, commits and tags.

  --dry-run   checks everything, says what would be done, and changes nothing
  --notes     prints what CHANGELOG.md says of VERSION, which has been released`;

class ReleaseError extends Error {}

const PLATFORM_PACKAGE = /^@thalweg\//;
/** How an entry says that programs have to change for it. */
const BREAKING = /^- \*\*Breaking:\*\* /;
/** The line above entries that only mend. */
const FIXES = "Fixed:";
const LEVELS = ["patch", "minor", "major"];

const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const read = (name) => readFileSync(join(root, name), "utf8");

/** The parts of the changelog below its headings of second order. */
function changelogParts(text) {
  return text
    .split(/^(?=## )/m)
    .slice(1)
    .map((part) => {
      const [heading] = part.split("\n", 1);
      const released = /^## (\S+) \((\d{4}-\d{2}-\d{2})\)$/.exec(heading);
      return { heading, body: part.slice(heading.length).trim(), version: released?.[1] ?? null };
    });
}

/** The unreleased part, which is the first, and the version that was released last, or null. */
function readChangelog(text) {
  const [unreleased, ...older] = changelogParts(text);
  if (unreleased === undefined || !/^## (Unreleased|\S+ \(not released\))$/.test(unreleased.heading)) {
    throw new ReleaseError(
      'CHANGELOG.md: expected the first heading of second order to be "## Unreleased" or "## 1.2.3 (not released)", ' +
        `got ${JSON.stringify(unreleased?.heading ?? "none")}`,
    );
  }
  const wrong = older.find(({ version }) => semver.valid(version) === null);
  if (wrong !== undefined) {
    throw new ReleaseError(`CHANGELOG.md: expected "## 1.2.3 (2026-01-31)", got "${wrong.heading}"`);
  }
  return { unreleased, last: older[0]?.version ?? null };
}

/** The least step of the version that these entries need. Below 1.0, what breaks programs takes a minor one. */
function neededLevel(body, last) {
  let group = "";
  let level = null;
  const atLeast = (other) => {
    if (LEVELS.indexOf(other) > LEVELS.indexOf(level)) level = other;
  };
  for (const line of body.split("\n")) {
    if (/^\S.*:$/.test(line) && !line.startsWith("- ")) group = line;
    if (!line.startsWith("- ")) continue;
    if (BREAKING.test(line)) atLeast(last !== null && semver.major(last) > 0 ? "major" : "minor");
    else atLeast(group === FIXES ? "patch" : "minor");
  }
  if (level === null) throw new ReleaseError("CHANGELOG.md: the unreleased part has no entries");
  return level;
}

/** @throws ReleaseError where semver, or what was released before, has other versions next. */
function checkVersion(version, { level, last, current }) {
  if (semver.valid(version) !== version) {
    throw new ReleaseError(`expected a version such as 1.2.3 or 1.3.0-rc.1, got "${version}"`);
  }
  const levels = LEVELS.slice(LEVELS.indexOf(level));
  const next = last === null ? [current] : levels.map((one) => semver.inc(last, one));
  const target = semver.prerelease(version) === null ? version : version.split("-")[0];
  if (next.includes(target) && (last === null || semver.gt(version, last))) return;
  const choices = [...new Set(next)].join(" or ");
  const reason =
    last === null
      ? `nothing has been released, and package.json says ${current}`
      : `${last} was the last, and the changelog's entries need a ${level} version`;
  throw new ReleaseError(`expected ${choices}, or a prerelease of that, got ${version}: ${reason}`);
}

/** The files with the version, by name, as they will be. */
function filesWith(version) {
  const files = new Map();
  const edit = (name, change) => {
    const json = JSON.parse(read(name));
    change(json);
    files.set(name, `${JSON.stringify(json, null, 2)}\n`);
  };
  const pin = (dependencies = {}) => {
    for (const name of Object.keys(dependencies)) {
      if (PLATFORM_PACKAGE.test(name)) dependencies[name] = version;
    }
  };
  edit("package.json", (json) => {
    json.version = version;
    pin(json.optionalDependencies);
  });
  edit("package-lock.json", (json) => {
    json.version = version;
    json.packages[""].version = version;
    pin(json.packages[""].optionalDependencies);
  });
  for (const name of git("ls-files", "--", "*/package.json").split("\n").filter(Boolean)) {
    const { name: own } = JSON.parse(read(name));
    if (PLATFORM_PACKAGE.test(own ?? "")) {
      edit(name, (json) => {
        json.version = version;
      });
    }
  }
  return files;
}

function checkRepository(tag) {
  const changed = git("status", "--porcelain");
  if (changed !== "") throw new ReleaseError(`expected a clean tree; git status says:\n${changed}`);
  if (git("tag", "--list", tag) !== "") throw new ReleaseError(`there is a tag ${tag} already`);
}

function notes(version) {
  const part = changelogParts(read("CHANGELOG.md")).find((one) => one.version === version);
  if (part === undefined) throw new ReleaseError(`CHANGELOG.md has no released version ${version}`);
  const { version: current } = JSON.parse(read("package.json"));
  if (current !== version) throw new ReleaseError(`package.json is of version ${current}, not ${version}`);
  return part.body;
}

function release(version, isDry) {
  const changelog = read("CHANGELOG.md");
  const { unreleased, last } = readChangelog(changelog);
  const { version: current } = JSON.parse(read("package.json"));
  const level = neededLevel(unreleased.body, last);
  checkVersion(version, { level, last, current });
  const tag = `v${version}`;
  checkRepository(tag);

  const heading = `## ${version} (${new Date().toISOString().slice(0, 10)})`;
  const files = filesWith(version);
  files.set(
    "CHANGELOG.md",
    changelog.replace(unreleased.heading, () => `## Unreleased\n\n${heading}`),
  );

  const names = [...files.keys()];
  if (isDry) {
    const changing = names.filter((name) => read(name) !== files.get(name));
    console.log(`would write ${changing.join(", ")}; commit "Release ${version}"; tag ${tag}:`);
    console.log(`\n${heading}\n\n${unreleased.body}`);
    return;
  }
  try {
    for (const [name, text] of files) writeFileSync(join(root, name), text);
    git("add", "--", ...names);
    git("commit", "--quiet", "--message", `Release ${version}`);
  } catch (error) {
    git("checkout", "--quiet", "HEAD", "--", ...names); // nothing is left half done
    throw error;
  }
  git("tag", "--annotate", tag, "--message", `Version ${version}`);
  console.log(`committed and tagged ${tag}; to publish it: git push --atomic origin HEAD ${tag}`);
}

function main() {
  const { values, positionals } = parseArgs({
    options: {
      "dry-run": { type: "boolean", default: false },
      notes: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  if (values.help) return console.log(USAGE);
  if (positionals.length !== 1) throw new ReleaseError(`expected one version\n\n${USAGE}`);
  if (values.notes) return console.log(notes(positionals[0]));
  return release(positionals[0], values["dry-run"]);
}

try {
  main();
} catch (error) {
  const isExpected = error instanceof ReleaseError || error.code?.startsWith("ERR_PARSE_ARGS");
  console.error(isExpected ? `release: ${error.message}` : error);
  process.exitCode = 1;
}
