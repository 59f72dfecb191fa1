// Finds the tools that build the native addon.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";

export const root = dirname(import.meta.dirname);

/** Loads an addon in a separate process. @returns the reason if that fails, else null. */
export function loadFailure(path) {
  const program = 'process.dlopen({ exports: {} }, process.argv[1]); process.stdout.write("loaded")';
  const child = spawnSync(process.execPath, ["-e", program, path], { encoding: "utf8" });
  if (child.stdout === "loaded" && child.status === 0) return null;
  return /^Error: (.*)$/m.exec(child.stderr)?.[1] ?? `exit ${child.status ?? child.signal}`;
}

function version(command, ...args) {
  const child = spawnSync(command, args, { encoding: "utf8" });
  return child.error === undefined && child.status === 0 ? `${child.stdout}${child.stderr}`.trim() : null;
}

// The oldest compilers with the parts of C++20 that the addon uses.
const OLDEST = { gcc: 10, clang: 12 };

function compilerProblem(compiler) {
  const banner = version(compiler, "--version");
  if (banner === null) return `${compiler} (a C++20 compiler) is missing`;
  const kind = banner.includes("clang") ? "clang" : "gcc";
  const major = Number.parseInt(version(compiler, "-dumpversion") ?? "", 10);
  if (major >= OLDEST[kind]) return null;
  return `${compiler} is version ${major}; C++20 needs at least ${kind} ${OLDEST[kind]}`;
}

// By the names of /etc/os-release, ID or ID_LIKE: how the build's tools are installed.
const LINUX_ADVICE = {
  debian: "apt-get install g++ make python3",
  ubuntu: "apt-get install g++ make python3",
  alpine: "apk add g++ make python3",
  fedora: "dnf install gcc-c++ make python3",
  rhel: "dnf install gcc-c++ make python3",
  amzn: "dnf install gcc-c++ make python3",
  arch: "pacman -S gcc make python",
  suse: "zypper install gcc-c++ make python3",
};

/**
 * How the tools that build the addon are installed on this system, one line.
 * @param {string} platform
 */
export function toolAdvice(platform = process.platform, release = osRelease()) {
  if (platform === "darwin") return "macOS: xcode-select --install";
  if (platform === "win32")
    return "Windows: install CMake and LLVM-MinGW's clang++, since Visual C++ cannot compile it";
  const field = (name) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(release)?.[1] ?? "";
  const names = `${field("ID")} ${field("ID_LIKE")}`.split(" ");
  const known = names.find((name) => Object.hasOwn(LINUX_ADVICE, name)) ?? "debian";
  const title = names.includes(known) ? field("NAME") || known : "Debian, Ubuntu";
  return `${title}: ${LINUX_ADVICE[known]}`;
}

function osRelease() {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}

/** What is missing to build the addon, one sentence each. */
export function missingTools(env = process.env) {
  const python = env.npm_config_python ?? env.PYTHON ?? env.NODE_GYP_FORCE_PYTHON ?? "python3";
  const make = env.MAKE ?? "make";
  return [
    compilerProblem(env.CXX ?? (process.platform === "darwin" ? "clang++" : "g++")),
    version(make, "--version") === null ? `${make} is missing` : null,
    version(python, "--version") === null ? `${python} (node-gyp is written in it) is missing` : null,
  ].filter((problem) => problem !== null);
}

/** The script that starts node-gyp: from npm's configuration, this package, npm, or the npm beside Node. */
export function findNodeGyp(env = process.env) {
  const script = join("node-gyp", "bin", "node-gyp.js");
  const require = createRequire(join(root, "package.json"));
  const found = [env.npm_config_node_gyp];
  try {
    found.push(join(dirname(require.resolve("node-gyp/package.json")), "bin", "node-gyp.js"));
  } catch {
    // A user's install has no devDependencies.
  }
  if (env.npm_execpath !== undefined) {
    found.push(join(dirname(env.npm_execpath), "..", "node_modules", script));
    found.push(join(dirname(env.npm_execpath), "node_modules", script));
  }
  found.push(join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "node_modules", script));
  return found.find((path) => path !== undefined && existsSync(path)) ?? null;
}

/**
 * The folder of the running Node's headers, if it was installed with them; null otherwise. node-gyp then downloads
 * them.
 */
export function findHeaders(env = process.env) {
  if (env.npm_config_nodedir) return env.npm_config_nodedir;
  const prefix = join(dirname(process.execPath), "..");
  try {
    const text = readFileSync(join(prefix, "include", "node", "node_version.h"), "utf8");
    const part = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
    const found = `v${part("MAJOR")}.${part("MINOR")}.${part("PATCH")}`;
    return found === process.version ? prefix : null;
  } catch {
    return null;
  }
}
