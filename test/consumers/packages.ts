// Packs the package once, and says how each manager of packages installs the tarballs in an empty folder.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distIsStale, run } from "../build/helpers.js";
import { packTarballs, type Tarballs } from "../build/tarballs.js";
import type { Manager, Row } from "./rows.js";

/** Packs the checkout, after compiling what has changed. */
export function packAll(folder: string): Tarballs {
  mkdirSync(folder, { recursive: true });
  if (distIsStale()) run("npm", ["run", "build:ts"]);
  return packTarballs(folder);
}

/** Which of the packed files an outcome depends on: those of types alone, or all but texts for people. */
export type Part = "types" | "all";

const CHOSEN: Readonly<Record<Part, readonly string[]>> = {
  types: ["--wildcards", "*.d.ts", "*.d.mts", "*/package.json"],
  all: ["--exclude=*.md"],
};

/** A hash of what the packed files of a part hold. */
export function hashOf({ library, binary }: Tarballs, part: Part): string {
  const hash = createHash("sha256");
  for (const path of part === "types" ? [library] : [library, binary]) {
    hash.update(execFileSync("tar", ["-xOzf", path, ...CHOSEN[part]], { maxBuffer: 1 << 30 }));
  }
  return hash.digest("hex");
}

/** Writes the package.json of a row's project, and what its manager reads beside it. */
export function writeManifest(folder: string, row: Row, { library, binary, name }: Tarballs): void {
  // No registry has the package with the binary yet: whoever depends on it gets this one.
  const binaries = binary === undefined || name === undefined ? {} : { [name]: `file:${binary}` };
  const fields: Record<Manager, object> = {
    npm: { overrides: binaries },
    yarn: { resolutions: binaries },
    pnpm: {},
  };
  const files: Record<Manager, Readonly<Record<string, string>>> = {
    npm: {},
    yarn: { ".yarnrc.yml": "nodeLinker: pnp\nenableTelemetry: false\n" },
    // From version 11 on, pnpm wants to be told what may build.
    pnpm: {
      "pnpm-workspace.yaml": `${JSON.stringify({ overrides: binaries, allowBuilds: { thalweg: false } })}\n`,
    },
  };
  const manager = row.manager ?? "npm";
  const manifest = {
    name: "consumer",
    version: "1.0.0",
    private: true,
    ...(row.type === undefined ? {} : { type: row.type }),
    dependencies: { ...row.packages, thalweg: `file:${library}` },
    ...fields[manager],
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const [path, text] of Object.entries(files[manager])) writeFileSync(join(folder, path), text);
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
