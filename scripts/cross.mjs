// Builds the addon for another processor than this machine's, of the same sources with the same flags:
//
//   node scripts/cross.mjs linux-arm64      writes build-cross/linux-arm64/thalweg.node
//
// Needs cmake, Node's headers and the target's compiler.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { findHeaders, root } from "./toolchain.mjs";

/** The compiler for each platform that can be built for, as GNU names its target, and Debian's package with it. */
const TARGETS = {
  "linux-arm64": {
    system: "Linux",
    processor: "aarch64",
    arch: "arm64",
    gnu: "aarch64-linux-gnu",
    debian: "g++-aarch64-linux-gnu",
  },
};

/** The platforms that can be built for on this one. */
export const crossPlatforms =
  process.platform === "linux" ? Object.keys(TARGETS).filter((name) => !name.endsWith(process.arch)) : [];

const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });

function targetNamed(name) {
  if (!crossPlatforms.includes(name))
    throw new Error(
      `no cross compiler is known here for ${name}; for ${crossPlatforms.join(", ") || "none"}`,
    );
  return TARGETS[name];
}

/** The C++ compiler for a platform. */
export const crossCompiler = (name) => `${targetNamed(name).gnu}-g++`;

/** @returns the path of the addon. */
export function crossBuild(name) {
  const { system, processor, arch, gnu, debian } = targetNamed(name);
  const compiler = crossCompiler(name);
  try {
    execFileSync(compiler, ["--version"], { stdio: "ignore" });
  } catch {
    throw new Error(`${compiler} is missing (Debian: apt-get install ${debian})`);
  }
  const headers = findHeaders();
  if (headers === null) throw new Error("this Node was installed without its headers");
  const addonApi = dirname(createRequire(import.meta.url).resolve("node-addon-api/package.json"));
  const folder = join(root, "build-cross", name);
  mkdirSync(folder, { recursive: true });
  run(
    "cmake",
    "-S",
    root,
    "-B",
    folder,
    "-DCMAKE_BUILD_TYPE=Release",
    `-DCMAKE_SYSTEM_NAME=${system}`,
    `-DCMAKE_SYSTEM_PROCESSOR=${processor}`,
    `-DCMAKE_CXX_COMPILER=${compiler}`,
    `-DTHALWEG_ARCH=${arch}`,
    `-DCMAKE_JS_INC=${join(headers, "include", "node")};${addonApi}`,
  );
  run("cmake", "--build", folder, "--parallel", "2");
  run(`${gnu}-strip`, "--strip-unneeded", join(folder, "thalweg.node"));
  return join(folder, "thalweg.node");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(crossBuild(process.argv[2] ?? ""));
