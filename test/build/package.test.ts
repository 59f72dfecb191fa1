import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageName, platformName } from "../../scripts/platforms.mjs";
import { attempt, distIsStale, root, run, userEnvironment } from "./helpers.js";
import { packTarballs } from "./tarballs.js";

// The contents of a user's folder after an installation of the packed tarballs without scripts.
const folder = mkdtempSync(join(tmpdir(), "thalweg-package-"));
const app = join(folder, "app");
const installed = join(app, "node_modules", "thalweg");
const binary = join(app, "node_modules", packageName(platformName()));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TRAIN = `
const { cost, manualSeed, nn, optim, tensor } = thalweg;
manualSeed(1);
const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2));
const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
const y = tensor([0, 1, 1, 0], { dtype: "int32" });
const opt = new optim.SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
const losses = [];
for (let step = 0; step < 200; step++) {
  const loss = cost.crossEntropy(model.forward(x), y);
  losses.push(loss.item());
  opt.zeroGrad();
  loss.backward();
  opt.step();
}
const result = { first: losses[0], last: losses.at(-1) };
`;

// The addon that the process has mapped must be that of the package.
const MAPPED = `
const maps = fs.existsSync("/proc/self/maps") ? fs.readFileSync("/proc/self/maps", "utf8") : "";
const mapped = [...new Set(maps.match(/\\/.*thalweg\\.node$/gm) ?? [])];
`;

const PROGRAMS = {
  "import.mjs": `
import fs from "node:fs";
import * as thalweg from "thalweg";
${TRAIN}${MAPPED}
console.log(JSON.stringify({ ...result, mapped }));
`,
  "require.cjs": `
const fs = require("node:fs");
const thalweg = require("thalweg");
${TRAIN}${MAPPED}
console.log(JSON.stringify({ ...result, mapped }));
`,
  "worker-import.mjs": `
import { isMainThread, parentPort, Worker } from "node:worker_threads";
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.on("message", (result) => console.log(JSON.stringify(result)));
} else {
  const thalweg = await import("thalweg");
  ${TRAIN}
  parentPort.postMessage(result);
}
`,
  "worker-require.cjs": `
const { isMainThread, parentPort, Worker } = require("node:worker_threads");
if (isMainThread) {
  const worker = new Worker(__filename);
  worker.on("message", (result) => console.log(JSON.stringify(result)));
} else {
  const thalweg = require("thalweg");
  ${TRAIN}
  parentPort.postMessage(result);
}
`,
} as const;

const USER_TYPES = `
import { cost, nn, ops, optim, tensor, type Tensor } from "thalweg";

class Net extends nn.Module {
  readonly hidden = new nn.Linear(2, 8);
  readonly out = new nn.Linear(8, 2);
  override forward(x: Tensor): Tensor {
    return this.out.forward(ops.tanh(this.hidden.forward(x)));
  }
}

const model = new Net();
const opt = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
const y: Tensor = tensor([0, 1], { dtype: "int32" });
const loss = cost.crossEntropy(model.forward(tensor([[0, 1], [1, 0]])), y, { reduction: "mean" });
loss.backward();
opt.step();
export const value: number = loss.item();
export const doubled: Tensor = loss.mul(2);

// @ts-expect-error: sizes are numbers
new nn.Linear("2", 8);
// @ts-expect-error: no such option
new optim.SGD(model.parameters(), { learningRate: 0.1 });
// @ts-expect-error: no such reduction
cost.crossEntropy(model.forward(y), y, { reduction: "average" });
`;

interface Trained {
  readonly first: number;
  readonly last: number;
  readonly mapped?: readonly string[];
}

function execute(program: keyof typeof PROGRAMS): Trained {
  return JSON.parse(run(process.execPath, [program], { cwd: app })) as Trained;
}

function npm(args: readonly string[], cwd: string): string {
  return run("npm", [...args, "--no-audit", "--no-fund"], { cwd });
}

// If the environment chooses the addon of another build, that build's tests need not repeat this.
const elsewhere = process.env["THALWEG_ADDON"] !== undefined;

