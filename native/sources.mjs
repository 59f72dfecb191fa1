// Reads sources.json for binding.gyp, CMakeLists.txt and the scripts, one answer a line:
//
//   node native/sources.mjs isas [<arch>]     the instruction sets of this architecture, or of arm64 or x64
//   node native/sources.mjs sources <part>    a part is "addon", "engine" or an instruction set
//   node native/sources.mjs flags <part>      what the compiler is given for it
//   node native/sources.mjs link [<system>]   what the linker is given on this system, or on darwin, linux, linux-musl or
//                                             win32
//   node native/sources.mjs libraries
//
// In the environment THALWEG_BLAS, THALWEG_SANITIZE and THALWEG_WERROR choose from sources.json's "environment".
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const list = JSON.parse(readFileSync(new URL("sources.json", import.meta.url), "utf8"));

/** What the environment adds to a kind of flags: "all", "engine", "link" or "libraries". */
function chosen(kind, env) {
  return Object.entries(list.environment).flatMap(([name, choices]) => {
    const wanted = env[name] ?? "";
    if (wanted === "") return [];
    if (!Object.hasOwn(choices, wanted)) {
      throw new Error(`${name} is "${wanted}"; expected one of: ${Object.keys(choices).join(", ")}`);
    }
    return choices[wanted][kind] ?? [];
  });
}

/**
 * The instruction sets that are compiled for an architecture, the reference kernels first.
 * @returns {{ name: string, sources: string, arch?: string, flags: string[] }[]}
 */
export function isas(arch = process.arch) {
  return list.isas.filter((isa) => isa.arch === undefined || isa.arch === arch);
}

function isaNamed(name) {
  const isa = list.isas.find((each) => each.name === name);
  if (isa === undefined) throw new Error(`no part "${name}" in sources.json`);
  return isa;
}

/**
 * @param {string} part
 * @returns {string[]}
 */
export function sources(part) {
  return part === "addon" || part === "engine" ? list[part] : list[isaNamed(part).sources];
}

/**
 * @param {string} part
 * @param {Record<string, string | undefined>} env
 * @returns {string[]}
 */
export function flags(part, env = process.env) {
  const own = flagsOfGcc(part, env);
  // Elsewhere Clang is the compiler.
  return process.platform !== "linux" || /clang/.test(env.CXX ?? "") ? own.flatMap(flagsOfClang) : own;
}

function flagsOfGcc(part, env) {
  const all = [...list.flags.all, ...chosen("all", env)];
  if (part === "addon" || part === "engine") return [...all, ...list.flags[part], ...chosen(part, env)];
  const isa = isaNamed(part);
  return [...all, ...list.flags.kernels, `-DTHALWEG_ISA=${isa.name}`, ...isa.flags];
}

/**
 * What GCC knows by that name. Clang's plain "fast" fuses also what a source says must not be (box-muller.h); the other
 * is hidden from its drivers before version 15.
 * @param {string} flag
 * @returns {string[]}
 */
export const flagsOfClang = (flag) => list.flags.clang[flag] ?? [flag];

/** Whether this is a Linux whose C library is not glibc. */
export function isMusl() {
  process.report.excludeNetwork = true; // names of peers may take seconds
  return process.platform === "linux" && process.report.getReport().header.glibcVersionRuntime === undefined;
}

/** @param system the operating system by Node's name, or "linux-musl". Default: this one. */
export function link(system = isMusl() ? "linux-musl" : process.platform, env = process.env) {
  return [...(list.flags.link[system] ?? list.flags.link.linux), ...chosen("link", env)];
}

export function libraries(env = process.env) {
  return chosen("libraries", env);
}

const questions = {
  isas: (arch) => isas(arch).map((isa) => isa.name),
  sources,
  flags: (part) => flags(part),
  link: (system) => link(system),
  libraries: () => libraries(),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [question, part] = process.argv.slice(2);
  if (!Object.hasOwn(questions, question))
    throw new Error(`expected one of: ${Object.keys(questions).join(", ")}`);
  for (const line of questions[question](part)) console.log(line);
}
