// Says why a binary would not run on every system that its package is for:
//
//   node scripts/check-symbols.mjs <platform> <thalweg.node>      a platform of native/platforms.json
//
// It must be for that system and processor, ask for no newer glibc or macOS than native/platforms.json says, and need no
// library that the system does not have. Reads ELF files with readelf and Windows' with objdump, of any processor, of
// Debian's binutils; macOS's itself.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { GLIBC, MACOS, platformNamed } from "./platforms.mjs";

/** Libraries that every system of a kind has. */
const SYSTEM_LIBRARIES = {
  glibc: /^(lib(c|m|dl|pthread|rt)\.so\.\d+|ld-linux.*)$/,
  musl: /^(libc\.so|libc\.musl-.*|ld-musl.*)$/,
  win32: /^(kernel32|advapi32|ntdll|user32|shell32|ucrtbase|msvcrt|api-ms-win-.*|node)\.(dll|exe)$/i,
  darwin: /^\/(usr\/lib|System\/Library\/Frameworks)\//,
};

const ELF_CPUS = { 62: "x64", 183: "arm64" };
const PE_CPUS = { 34404: "x64", 43620: "arm64" };
const MACH_O_CPUS = { 16777223: "x64", 16777228: "arm64" };

/** The system and processor that a binary is for. */
function kindOf(path) {
  const bytes = readFileSync(path);
  if (bytes.length >= 64) {
    if (bytes.readUInt32BE(0) === 0x7f454c46) return { os: "linux", cpu: ELF_CPUS[bytes.readUInt16LE(18)] };
    if (bytes.readUInt32LE(0) === 0xfeedfacf)
      return { os: "darwin", cpu: MACH_O_CPUS[bytes.readUInt32LE(4)] };
    const header = bytes.readUInt32LE(60);
    if (
      bytes.toString("latin1", 0, 2) === "MZ" &&
      bytes.toString("latin1", header, header + 4) === "PE\0\0"
    ) {
      return { os: "win32", cpu: PE_CPUS[bytes.readUInt16LE(header + 4)] };
    }
  }
  return { os: "no system", cpu: undefined };
}

function output(command, ...args) {
  return execFileSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: 1 << 28,
  });
}

const isNewer = (a, b) => a.localeCompare(b, "en", { numeric: true }) > 0;

function elfProblems(path, libc) {
  const dynamic = output("readelf", "--dynamic", "--wide", path);
  const all = (tag) =>
    [...dynamic.matchAll(new RegExp(`\\(${tag}\\).*\\[(.*)\\]`, "g"))].map(([, name]) => name);
  const problems = all("NEEDED")
    .filter((name) => !SYSTEM_LIBRARIES[libc].test(name))
    .map((name) => `needs ${name}, which not every system has`);
  for (const folder of [...all("RUNPATH"), ...all("RPATH")]) {
    if (folder !== "$ORIGIN") problems.push(`has the run path "${folder}"`);
  }
  // "12: 0000000000000000 0 FUNC GLOBAL DEFAULT UND memcpy@GLIBC_2.14 (2)"
  const symbols = output("readelf", "--dyn-syms", "--wide", path);
  for (const [, name, prefix, version] of symbols.matchAll(/ UND (\S+?)@+([A-Z]+)_([\d.]+)/g)) {
    if (prefix !== "GLIBC") problems.push(`needs ${name} of ${prefix}_${version}`);
    else if (libc === "musl") problems.push(`needs ${name} of glibc ${version}`);
    else if (isNewer(version, GLIBC))
      problems.push(`needs ${name} of glibc ${version}; the newest is ${GLIBC}`);
  }
  return problems;
}

function windowsProblems(path) {
  const names = [...output("objdump", "-p", path).matchAll(/DLL Name: (\S+)/g)].map(([, name]) => name);
  return names
    .filter((name) => !SYSTEM_LIBRARIES.win32.test(name))
    .map((name) => `needs ${name}, which not every system has`);
}

// Kinds of load commands. See <mach-o/loader.h>.
const LOADS = [0xc, 0x8000001f]; // LC_LOAD_DYLIB, LC_REEXPORT_DYLIB
const RUN_PATH = 0x8000001c; // LC_RPATH
const MINIMUM = { 36: 8, 50: 12 }; // LC_VERSION_MIN_MACOSX, LC_BUILD_VERSION, and where each has the version
const SIGNATURE = 0x1d; // LC_CODE_SIGNATURE

/** The load commands of a 64-bit Mach-O file. */
function loadCommands(path) {
  const bytes = readFileSync(path);
  const commands = [];
  for (let at = 32, i = 0; i < bytes.readUInt32LE(16); i++) {
    const size = bytes.readUInt32LE(at + 4);
    commands.push({ kind: bytes.readUInt32LE(at), bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  return commands;
}

function darwinProblems(path, cpu) {
  const commands = loadCommands(path);
  const text = ({ bytes }) => bytes.toString("utf8", bytes.readUInt32LE(8)).replace(/\0.*$/s, "");
  const problems = commands
    .filter(({ kind }) => LOADS.includes(kind))
    .map(text)
    .filter((name) => !SYSTEM_LIBRARIES.darwin.test(name))
    .map((name) => `needs ${name}, which not every system has`);
  for (const command of commands.filter(({ kind }) => kind === RUN_PATH))
    problems.push(`has the run path "${text(command)}"`);
  for (const { kind, bytes } of commands.filter(({ kind }) => kind in MINIMUM)) {
    const version = bytes.readUInt32LE(MINIMUM[kind]);
    const name = `${version >>> 16}.${(version >>> 8) & 255}`;
    if (isNewer(name, MACOS)) problems.push(`needs macOS ${name}; the newest is ${MACOS}`);
  }
  if (cpu === "arm64" && !commands.some(({ kind }) => kind === SIGNATURE))
    problems.push("has no signature, without which macOS loads nothing on arm64");
  return problems;
}

/** Why a binary would not run on every system of a platform, a sentence each. */
export function problemsOf(path, { os, cpu, libc }) {
  const kind = kindOf(path);
  if (kind.os !== os || kind.cpu !== cpu) {
    return [`is for ${kind.os}${kind.cpu === undefined ? "" : `-${kind.cpu}`}, not for ${os}-${cpu}`];
  }
  if (os === "linux") return elfProblems(path, libc);
  return os === "win32" ? windowsProblems(path) : darwinProblems(path, cpu);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, path] = process.argv.slice(2);
  try {
    if (path === undefined) throw new Error("expected a platform and the path of a binary");
    for (const problem of problemsOf(path, platformNamed(name))) {
      console.error(`${path} ${problem}`);
      process.exitCode = 1;
    }
  } catch (error) {
    console.error(`check-symbols: ${error.message}`);
    process.exitCode = 1;
  }
}