describe.skipIf(process.platform !== "linux" || elsewhere)("the packed package", () => {
  let packed: readonly string[] = [];
  let tarball = "";

  beforeAll(() => {
    if (distIsStale()) run("npm", ["run", "build:ts"]);
    const tarballs = packTarballs(folder);
    packed = run("tar", ["-tzf", tarballs.library])
      .split("\n")
      .filter((path) => path !== "" && !path.endsWith("/"))
      .map((path) => path.slice("package/".length));
    tarball = tarballs.library;

    mkdirSync(app);
    writeFileSync(
      join(app, "package.json"),
      JSON.stringify({
        name: "app",
        private: true,
        type: "module",
        dependencies: { thalweg: `file:${tarballs.library}` },
        overrides: { [tarballs.name]: `file:${tarballs.binary}` },
      }),
    );
    npm(["install", "--ignore-scripts", "--prefer-offline"], app);
    for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(app, name), text);
  }, 600_000);

  test("contains the types and everything needed to build it, and nothing else", () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        "package.json",
        "binding.gyp",
        "dist/index.js",
        "dist/index.mjs",
        "dist/index.d.mts",
        "dist/package.json",
        "dist/esm/index.mjs",
        "dist/chunks/core.js",
        "dist/chunks/core.js.map",
        "dist/index.d.ts",
        "dist/index.d.ts.map",
        "lib/index.ts",
        "native/sources.json",
        "native/sources.mjs",
        "native/addon/addon.cc",
        "native/platforms.json",
        "native/kernels/isa/kernels.gypi",
        "scripts/install.mjs",
        "scripts/platforms.mjs",
        "scripts/toolchain.mjs",
      ]),
    );
    const folders = new Set(packed.filter((path) => path.includes("/")).map((path) => path.split("/")[0]));
    expect([...folders].sort()).toEqual(["dist", "lib", "native", "scripts"]);
  });

  test("has the binary in a package of its own, for this system alone, without install scripts", () => {
    expect(readdirSync(binary).sort()).toEqual([
      "LICENSE",
      "NOTICE",
      "README.md",
      "package.json",
      "thalweg.node",
    ]);
    const about = JSON.parse(readFileSync(join(binary, "package.json"), "utf8"));
    const { version, optionalDependencies } = JSON.parse(
      readFileSync(join(installed, "package.json"), "utf8"),
    );
    expect(about).toMatchObject({ version, os: [process.platform], cpu: [process.arch] });
    expect(about.scripts).toBeUndefined();
    expect(optionalDependencies).toEqual({ [about.name]: version });
  });

  test("installs at most three other packages beside that of the binary", () => {
    const packages = readdirSync(join(app, "node_modules")).filter((name) => !name.startsWith("."));
    expect(packages.length).toBeLessThanOrEqual(5);
    expect(existsSync(join(installed, "build"))).toBe(false);
  });

  test.each(["import.mjs", "require.cjs", "worker-import.mjs", "worker-require.cjs"] as const)(
    "trains a tiny network: %s",
    (program) => {
      const { first, last, mapped } = execute(program);
      expect(first).toBeGreaterThan(0.3);
      expect(last).toBeLessThan(first / 4);
      if (mapped === undefined) return;
      expect(mapped).toEqual([join(binary, "thalweg.node")]);
    },
  );

  test("type-checks a user's program, and finds its mistakes", () => {
    const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    const entries = Object.keys(exports).filter((entry) => !entry.endsWith(".json"));
    expect(entries.length).toBeGreaterThan(5);
    const imports = entries.map((entry) => `import "${join("thalweg", entry)}";\n`);
    writeFileSync(join(app, "user.ts"), imports.join("") + USER_TYPES);
    const options = { strict: true, noEmit: true, module: "NodeNext", target: "ES2023", types: [] };
    writeFileSync(
      join(app, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: ["user.ts"] }),
    );
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { status, stdout } = attempt(process.execPath, [tsc, "-p", app], { cwd: app });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  test.each([
    ["every module mode of TypeScript finds the types of what runs", "attw", []],
    ["publint has nothing to say", "publint", ["--strict"]],
  ])(
    "%s",
    (_, command, options) => {
      const { status, stdout, stderr } = attempt(join(root, "node_modules", ".bin", command), [
        tarball,
        ...options,
      ]);
      expect({ status, said: status === 0 ? "" : stdout + stderr }).toEqual({ status: 0, said: "" });
    },
    240_000,
  );

  test("has the command thalweg", () => {
    const command = join(app, "node_modules", ".bin", "thalweg");
    const { status, stdout } = attempt(command, ["--version"], { cwd: app });
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  test("builds nothing if its binary loads", () => {
    const { status, stdout, stderr } = attempt(
      process.execPath,
      [join(installed, "scripts", "install.mjs")],
      {
        cwd: installed,
      },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(existsSync(join(installed, "build"))).toBe(false);
  });

  test("says, without a binary, where it looked and what to do", () => {
    run("mv", [binary, join(folder, "binary")]);
    const { status, stderr } = attempt(process.execPath, ["import.mjs"], { cwd: app });
    run("mv", [join(folder, "binary"), binary]);
    expect(status).not.toBe(0);
    expect(stderr).toContain(`thalweg: no native addon for ${platformName()}, Node ${process.version}.`);
    expect(stderr).toContain(`${join(installed, "build", "Release", "thalweg.node")}: not there`);
    expect(stderr).toMatch(
      new RegExp(`^  npm install ${packageName(platformName())}@\\d+\\.\\d+\\.\\d+$`, "m"),
    );
    expect(stderr).toContain("npm rebuild thalweg");
    expect(stderr).toContain("THALWEG_ADDON=");
    expect(stderr).not.toContain("bundle");
  });

  test("refuses a binary of another version, when it is installed and when it is loaded", () => {
    const path = join(binary, "package.json");
    const text = readFileSync(path, "utf8");
    const { name, version } = JSON.parse(text);
    writeFileSync(path, text.replace(`"version": "${version}"`, '"version": "0.0.9"'));
    const loaded = attempt(process.execPath, ["import.mjs"], { cwd: app });
    const install = attempt(process.execPath, [join(installed, "scripts", "install.mjs")], {
      cwd: installed,
    });
    writeFileSync(path, text);
    const message = `thalweg: ${name} is version 0.0.9, thalweg is version ${version}; npm install ${name}@${version}`;
    expect(loaded.stderr).toContain(`BackendError: ${message}`);
    expect(install).toEqual({ status: 1, stdout: "", stderr: `${message}\n` });
  });

  test("goes on to what was built from source if the binary does not load", () => {
    const path = join(binary, "thalweg.node");
    const built = join(installed, "build", "Release");
    run("mv", [path, `${path}.kept`]);
    writeFileSync(path, "no binary");
    const failed = attempt(process.execPath, ["import.mjs"], { cwd: app });
    mkdirSync(built, { recursive: true });
    run("cp", [`${path}.kept`, join(built, "thalweg.node")]);
    const { mapped } = execute("import.mjs");
    rmSync(join(installed, "build"), { recursive: true });
    run("mv", [`${path}.kept`, path]);
    expect(mapped).toEqual([join(built, "thalweg.node")]);
    expect(failed.stderr).toMatch(new RegExp(`^  ${packageName(platformName())}: .*file too short`, "m"));
    expect(failed.stderr).not.toContain("npm install");
  });

  // A whole build: only CI asks for it. Without optimisation, which takes most of a build's time: here is asked whether
  // the package has all that is compiled, and the tests run on builds with all flags.
  test("builds itself without a binary, with npm's own node-gyp", { timeout: 900_000 }, ({ skip }) => {
    if (process.env["THALWEG_TEST_SOURCE_INSTALL"] !== "1") skip("THALWEG_TEST_SOURCE_INSTALL is not 1");
    rmSync(binary, { recursive: true });
    expect(existsSync(join(app, "node_modules", "node-gyp"))).toBe(false);
    const output = run("npm", ["rebuild", "thalweg", "--foreground-scripts"], {
      cwd: app,
      env: userEnvironment({ CXXFLAGS: "-O0" }),
    });
    expect(output).toMatch(/thalweg: built the native addon in \d+ s/);
    expect(readFileSync(join(installed, "build", "Release", "thalweg.node")).length).toBeGreaterThan(0);
    expect(execute("import.mjs").last).toBeLessThan(0.1);
  });
});
