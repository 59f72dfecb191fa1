// Makes of lib/ what the package ships, in dist/ or another folder: node scripts/build.mjs [--out folder] [--no-types]
//
// - `index.js`, `rl/index.js`, …: CommonJS, the code that Node.js runs, in few files, with parts loaded when used
// - `index.mjs`, …: the same as ES modules. They export what the CommonJS files have: whoever imports and requires the
//   library in one process has one library, with one Tensor.
// - `esm/`: ES modules through and through, for bundlers (condition "module" of package.json's exports), which take
//   them for `import` and for `require`
// - declarations of types beside them: those for `import` export those for `require`, so that types are one too
//
// --also name: a module of lib/ that no user can import, such as native/binding, for tests.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { rolldown } from "rolldown";
import { clientScript } from "../lib/report/watch/client-script.js";
import { packageName, platforms } from "./platforms.mjs";

const root = dirname(import.meta.dirname);
const lib = join(root, "lib");
const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: "dist" },
    "no-types": { type: "boolean", default: false },
    also: { type: "string", multiple: true, default: [] },
  },
});
const out = resolve(root, options.out);
const about = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** "./rl" → "rl/index" */
const entries = Object.keys(about.exports)
  .filter((name) => !name.endsWith(".json"))
  .map((name) => posix.join(name, "index"));
/** What is started by its path: the command, and what a thread starts from. */
const programs = ["cli/main", "rl/environment-worker"];

/** Modules of one constant, which is known now. */
const constants = new Map([
  ["native/version.ts", { version: about.version }],
  ["report/watch/client-script.js", { clientScript }],
]);

const pathOf = (id) => relative(lib, id).replaceAll("\\", "/");

const withConstants = {
  name: "constants",
  load(id) {
    const constant = constants.get(pathOf(id));
    if (constant === undefined) return null;
    return Object.entries(constant)
      .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
      .join("\n");
  },
};

/** A function that requires a file. Within `try`, bundlers let it be absent. */
const requiring = (path) =>
  `() => { try { return require(${JSON.stringify(path)}); } catch (error) { throw error; } }`;

const withRequires = {
  name: "requires",
  load(id) {
    if (pathOf(id) !== "native/own-requires.ts") return null;
    const requires = platforms.map(({ name }) => {
      const [about, addon] = ["package.json", "thalweg.node"].map((file) =>
        requiring(`${packageName(name)}/${file}`),
      );
      return `"${name}": { about: ${about}, addon: ${addon} },`;
    });
    return `export const ownRequires = {\n${requires.join("\n")}\n};`;
  },
};

/** The modules that an entry loads at once. */
function reachableFrom(entry, imports) {
  const found = new Set();
  const visit = (id) => {
    if (found.has(id)) return;
    found.add(id);
    for (const other of imports.get(id) ?? []) visit(other);
  };
  visit(join(lib, `${entry}.ts`));
  return found;
}

