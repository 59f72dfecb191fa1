import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { attempt, gypFolder, root, run, userEnvironment } from "./helpers.js";

const NOTICE = readFileSync(join(root, "NOTICE"), "utf8");

describe("NOTICE", () => {
  test("is as the build and the dependencies are", () => {
    const script = join(root, "scripts", "notices.mjs");
    expect(attempt(process.execPath, [script, "--check"])).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("is refused where the build or the imports have got another part", () => {
    const tree = mkdtempSync(join(tmpdir(), "thalweg-notices-"));
    try {
      for (const name of ["scripts", "lib", "native", "package.json", "binding.gyp", "NOTICE"]) {
        run("cp", ["-r", join(root, name), tree]);
      }
      symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
      const check = () =>
        attempt(process.execPath, [join(tree, "scripts", "notices.mjs"), "--check"], {
          cwd: tree,
          env: userEnvironment(),
        }).status;
      expect(check()).toBe(0);
      appendFileSync(join(tree, "lib", "errors.ts"), '\nimport type { Command } from "cli-progress";\n');
      expect(check()).toBe(0); // a type is nothing that is shipped
      appendFileSync(join(tree, "lib", "errors.ts"), '\nimport { satisfies } from "semver/index.js";\n');
      expect(check()).toBe(1);
      // A compiler brings its own runtime.
      writeFileSync(join(tree, "scripts", "cross.mjs"), 'const target = "x86_64-windows-gnu"; // by zig\n');
      run(process.execPath, [join(tree, "scripts", "notices.mjs")], { cwd: tree });
      const text = readFileSync(join(tree, "NOTICE"), "utf8");
      for (const part of ["\nMinGW-w64\n", "Zope", "Zig contributors", "\nsemver "])
        expect(text).toContain(part);
      expect(check()).toBe(0);
    } finally {
      rmSync(tree, { recursive: true });
    }
  });

  test("is part of the package, as the licence is", () => {
    const { files, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(files).toContain("NOTICE");
    expect(license).toBe("MIT");
    // npm takes LICENSE by itself.
    expect(readFileSync(join(root, "LICENSE"), "utf8")).toMatch(/^MIT License\n/);
  });

  const addon = join(gypFolder, "Release", "thalweg.node");
  test.runIf(process.platform === "linux" && existsSync(addon))(
    "names the shared libraries that the addon needs and the system does not have",
    () => {
      const dynamic = run("readelf", ["--dynamic", "--wide", addon]);
      const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1] as string);
      const others = needed.filter((name) => !/^(lib(c|m|dl|pthread|rt)\.|libc\.musl|ld-)/.test(name));
      for (const name of others) expect(NOTICE).toContain(name.replace(/\.so.*$/, ""));
    },
  );
});
