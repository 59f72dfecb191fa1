// The systems that have a package with a binary, as native/platforms.json lists them.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { isMusl } from "../native/sources.mjs";
import { loadFailure, root } from "./toolchain.mjs";

const table = JSON.parse(readFileSync(join(root, "native", "platforms.json"), "utf8"));

/** @type {{ name: string, os: string, cpu: string, libc?: "glibc" | "musl" }[]} */
export const platforms = table.platforms;

/** The newest version of glibc that a package's binary may need. */
export const GLIBC = table.glibc;

/** The oldest macOS on which they run. */
export const MACOS = table.macos;

/** "linux-x64" → "@thalweg/linux-x64" */
export const packageName = (name) => `${table.scope}/${name}`;

/** This system's name: "linux-x64", "linux-x64-musl". lib/native/load-addon.ts makes it likewise. */
export const platformName = () => `${process.platform}-${process.arch}${isMusl() ? "-musl" : ""}`;

export function platformNamed(name) {
  const platform = platforms.find((each) => each.name === name);
  if (platform === undefined) {
    const names = platforms.map((each) => each.name).join(", ");
    throw new Error(`no platform "${name}"; there are ${names}`);
  }
  return platform;
}

/**
 * Whether the installed package with this system's binary can be used.
 * @returns {{ serves: boolean, isOther: boolean, problem: string | null }} `isOther`: it is of another version;
 * `problem`: what is wrong with it, if it is installed.
 */
export function platformPackage() {
  const name = packageName(platformName());
  const require = createRequire(join(root, "package.json"));
  let path;
  try {
    path = require.resolve(`${name}/thalweg.node`);
  } catch {
    return { serves: false, isOther: false, problem: null };
  }
  const own = require(`${name}/package.json`).version;
  const { version } = require("./package.json");
  if (own !== version) {
    const problem = `${name} is version ${own}, thalweg is version ${version}; npm install ${name}@${version}`;
    return { serves: false, isOther: true, problem };
  }
  const failure = loadFailure(path);
  if (failure === null) return { serves: true, isOther: false, problem: null };
  return { serves: false, isOther: false, problem: `${name} does not load here (${failure})` };
}