/** Bundles lib/. What `thalweg` loads is one file. */
async function bundle(format, folder, names) {
  const imports = new Map();
  let core = null;
  const groupOf = (id) => {
    core ??= reachableFrom("index", imports);
    return core.has(id) ? "core" : null;
  };
  const seeImports = {
    name: "see-imports",
    moduleParsed: (info) => void imports.set(info.id, info.importedIds),
  };
  const ending = format === "cjs" ? "js" : "mjs";
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(names.map((name) => [name, join(lib, `${name}.ts`)])),
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/") && !id.startsWith(lib),
    // Registries are filled by what is imported for its effects. A function: package.json's `sideEffects`, which is for
    // bundles of others, comes before a flag.
    treeshake: { moduleSideEffects: () => true },
    transform: {
      target: "es2023",
      // A bundler may make an ES module of the CommonJS files, where the address that stands for it does not exist.
      define: format === "cjs" ? { "import.meta.url": "undefined" } : {},
    },
    tsconfig: false,
    plugins: [withConstants, ...(format === "cjs" ? [withRequires] : []), seeImports],
    onLog(level, log, handle) {
      if (log.code !== "CIRCULAR_DEPENDENCY") handle(level === "warn" ? "error" : level, log);
    },
  });
  const { output } = await build.write({
    dir: folder,
    format,
    // An importer's default import is then all exports, wherever it runs.
    esModule: false,
    exports: "named",
    entryFileNames: `[name].${ending}`,
    chunkFileNames: `chunks/[name].${ending}`,
    codeSplitting: { groups: [{ debugName: "what the library loads", name: groupOf }] },
    sourcemap: true,
    sourcemapExcludeSources: true,
    keepNames: true,
    minify: false,
    comments: { annotation: true, legal: true, jsdoc: false },
  });
  await build.close();
  const chunks = output.filter(({ type }) => type === "chunk");
  const own = new Set(output.map(({ fileName }) => fileName));
  for (const { fileName, imports, dynamicImports } of chunks) {
    const undeclared = [...imports, ...dynamicImports].filter((name) => !own.has(name) && !isDeclared(name));
    if (undeclared.length > 0)
      throw new Error(`${fileName} needs ${undeclared}, which package.json does not name`);
  }
  return chunks;
}

/** Whether a user has the module: of Node.js, or of a package that this one names. */
function isDeclared(name) {
  const { dependencies, peerDependencies } = about;
  // Those with binaries are named in what is published.
  const binaries = platforms.map((platform) => packageName(platform.name));
  const packages = [...Object.keys({ ...dependencies, ...peerDependencies }), ...binaries];
  return name.startsWith("node:") || packages.some((one) => name === one || name.startsWith(`${one}/`));
}

/** An ES module that exports what a CommonJS file does. */
function wrapperOf({ fileName, exports }) {
  const from = `./${posix.basename(fileName)}`;
  const lines = exports.map((name) => `export const ${name} = all.${name};`);
  return `import all from "${from}";\n${lines.join("\n")}\n`;
}

/** The declarations, as CommonJS has them, by the names of the sources: those that users can come to. */
function writeTypes(folder) {
  const tsc = join(root, "node_modules", ".bin", "tsc");
  execFileSync(tsc, ["-p", "tsconfig.build.json", "--outDir", folder], { cwd: root, stdio: "inherit" });
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(join(folder, file), "utf8");
    for (const [, from] of text.matchAll(/\b(?:from|import|import\()\s*"(\.[^"]+)\.js"/g)) {
      visit(`${posix.join(posix.dirname(file), from)}.d.ts`);
    }
  };
  for (const entry of entries) visit(`${entry}.d.ts`);
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const declaration = file.replaceAll("\\", "/").replace(/\.map$/, "");
    if (declaration.endsWith(".d.ts") && !seen.has(declaration)) rmSync(join(folder, file));
  }
  for (const entry of entries) {
    writeFileSync(join(folder, `${entry}.d.mts`), 'export * from "./index.js";\n');
  }
}

const made = mkdtempSync(join(dirname(out), "build-bundle-"));
try {
  const chunks = await bundle("cjs", made, [...entries, ...programs, ...options.also]);
  for (const chunk of chunks.filter(({ name, isEntry }) => isEntry && entries.includes(name))) {
    writeFileSync(join(made, chunk.fileName.replace(/\.js$/, ".mjs")), wrapperOf(chunk));
  }
  await bundle("es", join(made, "esm"), entries);
  // The package itself says "module".
  writeFileSync(join(made, "package.json"), '{ "type": "commonjs" }\n');
  if (!options["no-types"]) writeTypes(made);
  chmodSync(join(made, "cli", "main.js"), 0o755);
  // A folder that is made for a moment is its owner's alone.
  chmodSync(made, 0o755);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(dirname(out), { recursive: true });
  renameSync(made, out);
} finally {
  rmSync(made, { recursive: true, force: true });
}
