import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import { afterAll, describe, expect, test } from "vitest";
import { root, runModule } from "../child.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-writer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The module in one file, as a bundler of an application makes it. */
async function bundled(name: string, minify: boolean, keepNames: boolean): Promise<string> {
  const outDir = join(folder, name);
  await build({
    configFile: false,
    logLevel: "silent",
    root,
    build: {
      ssr: join(root, "lib/keeping/background-writer.ts"),
      outDir,
      minify,
      rolldownOptions: { output: { keepNames, entryFileNames: "bundle.mjs" } },
    },
  });
  expect(readdirSync(outDir)).toEqual(["bundle.mjs"]);
  return pathToFileURL(join(outDir, "bundle.mjs")).href;
}

describe("the thread for files works where an application is one file", () => {
  test.each([
    ["plain", false, false],
    ["with kept names", false, true],
    ["minified", true, false],
    ["minified with kept names", true, true],
  ])("%s", async (name, minify, keepNames) => {
    const url = await bundled(name, minify, keepNames);
    const paths = ["a", "b"].map((one) => join(folder, `${name} ${one}`));
    const { stdout, stderr } = await runModule(`
      const { replaceInBackground } = await import(${JSON.stringify(url)});
      const replace = (folder, paths) => replaceInBackground({
        chunks: [new TextEncoder().encode("00000000 hello").slice()], checksumAt: 0, folder,
        temporary: folder + "/.tmp", paths, mode: null, owner: null, remove: [], flushesFolder: true,
      });
      await replace(${JSON.stringify(folder)}, ${JSON.stringify(paths)});
      await replace("/not/there", ["/not/there/a"]).catch(({ code, syscall }) => console.log(code, syscall));
    `);
    expect({ stdout, stderr }).toEqual({ stdout: "ENOENT open\n", stderr: "" });
    for (const path of paths) expect(readFileSync(path, "latin1")).toBe("dda54d2c hello");
  });
});
