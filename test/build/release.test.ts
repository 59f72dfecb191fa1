import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attempt, root, run, userEnvironment } from "./helpers.js";

// The script in a repository of its own.
let tree: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "thalweg-release-"));
  run("cp", ["-r", join(root, "scripts"), tree]);
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  write(".gitignore", "node_modules\n");
  writeJson("package.json", {
    name: "thalweg",
    version: "0.1.0",
    optionalDependencies: { "@thalweg/linux-x64": "0.1.0", other: "1.0.0" },
  });
  writeJson("package-lock.json", {
    name: "thalweg",
    version: "0.1.0",
    lockfileVersion: 3,
    packages: {
      "": { name: "thalweg", version: "0.1.0", optionalDependencies: { "@thalweg/linux-x64": "0.1.0" } },
      "node_modules/other": { version: "1.0.0" },
    },
  });
  writeJson("npm/linux-x64/package.json", { name: "@thalweg/linux-x64", version: "0.1.0" });
  writeJson("examples/app/package.json", { name: "app", version: "7.0.0" });
  git("init", "--quiet", "--initial-branch", "main");
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(tree, name)), { recursive: true });
  writeFileSync(join(tree, name), text);
}
const writeJson = (name: string, value: unknown) => write(name, `${JSON.stringify(value, null, 2)}\n`);
const read = (name: string) => readFileSync(join(tree, name), "utf8");
const versionIn = (name: string) => JSON.parse(read(name)).version;

// Hooks and configuration of the machine must not matter.
const PERSON = { NAME: "Test", EMAIL: "test@example.org" };
const env = () =>
  userEnvironment({
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    ...Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((role) =>
        Object.entries(PERSON).map(([name, value]) => [`GIT_${role}_${name}`, value]),
      ),
    ),
  });
const git = (...args: string[]) => run("git", args, { cwd: tree, env: env() }).trim();

/** Commits a changelog with this unreleased part, above what was released. */
function commit(unreleased: string, released = ""): void {
  write("CHANGELOG.md", `# Changelog\n\n${unreleased}\n${released}`);
  git("add", "--all");
  git("commit", "--quiet", "--message", "A change");
}
const release = (...args: string[]) =>
  attempt(process.execPath, [join(tree, "scripts", "release.mjs"), ...args], { cwd: tree, env: env() });

const OLDER = "\n## 0.4.1 (2026-01-31)\n\n- Before.\n";

test("a first release moves the unreleased part under its version, sets it everywhere, commits and tags", () => {
  commit("## 0.1.0 (not released)\n\n- Tensors.\n");
  const { status, stdout, stderr } = release("0.1.0");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("git push --atomic origin HEAD v0.1.0");
  const today = new Date().toISOString().slice(0, 10);
  expect(read("CHANGELOG.md")).toBe(`# Changelog\n\n## Unreleased\n\n## 0.1.0 (${today})\n\n- Tensors.\n\n`);
  expect(git("log", "-1", "--format=%s")).toBe("Release 0.1.0");
  expect(git("rev-parse", "v0.1.0^{commit}")).toBe(git("rev-parse", "HEAD"));
  expect(git("status", "--porcelain")).toBe("");
});

test("the next one sets the version in the lock file and in packages of platforms too, and in no other", () => {
  commit("## Unreleased\n\n- A new op.\n", OLDER);
  expect(release("0.5.0").status).toBe(0);
  for (const name of ["package.json", "package-lock.json", "npm/linux-x64/package.json"]) {
    expect([name, versionIn(name)]).toEqual([name, "0.5.0"]);
  }
  expect(JSON.parse(read("package.json")).optionalDependencies).toEqual({
    "@thalweg/linux-x64": "0.5.0",
    other: "1.0.0",
  });
  const { packages } = JSON.parse(read("package-lock.json"));
  expect(packages[""]).toMatchObject({
    version: "0.5.0",
    optionalDependencies: { "@thalweg/linux-x64": "0.5.0" },
  });
  expect(packages["node_modules/other"].version).toBe("1.0.0");
  expect(versionIn("examples/app/package.json")).toBe("7.0.0");
  expect(release("0.5.0", "--notes").stdout).toBe("- A new op.\n");
  // What was released is unreleased no more.
  expect(release("0.6.0").stderr).toContain("the unreleased part has no entries");
});

test("a dry run says what would be done and changes nothing", () => {
  commit("## Unreleased\n\n- A new op.\n", OLDER);
  const before = git("rev-parse", "HEAD");
  const { status, stdout } = release("0.5.0", "--dry-run");
  expect(status).toBe(0);
  expect(stdout).toContain("package.json, package-lock.json, npm/linux-x64/package.json, CHANGELOG.md");
  expect(stdout).toContain("- A new op.");
  expect([git("rev-parse", "HEAD"), git("status", "--porcelain"), git("tag")]).toEqual([before, "", ""]);
});

