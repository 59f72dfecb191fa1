import { join } from "node:path";
import { packageName, platformName } from "../../scripts/platforms.mjs";
import { gypFolder, run } from "./helpers.js";

/** What would be published, as far as this system goes. */
export interface Tarballs {
  readonly library: string;
  readonly binary: string;
  /** Of the package with the binary. */
  readonly name: string;
}

/** Packs the library, with dist/ as it is, and the addon that `npm ci` has built. */
export function packTarballs(folder: string): Tarballs {
  const prebuild = (...args: string[]): string =>
    run(process.execPath, ["scripts/prebuild.mjs", "--folder", join(folder, "prebuilds"), ...args]);
  prebuild("--from", join(gypFolder, "Release", "thalweg.node"));
  const [library, binary] = prebuild("--pack", folder, "--partial", "--ignore-scripts").split("\n");
  return { library: library as string, binary: binary as string, name: packageName(platformName()) };
}
