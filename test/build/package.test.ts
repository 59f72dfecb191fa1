import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { platformName } from "../../scripts/toolchain.mjs";
import { attempt, root, run, userEnvironment } from "./helpers.js";

// The contents of a user's folder after an installation of the packed tarball without scripts.
const folder = mkdtempSync(join(tmpdir(), "thalweg-package-"));
const app = join(folder, "app");
const installed = join(app, "node_modules", "thalweg");
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

// The files that the process has mapped: the addon and the OpenMP library must be those of the package.
const MAPPED = `
const maps = fs.existsSync("/proc/self/maps") ? fs.readFileSync("/proc/self/maps", "utf8") : "";
const mapped = [...new Set(maps.match(/\\/.*(thalweg\\.node|libgomp\\.so.*)$/gm) ?? [])];
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

/** Whether dist/ is older than lib/: the packed code would not be the tested code. */
function distIsStale(): boolean {
  const built = join(root, "dist", "index.js");
  if (!existsSync(built)) return true;
  const sources = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" });
  return sources.some((path) => statSync(join(root, "lib", path)).mtimeMs > statSync(built).mtimeMs);
}

// If the environment chooses the addon of another build, that build's tests need not repeat this.
const elsewhere = process.env["THALWEG_ADDON"] !== undefined;

describe.skipIf(process.platform !== "linux" || elsewhere)("the packed package", () => {
  let packed: readonly string[] = [];

  beforeAll(() => {
    if (distIsStale()) run("npm", ["run", "build:ts"]);
    run("npm", ["run", "prebuild"]);
    const [pack] = JSON.parse(
      run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]),
    ) as { filename: string; files: { path: string }[] }[];
    if (pack === undefined) throw new Error("npm pack packed nothing");
    packed = pack.files.map((file) => file.path);

    mkdirSync(app);
    writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
    npm(["install", "--ignore-scripts", "--prefer-offline", join(folder, pack.filename)], app);
    for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(app, name), text);
  }, 600_000);

  test("contains the binary, the types and everything needed to build it, and nothing else", () => {
    const prebuilt = `prebuilds/${platformName()}`;
    expect(packed).toEqual(
      expect.arrayContaining([
        "package.json",
        "binding.gyp",
        "dist/index.js",
        "dist/index.d.ts",
        "dist/index.d.ts.map",
        "dist/index.js.map",
        "lib/index.ts",
        "native/sources.json",
        "native/sources.mjs",
        "native/addon/addon.cc",
        "native/kernels/isa/kernels.gypi",
        "scripts/install.mjs",
        "scripts/toolchain.mjs",
        `${prebuilt}/thalweg.node`,
        `${prebuilt}/libgomp.so.1`,
        `${prebuilt}/libgomp.so.1.LICENSE.txt`,
      ]),
    );
    const folders = new Set(packed.filter((path) => path.includes("/")).map((path) => path.split("/")[0]));
    expect([...folders].sort()).toEqual(["dist", "lib", "native", "prebuilds", "scripts"]);
  });

  test("installs at most three other packages", () => {
    const packages = readdirSync(join(app, "node_modules")).filter((name) => !name.startsWith("."));
    expect(packages.length).toBeLessThanOrEqual(4);
    expect(existsSync(join(installed, "build"))).toBe(false);
  });

  test.each(["import.mjs", "require.cjs", "worker-import.mjs", "worker-require.cjs"] as const)(
    "trains a tiny network: %s",
    (program) => {
      const { first, last, mapped } = execute(program);
      expect(first).toBeGreaterThan(0.3);
      expect(last).toBeLessThan(first / 4);
      if (mapped === undefined) return;
      const own = join(installed, "prebuilds", platformName());
      expect(mapped.toSorted()).toEqual([join(own, "libgomp.so.1"), join(own, "thalweg.node")]);
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
    const prebuilds = join(installed, "prebuilds");
    run("mv", [prebuilds, join(folder, "prebuilds")]);
    const { status, stderr } = attempt(process.execPath, ["import.mjs"], { cwd: app });
    run("mv", [join(folder, "prebuilds"), prebuilds]);
    expect(status).not.toBe(0);
    expect(stderr).toContain(join(prebuilds, platformName(), "thalweg.node"));
    expect(stderr).toContain("apt-get install g++ make python3");
  });

  // A whole build: only CI asks for it.
  test("builds itself without a binary, with npm's own node-gyp", { timeout: 900_000 }, ({ skip }) => {
    if (process.env["THALWEG_TEST_SOURCE_INSTALL"] !== "1") skip("THALWEG_TEST_SOURCE_INSTALL is not 1");
    rmSync(join(installed, "prebuilds"), { recursive: true });
    expect(existsSync(join(app, "node_modules", "node-gyp"))).toBe(false);
    const output = run("npm", ["rebuild", "thalweg", "--foreground-scripts"], {
      cwd: app,
      env: userEnvironment(),
    });
    expect(output).toMatch(/thalweg: built the native addon in \d+ s/);
    expect(readFileSync(join(installed, "build", "Release", "thalweg.node")).length).toBeGreaterThan(0);
    expect(execute("import.mjs").last).toBeLessThan(0.1);
  });
});
