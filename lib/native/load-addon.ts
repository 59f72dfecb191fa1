import { existsSync } from "node:fs";
import nodeModule from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";
import { BackendError } from "../errors.js";
import type { Binding } from "./binding.js";
import { ownRequires } from "./own-requires.js";
import { ownFile, packageAround, packageRoot } from "./package-root.js";
import { type PlatformPackage, platformPackage } from "./platform-packages.js";
import { version } from "./version.js";

/** Where the two ways to build leave the addon, from the package's folder. */
const BUILT = [join("build", "Release", "thalweg.node"), join("build-cmake", "Release", "thalweg.node")];

const system = `${process.platform}-${process.arch}`;

/** Whether this process runs on musl. The question takes some 15 ms. */
function isMusl(): boolean {
  if (process.platform !== "linux" || process.report === undefined) return false;
  Object.assign(process.report, { excludeNetwork: true }); // names of peers may take seconds
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime === undefined;
}

/** This system's name in native/platforms.json. */
const systemName = (): string => (isMusl() ? `${system}-musl` : system);

/** The package for a system, as a file sees it; null if there is none for that system. */
function packageSeenFrom(file: string, system: string): PlatformPackage | null {
  const found = platformPackage(system, nodeModule, file);
  return found === null || file !== ownFile ? found : { ...found, ...ownRequires[system] };
}

/** A package of that system if it is installed, as this code or the package that it is bundled from sees it. */
function installed(name: string): PlatformPackage | null {
  const root = packageAround === null ? packageRoot() : null;
  for (const from of [ownFile, ...(root === null ? [] : [join(root, "package.json")])]) {
    const found = packageSeenFrom(from, name);
    try {
      found?.about();
      return found;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") return found;
    }
  }
  return null;
}

/** The installed package for this system. The C library is asked for only where those for both are installed. */
function installedPackage(): PlatformPackage | null {
  const plain = installed(system);
  const musl = process.platform === "linux" ? installed(`${system}-musl`) : null;
  if (plain !== null && musl !== null) return isMusl() ? musl : plain;
  return plain ?? musl;
}

/** The addon in a package. @throws BackendError if the package is of another version than this code. */
function addonOf({ name, about, addon }: PlatformPackage): unknown {
  const own = about().version;
  if (own === version) return addon();
  const remedy = `npm install ${name}@${version}`;
  throw new BackendError(`thalweg: ${name} is version ${own}, thalweg is version ${version}; ${remedy}`);
}

/** An addon, or why it cannot be used. */
type Attempt = { readonly addon: Binding } | { readonly failure: string };

function attempt(what: string, load: () => unknown): Attempt {
  try {
    const addon = load() as Partial<Binding> | null;
    if (Array.isArray(addon?.instructions)) return { addon: addon as Binding };
    return { failure: `${what}: not Thalweg's addon` };
  } catch (error) {
    if (error instanceof BackendError) throw error;
    return { failure: `${what}: ${(error as Error).message}` };
  }
}

function attemptFile(path: string): Attempt {
  if (!existsSync(path)) return { failure: `${path}: not there` };
  return attempt(path, () => nodeModule.createRequire(ownFile)(resolve(path)));
}

/** The places where the addon may be, in order, each loaded when it is asked for. */
function* attempts(): Generator<Attempt> {
  const chosen = process.env["THALWEG_ADDON"];
  if (chosen !== undefined && chosen !== "") {
    yield attemptFile(chosen);
    return;
  }
  const binary = installedPackage();
  if (binary !== null) yield attempt(binary.name, () => addonOf(binary));
  const root = packageRoot();
  if (root !== null) for (const path of BUILT) yield attemptFile(join(root, path));
}

/** What helps where there is no addon that loads, a line each. */
function advice(): string[] {
  const binary = platformPackage(systemName(), nodeModule, ownFile)?.name;
  const root = packageRoot();
  const isCheckout = root !== null && existsSync(join(root, ".git"));
  const lines: string[] = [];
  if (packageAround === null) {
    lines.push(
      "This code is in an application's bundle. Leave thalweg out of it:",
      '  esbuild, rollup, webpack: external(s): ["thalweg"]; vite: ssr: { external: ["thalweg"] }',
      '  Next.js: serverExternalPackages: ["thalweg"]',
    );
  }
  if (binary === undefined)
    lines.push(`There is no binary for ${systemName()}: it must be built from source.`);
  else if (!isCheckout && installedPackage() === null) {
    lines.push(
      `The binary for this system is in ${binary}, which is not installed`,
      "(--omit=optional, or a lock file made on another system, leaves it out):",
      `  npm install ${binary}@${version}`,
    );
  }
  return [
    ...lines,
    "To build it from source, or to be told which tools this system lacks for that:",
    isCheckout ? `  cd ${root} && npm run build:native` : "  npm rebuild thalweg --foreground-scripts",
    "To use a binary that is elsewhere: THALWEG_ADDON=/path/to/thalweg.node",
  ];
}

/**
 * Loads the addon: `THALWEG_ADDON` alone if it is set; else from the package with the binary for this system, or what
 * was built from source.
 * @throws BackendError with what to do on this system, if none loads or that package is of another version.
 */
export function loadAddon(): Binding {
  const failures: string[] = [];
  for (const attempt of attempts()) {
    if ("addon" in attempt) return attempt.addon;
    failures.push(attempt.failure);
  }
  throw new BackendError(
    [
      `thalweg: no native addon for ${systemName()}, Node ${process.version}. Looked for:`,
      ...failures.map((line) => `  ${line}`),
      ...advice(),
    ].join("\n"),
  );
}