test("a commit that a hook refuses leaves nothing behind", () => {
  commit("## Unreleased\n\n- A new op.\n", OLDER);
  write(".git/hooks/pre-commit", "#!/bin/sh\necho no >&2\nexit 1\n");
  run("chmod", ["+x", join(tree, ".git/hooks/pre-commit")]);
  expect(release("0.5.0").status).toBe(1);
  expect([git("status", "--porcelain"), git("tag"), versionIn("package.json")]).toEqual(["", "", "0.1.0"]);
});

describe("versions by what the changelog says", () => {
  const FIX = "## Unreleased\n\nFixed:\n\n- A wrong number.\n";
  const FEATURE = "## Unreleased\n\n- A new op.\n\nFixed:\n\n- A wrong number.\n";
  const BREAKS = "## Unreleased\n\n- **Breaking:** `old` is gone.\n";
  const ONE = OLDER.replace("0.4.1", "1.4.1");
  const CANDIDATE = OLDER.replace("0.4.1", "0.5.0-rc.1");
  test.each([
    [FIX, OLDER, "0.4.2"],
    [FIX, OLDER, "1.0.0"],
    [FEATURE, OLDER, "0.5.0"],
    [BREAKS, OLDER, "0.5.0"],
    [BREAKS, ONE, "2.0.0"],
    [FEATURE, OLDER, "0.5.0-rc.1"],
    [FIX, CANDIDATE, "0.5.0-rc.2"],
    [FEATURE, CANDIDATE, "0.5.0"],
  ])("%j after %j may be %s", (unreleased, older, version) => {
    commit(unreleased, older);
    expect(release(version, "--dry-run")).toMatchObject({ status: 0, stderr: "" });
  });

  test.each([
    [FEATURE, OLDER, "0.4.2", "expected 0.5.0 or 1.0.0, or a prerelease of that, got 0.4.2"],
    [BREAKS, ONE, "1.5.0", "expected 2.0.0, or a prerelease of that, got 1.5.0"],
    [FIX, OLDER, "0.4.1", "0.4.1 was the last"],
    [FIX, OLDER, "0.4.3", "expected 0.4.2 or 0.5.0 or 1.0.0"],
    [FIX, CANDIDATE, "0.5.0-rc.1", "0.5.0-rc.1 was the last"],
    [FEATURE, "", "0.2.0", "nothing has been released, and package.json says 0.1.0"],
    [FIX, OLDER, "v0.4.2", 'expected a version such as 1.2.3 or 1.3.0-rc.1, got "v0.4.2"'],
    [FIX, "\n## 0.4.1\n", "0.4.2", 'expected "## 1.2.3 (2026-01-31)", got "## 0.4.1"'],
    ["## Unreleased\n\nWords.\n", OLDER, "0.5.0", "the unreleased part has no entries"],
    ["## 0.5.0 (2026-02-28)\n\n- Done.\n", OLDER, "0.6.0", "expected the first heading of second order"],
  ])("%j after %j may not be %s", (unreleased, older, version, message) => {
    commit(unreleased, older);
    const { status, stderr } = release(version, "--dry-run");
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(message) });
  });
});

describe("refused before anything has changed", () => {
  test("a tree with changes", () => {
    commit("## Unreleased\n\n- A new op.\n", OLDER);
    write("new.txt", "");
    expect(release("0.5.0").stderr).toContain("expected a clean tree; git status says:\n?? new.txt");
  });

  test("a tag that is there", () => {
    commit("## Unreleased\n\n- A new op.\n", OLDER);
    git("tag", "v0.5.0");
    expect(release("0.5.0").stderr).toContain("there is a tag v0.5.0 already");
  });

  test("no version, and an option that there is not", () => {
    commit("## Unreleased\n\n- A new op.\n", OLDER);
    expect(release().stderr).toContain("release: expected one version\n\nusage:");
    expect(release("0.5.0", "--dry").stderr).toContain("Unknown option '--dry'");
  });

  test("notes of a version that was not released", () => {
    commit("## Unreleased\n\n- A new op.\n", OLDER);
    expect(release("0.5.0", "--notes").stderr).toContain("CHANGELOG.md has no released version 0.5.0");
  });
});

test("this repository's files are as a release writes them", () => {
  const [heading] = /^## .*$/m.exec(readFileSync(join(root, "CHANGELOG.md"), "utf8")) ?? [];
  expect(heading).toMatch(/^## (Unreleased|\S+ \(not released\))$/);
  for (const name of ["package.json", "package-lock.json"]) {
    const text = readFileSync(join(root, name), "utf8");
    expect(`${JSON.stringify(JSON.parse(text), null, 2)}\n`).toBe(text);
  }
});
