// Packs the package once, and says how each manager of packages installs the tarballs in an empty folder.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pack, packPackage, root } from "../build/helpers.js";
import type { Manager, Row } from "./rows.js";

/** The tarballs of one state of the checkout. */
export interface Tarballs {
  readonly main: string;
  /** Of the packages with binaries for this system, by name. */
  readonly platform: Readonly<Record<string, string>>;
  /** Hashes of all. */
  readonly integrity: string;
}

/** The folder of packages with binaries, one for each system. */
const PLATFORMS = join(root, "npm");

/** Packs this package, and those with binaries that npm would install on this system. */
export function packAll(folder: string): Tarballs {
  mkdirSync(folder, { recursive: true });
  const main = packPackage(folder);
  const platform: Record<string, string> = {};
  const integrity = [main.integrity];
  for (const name of existsSync(PLATFORMS) ? readdirSync(PLATFORMS) : []) {
    const manifest = join(PLATFORMS, name, "package.json");
    if (!existsSync(manifest)) continue;
    const { name: of, os = [], cpu = [], libc = [] } = JSON.parse(readFileSync(manifest, "utf8"));
    if (!os.includes(process.platform) || !cpu.includes(process.arch) || libc.includes("musl")) continue;
    const packed = pack(join(PLATFORMS, name), folder);
    platform[of] = packed.tarball;
    integrity.push(packed.integrity);
  }
  return { main: main.tarball, platform, integrity: integrity.join() };
}

/** Writes the package.json of a row's project, and what its manager reads beside it. */
export function writeManifest(folder: string, row: Row, { main, platform }: Tarballs): void {
  const file = (path: string) => `file:${path}`;
  const binaries = Object.fromEntries(Object.entries(platform).map(([name, path]) => [name, file(path)]));
  // No registry has them yet: whoever depends on them gets these.
  const overrides: Record<Manager, object> = {
    npm: { overrides: binaries },
    yarn: { resolutions: binaries },
    pnpm: {},
  };
  const manager = row.manager ?? "npm";
  const text = JSON.stringify(
    {
      name: "consumer",
      version: "1.0.0",
      private: true,
      ...(row.type === undefined ? {} : { type: row.type }),
      dependencies: { ...row.packages, thalweg: file(main) },
      ...overrides[manager],
    },
    null,
    2,
  );
  writeFileSync(join(folder, "package.json"), `${text}\n`);
  if (manager === "pnpm") {
    writeFileSync(join(folder, "pnpm-workspace.yaml"), `${JSON.stringify({ overrides: binaries })}\n`);
  }
  if (manager === "yarn") {
    writeFileSync(join(folder, ".yarnrc.yml"), "nodeLinker: pnp\nenableTelemetry: false\n");
  }
}

/** The command that installs what package.json names. */
export function installCommand({ manager = "npm", flags = [] }: Row): string {
  const commands: Record<Manager, string> = {
    npm: "npm install --no-audit --no-fund --prefer-offline",
    pnpm: "pnpm install --no-frozen-lockfile",
    yarn: "yarn install --no-immutable",
  };
  return [commands[manager], ...flags].join(" ");
}
