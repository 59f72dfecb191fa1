// Copies the addon and the libgomp that it links to prebuilds/<platform>-<arch>/, so that the package works if install
// scripts do not run. Builds what changed, then checks that the binary runs on other machines.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { loadFailure, platformName, root } from "./toolchain.mjs";

// The newest C library that the binary may need: Ubuntu 22.04 has 2.35, Debian 12 has 2.36.
const GLIBC_CEILING = "2.35";

// Libraries that every Linux with that C library has.
const SYSTEM_LIBRARIES = /^(lib(c|m|dl|pthread|rt)\.so\.\d+|libc\.musl-.*|ld-(linux|musl).*)$/;
const OPENMP = "libgomp.so.1";

const OPENMP_NOTICE = `${OPENMP} is the OpenMP runtime library of the GNU Compiler Collection (GCC), copied
unchanged from this machine's compiler:

  COMPILER

It is free software under the GNU General Public License, version 3 or later, with the GCC Runtime
Library Exception, version 3.1, by which programs that use it may have any licence. Thalweg is under the
MIT licence. The source of libgomp is in GCC's, under libgomp/, of that version: https://gcc.gnu.org/
`;

function run(command, ...args) {
  return execFileSync(command, args, { cwd: root, encoding: "utf8" });
}

/** DT_NEEDED and DT_RUNPATH of a shared object. */
function dynamicSection(path) {
  const text = run("readelf", "--dynamic", "--wide", path);
  const all = (tag) =>
    [...text.matchAll(new RegExp(`\\(${tag}\\).*\\[(.*)\\]`, "g"))].map((match) => match[1]);
  return { needed: all("NEEDED"), runpath: [...all("RUNPATH"), ...all("RPATH")] };
}

/** Symbol versions with a prefix that a shared object needs, oldest first: `["2.2.5", "2.34"]` of "GLIBC". */
function versions(path, prefix) {
  const text = run("objdump", "-T", path);
  const found = [...text.matchAll(new RegExp(`\\*UND\\*.*\\b${prefix}_([0-9.]+)`, "g"))].map(
    (match) => match[1],
  );
  return [...new Set(found)].sort(compareVersions);
}

function compareVersions(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}

/** The reasons why a binary would not run on other machines. */
function problemsOf(path) {
  const { needed, runpath } = dynamicSection(path);
  const addon = path.endsWith(".node");
  const problems = needed
    .filter((name) => !SYSTEM_LIBRARIES.test(name) && !(addon && name === OPENMP))
    .map((name) => `needs ${name}, which the package does not carry`);
  if (addon && runpath.join() !== "$ORIGIN") problems.push(`has the run path "${runpath}", not "$ORIGIN"`);
  const glibc = versions(path, "GLIBC").at(-1) ?? "0";
  if (compareVersions(glibc, GLIBC_CEILING) > 0) {
    problems.push(`needs glibc ${glibc}; ${GLIBC_CEILING} is the newest allowed`);
  }
  for (const prefix of ["GLIBCXX", "CXXABI"]) {
    if (versions(path, prefix).length > 0) problems.push(`links libstdc++ dynamically (${prefix})`);
  }
  return problems;
}

function prebuild() {
  if (process.platform !== "linux") throw new Error("prebuild: only Linux binaries are prebuilt so far");
  for (const name of ["THALWEG_BLAS", "THALWEG_SANITIZE"]) {
    if (process.env[name]) throw new Error(`prebuild: ${name} is set; a prebuilt addon is the plain one`);
  }
  run(process.execPath, join("scripts", "install.mjs"), "--force");

  const folder = join(root, "prebuilds", platformName());
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const addon = join(folder, "thalweg.node");
  copyFileSync(join(root, "build", "Release", "thalweg.node"), addon);
  run("strip", "--strip-unneeded", addon);

  const compiler = process.env.CXX ?? "g++";
  const openmp = join(folder, OPENMP);
  copyFileSync(realpathSync(run(compiler, `-print-file-name=${OPENMP}`).trim()), openmp);
  const version = run(compiler, "--version").split("\n")[0];
  const licences = ["/usr/share/doc/libgomp1/copyright", "/usr/share/common-licenses/GPL-3"];
  const texts = licences.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8"));
  const notice = [OPENMP_NOTICE.replace("COMPILER", version), ...texts].join(`\n${"-".repeat(80)}\n\n`);
  writeFileSync(join(folder, `${OPENMP}.LICENSE.txt`), notice);

  const problems = [addon, openmp].flatMap((path) => problemsOf(path).map((problem) => `${path} ${problem}`));
  const failure = loadFailure(addon);
  if (failure !== null) problems.push(`${addon} does not load: ${failure}`);
  if (problems.length > 0) {
    rmSync(folder, { recursive: true }); // so that no package contains it
    throw new Error(`prebuild: ${problems.join("\nprebuild: ")}`);
  }
  const floor = [...versions(addon, "GLIBC"), ...versions(openmp, "GLIBC")].sort(compareVersions).at(-1);
  console.log(
    `prebuilds/${platformName()}: thalweg.node, ${OPENMP}; needs glibc ${floor ?? "(none)"} or newer`,
  );
}

try {
  prebuild();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
