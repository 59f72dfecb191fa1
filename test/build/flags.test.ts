import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { flags, isas, sources } from "../../native/sources.mjs";
import { cmakeFolder, gypFolder, root } from "./helpers.js";

/** The properties of one compilation that determine the machine code. */
interface Compilation {
  readonly source: string;
  readonly flags: readonly string[];
}

// Flags for code, language or warnings. Include paths and Node's own defines may differ. CI turns warnings into
// errors in one of the builds.
const OURS = /^-(f|O|m(arch|prefer)|std=|W(?!error)|g|D(THALWEG|NAPI|NODE_API|NODE_ADDON|NDEBUG))/;

function compilation(command: string, folder: string): Compilation {
  const words = command.split(/\s+/).map((word) => word.replaceAll(/['"]/g, ""));
  const path = words.find((word) => word.endsWith(".cc"));
  if (path === undefined) throw new Error(`no source in: ${command}`);
  const chosen = words.filter((word) => OURS.test(word));
  return { source: relative(root, resolve(folder, path)), flags: [...new Set(chosen)].sort() };
}

function inOrder(compilations: readonly Compilation[]): string[] {
  return compilations.map(({ source, flags }) => `${source}: ${flags.join(" ")}`).sort();
}

/** The commands that make ran. gyp's makefiles keep them beside the objects. */
function gypCompilations(): Compilation[] {
  const folder = join(gypFolder, "Release", ".deps");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".o.d"))
    .map((path) => /^cmd_\S+ := (.*)$/m.exec(readFileSync(join(folder, path), "utf8"))?.[1])
    .filter((command) => command !== undefined)
    .map((command) => compilation(command, gypFolder));
}

function cmakeCompilations(): Compilation[] {
  const path = join(cmakeFolder, "compile_commands.json");
  const entries = JSON.parse(readFileSync(path, "utf8")) as { command: string; directory: string }[];
  return entries.map(({ command, directory }) => compilation(command, directory));
}

function listedCompilations(): Compilation[] {
  const parts = ["addon", "engine", ...isas().map((isa) => isa.name)];
  return parts.flatMap((part) =>
    sources(part).map((source) => ({
      source,
      flags: [...new Set(flags(part, {}))].filter((flag) => OURS.test(flag)).sort(),
    })),
  );
}

describe("the flags", () => {
  let listed: string[];
  beforeAll(() => {
    listed = inOrder(listedCompilations());
  });

  test("of node-gyp's build are those of sources.json, no more and no fewer", ({ skip }) => {
    if (!existsSync(join(gypFolder, "Release", ".deps")))
      skip("node-gyp built nothing: npm run build:native");
    // The folder may still have an object of a removed source.
    const compiled = inOrder(gypCompilations().filter(({ source }) => existsSync(join(root, source))));
    expect(compiled).toEqual(listed);
  });

  test("of cmake-js's build are those of sources.json, no more and no fewer", ({ skip }) => {
    const path = join(cmakeFolder, "compile_commands.json");
    if (!existsSync(path)) skip("cmake-js built nothing: npm run build:cmake");
    expect(inOrder(cmakeCompilations())).toEqual(listed);
  });

  test("have Clang fuse nothing that a source keeps apart", () => {
    for (const { name } of isas()) {
      const ofClang = flags(name, { CXX: "clang++" });
      expect(ofClang).toContain("-ffp-contract=fast-honor-pragmas");
      expect(ofClang).not.toContain("-ffp-contract=fast");
    }
  });

  test("name one optimisation level and one language, and never relax floating point as a whole", () => {
    for (const { source, flags } of listedCompilations()) {
      expect(flags.filter((flag) => flag.startsWith("-O")).length, source).toBe(1);
      expect(flags.filter((flag) => flag.startsWith("-std=")).length, source).toBe(1);
      // GCC before 13 would flush denormals in the whole process that loads the addon.
      expect(flags).not.toContain("-ffast-math");
      expect(flags).not.toContain("-Ofast");
      expect(flags).not.toContain("-funsafe-math-optimizations");
    }
  });
});
