// Brings packages that only some scripts need, and that are for other systems than this one.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * Fetches a package unless it is there.
 * @param {string} name
 * @param {string} version
 * @param {string} into the folder in which it gets one
 * @param {string} [integrity] the hash of its tarball, as package-lock.json has it
 * @returns its folder.
 */
export function fetchPackage(name, version, into, integrity) {
  const folder = join(into, `${name.replace("/", "+")}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(into, { recursive: true });
  const npm = ["pack", "--silent", "--pack-destination", into, `${name}@${version}`];
  const said = execFileSync("npm", npm, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const tarball = join(into, said.trim());
  const found = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  if (integrity !== undefined && found !== integrity)
    throw new Error(`${tarball} is ${found}; expected ${integrity}`);
  const unpacked = `${folder}.unpacked`;
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked);
  execFileSync("tar", ["--extract", `--file=${tarball}`, "--strip-components=1", `--directory=${unpacked}`]);
  renameSync(unpacked, folder);
  rmSync(tarball);
  return folder;
}
