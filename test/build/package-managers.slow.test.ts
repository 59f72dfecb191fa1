import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { platformName } from "../../scripts/platforms.mjs";
import { attempt, run, userEnvironment } from "./helpers.js";
import { packTarballs, type Tarballs } from "./tarballs.js";

// Installs the tarballs as users of other package managers do.
const folder = mkdtempSync(join(tmpdir(), "thalweg-managers-"));
const tools = join(folder, "tools");
let tarballs: Tarballs;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  tarballs = packTarballs(folder);
  mkdirSync(tools);
  const packages = ["pnpm@10", "@yarnpkg/cli-dist@4"];
  run("npm", ["install", "--no-audit", "--no-fund", "--prefix", tools, ...packages]);
}, 600_000);

const tool = (...path: string[]): string => join(tools, "node_modules", ...path);
const PROGRAM = 'import { tensor } from "thalweg";\nconsole.log(tensor([1, 2]).sum().item());\n';

/** An application in a folder of its own, with the library and its binary from the tarballs. */
function makeApp(name: string, about: object = {}): string {
  const app = join(folder, name);
  mkdirSync(app);
  const dependencies = { thalweg: `file:${tarballs.library}` };
  writeFileSync(join(app, "package.json"), JSON.stringify({ name, private: true, dependencies, ...about }));
  writeFileSync(join(app, "main.mjs"), PROGRAM);
  return app;
}

const replaced = () => ({ [tarballs.name]: `file:${tarballs.binary}` });
const npm = (cwd: string, ...args: string[]) =>
  attempt("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...args], { cwd });
const node = (cwd: string, ...args: string[]) => attempt(process.execPath, args, { cwd });
const works = { status: 0, stdout: "3\n", stderr: "" };

describe.skipIf(process.platform !== "linux")("the library and its binary", { timeout: 300_000 }, () => {
  test("work as pnpm installs them", () => {
    const app = makeApp("pnpm", { pnpm: { overrides: replaced() } });
    run(process.execPath, [tool("pnpm", "bin", "pnpm.cjs"), "install", "--ignore-scripts"], { cwd: app });
    expect(node(app, "main.mjs")).toEqual(works);
  });

  test("work as Yarn installs them with Plug'n'Play, without a folder node_modules", () => {
    const app = makeApp("yarn", { resolutions: replaced() });
    writeFileSync(
      join(app, ".yarnrc.yml"),
      "nodeLinker: pnp\nenableTelemetry: false\nenableScripts: false\n",
    );
    writeFileSync(join(app, "yarn.lock"), "");
    const yarn = tool("@yarnpkg", "cli-dist", "bin", "yarn.js");
    const env = userEnvironment({ YARN_GLOBAL_FOLDER: join(folder, "yarn-global"), CI: "" });
    run(process.execPath, [yarn, "install", "--no-immutable"], { cwd: app, env });
    expect(attempt(process.execPath, [yarn, "node", "main.mjs"], { cwd: app, env })).toMatchObject({
      status: 0,
      stdout: "3\n",
    });
  });

  test("are left with what to do by --omit=optional with --ignore-scripts", () => {
    const app = makeApp("omit", { overrides: replaced() });
    expect(npm(app, "--omit=optional", "--ignore-scripts")).toMatchObject({ status: 0 });
    const { status, stderr } = node(app, "main.mjs");
    expect(status).toBe(1);
    expect(stderr).toContain(`thalweg: no native addon for ${platformName()}`);
    expect(stderr).toMatch(new RegExp(`^  npm install ${tarballs.name}@\\d+\\.\\d+\\.\\d+$`, "m"));
  });
});
