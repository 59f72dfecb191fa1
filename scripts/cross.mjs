// Builds the addon for another system than this one, of the same sources with the same flags:
//
//   node scripts/cross.mjs linux-arm64 …      writes build-cross/linux-arm64/thalweg.node
//
// With Debian's compiler for that processor, or else with Zig, which brings the headers and libraries of every system.
// Only what changed is compiled again.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { flags, flagsOfClang, isas, link, sources } from "../native/sources.mjs";
import { compileAll } from "./compile.mjs";
import { MACOS, platformName, platformNamed } from "./platforms.mjs";
import { findHeaders, root } from "./toolchain.mjs";
import { writeNodeApi } from "./windows-node-api.mjs";
import { findZig, zigIsKnown } from "./zig.mjs";

/** How each platform is built for: with GCC, as it names its target, or with Zig, likewise. */
const TARGETS = {
  "linux-arm64": { gnu: "aarch64-linux-gnu", debian: "g++-aarch64-linux-gnu" },
  "linux-x64-musl": { zig: "x86_64-linux-musl" },
  "linux-arm64-musl": { zig: "aarch64-linux-musl" },
  "win32-x64": { zig: "x86_64-windows-gnu" },
  "darwin-arm64": { zig: `aarch64-macos.${MACOS}` },
  "darwin-x64": { zig: `x86_64-macos.${MACOS}` },
};

/** The platforms that can be built for on this one. */
export const crossPlatforms =
  process.platform === "linux"
    ? Object.keys(TARGETS).filter(
        (name) => name !== platformName() && (zigIsKnown || TARGETS[name].zig === undefined),
      )
    : [];

const require = createRequire(import.meta.url);

function targetNamed(name) {
  if (!crossPlatforms.includes(name))
    throw new Error(
      `no cross compiler is known here for ${name}; for ${crossPlatforms.join(", ") || "none"}`,
    );
  return TARGETS[name];
}

/** The C++ compiler of GCC for a platform. */
export const crossCompiler = (name) => `${targetNamed(name).gnu}-g++`;

/** A platform as Zig names it. */
export const zigTarget = (name) => targetNamed(name).zig;

/** The compiler for a platform. `words` come before all others, `own` makes of a flag what this compiler knows. */
function compilerFor(name) {
  const { debian, zig } = targetNamed(name);
  if (zig === undefined) {
    const command = crossCompiler(name);
    if (spawnSync(command, ["--version"]).status !== 0)
      throw new Error(`${command} is missing (Debian: apt-get install ${debian})`);
    return { command, words: [], env: {}, own: (flag) => [flag] };
  }
  const { path, env } = findZig();
  const own = (flag) => {
    if (flag === "-fPIC" && name.startsWith("win32")) return []; // all code there can be moved
    return flag.startsWith("-march=") ? [flag.replaceAll("-", "_").replace("_", "-")] : flagsOfClang(flag);
  };
  // It warns of its own headers; and a loop that stays as it is written is no fault.
  const quiet = ["-Wno-nullability-completeness", "-Wno-pass-failed"];
  return { command: path, words: ["c++", "-target", zig, ...quiet], env, own };
}

/** Whether an object is of that command and newer than all that it was made of. */
function isCurrent({ object, words }) {
  try {
    if (readFileSync(`${object}.command`, "utf8") !== words.join("\n")) return false;
    const made = statSync(object).mtimeMs;
    const [, files] = readFileSync(`${object}.d`, "utf8")
      .replaceAll("\\\n", " ")
      .split(/:\s(.*)/s);
    return files
      .trim()
      .split(/\s+/)
      .every((file) => statSync(resolve(root, file)).mtimeMs <= made);
  } catch {
    return false; // a file is not there
  }
}

/** @returns the path of the addon. */
export async function crossBuild(name) {
  const { os, cpu, libc } = platformNamed(name);
  const { command, words, env, own } = compilerFor(name);
  const headers = findHeaders();
  if (headers === null) throw new Error("this Node was installed without its headers");
  const includes = [
    join(headers, "include", "node"),
    dirname(require.resolve("node-addon-api/package.json")),
  ];
  const folder = join(root, "build-cross", name);

  const compilation = (source, part, partFlags) => {
    const object = join(
      folder,
      "objects",
      part,
      `${relative(root, resolve(root, source)).replaceAll("/", "+")}.o`,
    );
    mkdirSync(dirname(object), { recursive: true });
    const output = ["-MD", "-MF", `${object}.d`, "-c", source, "-o", object];
    return { object, words: [...words, ...partFlags.flatMap(own), ...output] };
  };
  const compilations = ["addon", "engine", ...isas(cpu).map((isa) => isa.name)].flatMap((part) => {
    const partFlags = [...flags(part), ...(part === "addon" ? includes.map((one) => `-I${one}`) : [])];
    return sources(part).map((source) => compilation(source, part, partFlags));
  });
  if (os === "win32") {
    const source = join(folder, "node-api.cc");
    writeNodeApi(source);
    compilations.push(compilation(source, "host", ["-O2"]));
  }

  const old = compilations.filter((one) => !isCurrent(one));
  for (const one of old) {
    rmSync(one.object, { force: true }); // a compilation that fails leaves none
    writeFileSync(`${one.object}.command`, one.words.join("\n"));
  }
  const failed = await compileAll(
    command,
    old.map((one) => one.words),
    env,
  );
  if (failed > 0) throw new Error(`${failed} compilations for ${name} failed`);

  const addon = join(folder, "thalweg.node");
  const objects = compilations.map(({ object }) => object);
  // Not -bundle, of which Zig 0.16's linker dies; macOS loads a library as it loads a bundle.
  const macos = ["-Wl,-undefined,dynamic_lookup", "-Wl,-install_name,@rpath/thalweg.node"];
  const shape = ["-shared", ...(os === "darwin" ? macos : [])];
  const system = libc === "musl" ? "linux-musl" : os;
  const linking = [...words, ...shape, "-s", "-o", addon, ...objects, ...link(system)];
  const { status, signal, stderr } = spawnSync(command, linking, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) {
    // Zig warns of its own headers when it compiles its libraries.
    const errors = stderr.split("\n").filter((line) => /\berror\b|undefined|^\s+note:/.test(line));
    const said = errors.slice(0, 40).join("\n") || stderr.slice(-4000);
    rmSync(addon, { force: true }); // what a linker that failed leaves
    throw new Error(`linking for ${name} failed with ${status ?? signal}:\n${said}`);
  }
  return addon;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of process.argv.slice(2)) console.log(await crossBuild(name));
}
