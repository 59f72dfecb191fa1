// Installs, runs and judges rows.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { root, run, userEnvironment } from "../build/helpers.js";
import type { Tarballs } from "../build/tarballs.js";
import { hashOf, installCommand, type Part, packAll, writeManifest } from "./packages.js";
import { DEFAULT_NODE, type Row } from "./rows.js";

/** The losses of one training. */
export interface Losses {
  readonly first: number;
  readonly last: number;
  readonly fitted: number;
}

export interface Outcome {
  readonly name: string;
  /** `argued`: it fails or could not be tried, and the row says why that is so. */
  readonly verdict: "green" | "red" | "argued";
  /** The first line of the error, the argument, or what was said instead of training. */
  readonly note: string;
  /** What was installed beside Thalweg, and the Node. */
  readonly versions: Readonly<Record<string, string>>;
  readonly seconds: number;
  /** All that the failed command printed. */
  readonly output: string;
  /** A hash of the packed files that it depends on. */
  readonly packed: string;
}

/** A row's earlier outcome that still holds: it is not red, and the packed files are the same. */
export function keptOutcome(kept: readonly Outcome[], { name }: Row, packed: string): Outcome | null {
  const holds = (outcome: Outcome) =>
    outcome.name === name && outcome.verdict !== "red" && outcome.packed === packed;
  return kept.find(holds) ?? null;
}

// A build from source has it too.
const INSTALL_LIMIT = 1_800_000;
const COMMAND_LIMIT = 600_000;

const TRAINED = /\{"first":[^{}]*\}/g;

// The likeliest first: what an error itself says, then what may be said of one, and not the source that threw it.
const TELLING = [
  /^(\w*error|[\w. ]+: \w*error)( \[\w+\])?: |\[error\]|\berror TS\d+: |ERR_PNPM|YN\d+:.*(error|can't|not )/i,
  /\b(cannot|can't|could not|must|not found)\b|\berror\b.*:/i,
  /./,
];

/** The line of a command's output that tells why it failed. */
export function errorLine(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const lines = plain.split("\n").map((line) => line.trim());
  for (const telling of TELLING) {
    const line = lines.find((each) => telling.test(each));
    if (line !== undefined) return line;
  }
  return "";
}

/** What is wrong with the losses that were printed; null if nothing is. */
export function judgeLosses(found: readonly Losses[], expected: number, reference: Losses): string | null {
  if (found.length < expected) return `trainings: expected ${expected}, got ${found.length}`;
  for (const { first, last, fitted } of found) {
    if (!(last < first && fitted < last)) return `the loss does not fall: ${first}, ${last}, ${fitted}`;
    if (first !== reference.first || last !== reference.last || fitted !== reference.fitted) {
      return `the losses ${first}, ${last}, ${fitted} are not those of the checkout: ${Object.values(reference).join(", ")}`;
    }
  }
  return null;
}

interface Ended {
  readonly succeeded: boolean;
  readonly output: string;
}

/** Runs a shell's line in a process group of its own, and ends all of it when the time is over. */
function shell(line: string, cwd: string, env: Record<string, string>, limit: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(line, { shell: true, cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let isLate = false;
    child.stdout.on("data", (text: Buffer) => (output += text));
    child.stderr.on("data", (text: Buffer) => (output += text));
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // They have all ended.
      }
    };
    process.once("exit", end);
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, limit);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      process.off("exit", end);
      end();
      if (isLate) output += `\nerror: \`${line}\` did not end within ${limit / 1000} s`;
      else if (signal !== null) output += `\nerror: \`${line}\` was ended by ${signal}`;
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ succeeded: code === 0, output });
    });
  });
}

const COMMONJS = /^export (async function (\w+))/gm;

/** Puts the fixtures and the training into a project. */
function copyFixtures(project: string, { fixtures }: Row): void {
  const here = import.meta.dirname;
  for (const name of fixtures) cpSync(join(here, name), project, { recursive: true });
  const training = readFileSync(join(here, "train.mjs"), "utf8");
  writeFileSync(join(project, "train.mjs"), training);
  writeFileSync(join(project, "train.cjs"), training.replace(COMMONJS, "exports.$2 = $2;\n$1"));
}

/** What an installation leaves in a project, which further rows of the same packages keep. */
const INSTALLED = new Set(["node_modules", "package-lock.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"]);
for (const name of ["yarn.lock", ".yarn", ".yarnrc.yml", ".pnp.cjs", ".pnp.loader.mjs"]) INSTALLED.add(name);

function empty(project: string): void {
  for (const name of readdirSync(project)) {
    if (!INSTALLED.has(name)) rmSync(join(project, name), { recursive: true });
  }
}

const versionIn = (modules: string, name: string): string | null => {
  const manifest = join(modules, name, "package.json");
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).version : null;
};

/** Installs each set of packages once, below one folder, and runs rows in it. */
export class Runner {
  readonly #folder: string;
  readonly #tarballs: Tarballs;
  readonly #hashes: Readonly<Record<Part, string>>;
  readonly reference: Losses;
  /** What each tool's installation ended with, by its folder. */
  readonly #tools = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#tarballs = packAll(join(folder, "packed"));
    this.#hashes = { types: hashOf(this.#tarballs, "types"), all: hashOf(this.#tarballs, "all") };
    const program = `
      import * as thalweg from ${JSON.stringify(join(root, "dist", "index.js"))};
      import { train } from ${JSON.stringify(join(import.meta.dirname, "train.mjs"))};
      console.log(JSON.stringify(await train(thalweg)));
    `;
    this.reference = JSON.parse(run(process.execPath, ["--input-type=module", "--eval", program]));
  }

  /** The hash of the packed files that a row's outcome depends on. */
  packedFor({ trainings }: Row): string {
    return this.#hashes[trainings === 0 ? "types" : "all"];
  }

  /** Runs a row. It does not throw: an error is the row's outcome. */
  async run(row: Row): Promise<Outcome> {
    const started = Date.now();
    const versions: Record<string, string> = {};
    const ended = await this.#attempt(row, versions).catch((error: Error) => ({
      note: errorLine(error.message),
      output: error.message,
      succeeded: false,
    }));
    const isArgued = !ended.succeeded && row.argued !== undefined;
    return {
      name: row.name,
      verdict: ended.succeeded ? "green" : isArgued ? "argued" : "red",
      note: isArgued ? `${row.argued} (${ended.note})` : ended.note,
      versions,
      seconds: (Date.now() - started) / 1000,
      output: ended.output,
      packed: this.packedFor(row),
    };
  }

  async #attempt(row: Row, versions: Record<string, string>): Promise<Ended & { note: string }> {
    const env = await this.#environment(row, versions);
    const project = await this.#install(row, env);
    const modules = join(project, "node_modules");
    for (const name of Object.keys(row.packages ?? {})) versions[name] = versionIn(modules, name) ?? "";
    empty(project);
    writeManifest(project, row, this.#tarballs);
    copyFixtures(project, row);

    env["PATH"] = [join(modules, ".bin"), env["PATH"]].join(delimiter);
    let output = "";
    for (const command of row.commands) {
      const ended = await shell(command, project, env, COMMAND_LIMIT);
      output = ended.output;
      if (ended.succeeded) continue;
      const said = row.orSays?.exec(output)?.[0];
      if (said !== undefined) return { succeeded: true, note: `says: ${said}`, output };
      return { succeeded: false, note: errorLine(output), output };
    }
    const found = [...output.matchAll(TRAINED)].map(([text]) => JSON.parse(text) as Losses);
    const problem = judgeLosses(found, row.trainings ?? 1, this.reference);
    return { succeeded: problem === null, note: problem ?? "", output };
  }

  /** A user's environment with the row's Node and manager, which keeps caches below this folder. */
  async #environment(row: Row, versions: Record<string, string>): Promise<Record<string, string>> {
    const caches = join(this.#folder, "caches");
    const env = userEnvironment({
      CI: "1",
      NO_COLOR: "1",
      NEXT_TELEMETRY_DISABLED: "1",
      XDG_CACHE_HOME: caches,
      XDG_DATA_HOME: caches,
      XDG_STATE_HOME: caches,
      YARN_GLOBAL_FOLDER: join(caches, "yarn"),
      DENO_DIR: join(caches, "deno"),
    });
    const { node = DEFAULT_NODE, manager = "npm" } = row;
    const paths: string[] = [];
    if (manager !== "npm") {
      const name = manager === "yarn" ? "@yarnpkg/cli-dist" : manager;
      const modules = await this.#tool(name, "latest", env);
      versions[manager] = versionIn(modules, name) ?? "";
      paths.push(join(modules, ".bin"));
    }
    if (node === "own") {
      versions["node"] = process.versions.node;
      paths.push(join(root, "node_modules", ".bin"), dirname(process.execPath));
    } else {
      const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
      const modules = await this.#tool(name, node, env);
      versions["node"] = versionIn(modules, name) ?? "";
      paths.push(join(modules, name, "bin"));
    }
    return { ...env, PATH: [...paths, env["PATH"]].join(delimiter) };
  }

  /** Installs a tool. @returns its node_modules. */
  #tool(name: string, version: string, env: Record<string, string>): Promise<string> {
    const folder = join(this.#folder, "tools", `${name.replace("/", "-")}-${version}`);
    const install = async () => {
      const modules = join(folder, "node_modules");
      if (versionIn(modules, name) !== null) return modules;
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies: { [name]: version } }));
      const { succeeded, output } = await shell(installCommand({} as Row), folder, env, INSTALL_LIMIT);
      if (!succeeded) throw new Error(output);
      return modules;
    };
    let installed = this.#tools.get(folder);
    if (installed === undefined) {
      installed = install();
      this.#tools.set(folder, installed);
    }
    return installed;
  }

  /** Installs the row's packages, unless an earlier row had the same. @returns the project's folder. */
  async #install(row: Row, env: Record<string, string>): Promise<string> {
    const { packages = {}, manager = "npm", flags = [] } = row;
    const what = JSON.stringify([packages, manager, flags, this.#hashes.all]);
    const key = createHash("sha256").update(what).digest("hex").slice(0, 12);
    const project = join(this.#folder, "projects", key);
    const done = join(this.#folder, "projects", `${key}.installed`);
    if (existsSync(done)) return project;
    rmSync(project, { recursive: true, force: true });
    mkdirSync(project, { recursive: true });
    writeManifest(project, row, this.#tarballs);
    const { succeeded, output } = await shell(installCommand(row), project, env, INSTALL_LIMIT);
    if (!succeeded) throw new Error(output);
    writeFileSync(done, what);
    return project;
  }
}
