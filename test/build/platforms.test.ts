import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { packageName, platformName, platforms } from "../../scripts/platforms.mjs";
import { attempt, gypFolder, root } from "./helpers.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-platforms-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const script = (name: string, ...args: string[]) =>
  attempt(process.execPath, [join("scripts", name), ...args], {});
const addon = join(gypFolder, "Release", "thalweg.node");

test("the packages that the loader knows are those of native/platforms.json", () => {
  expect(script("describe-platforms.mjs", "--check")).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("CommonJS requires each package's binary by its name in full, so that tracers of deployments find it", () => {
  const chunks = join(root, "dist", "chunks");
  const files = readdirSync(chunks).filter((name) => name.endsWith(".js"));
  const text = files.map((name) => readFileSync(join(chunks, name), "utf8")).join("\n");
  for (const { name } of platforms) {
    // In its own words, and not only by a require of another name.
    expect(text).toContain(`try {\n\t\t\t\treturn require("${packageName(name)}/thalweg.node");`);
  }
});

describe.skipIf(process.platform !== "linux")("check-symbols", () => {
  const check = (platform: string, path: string) => script("check-symbols.mjs", platform, path);

  /** A shared library of one function, made by this system's compiler. */
  function compiled(name: string, source: string, ...flags: string[]): string {
    const path = join(folder, `${name}.node`);
    const made = attempt("g++", ["-shared", "-fPIC", "-x", "c++", "-", "-o", path, ...flags], {
      input: source,
    });
    expect(made).toMatchObject({ status: 0, stderr: "" });
    return path;
  }

  test("lets pass what every system with that C library can load", () => {
    const path = compiled("plain", 'extern "C" int five() { return 5; }', "-nostdlib", "-lc");
    const arch = process.arch as string;
    expect(check(`linux-${arch}`, path)).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("names a symbol of a newer C library", () => {
    const source =
      'extern "C" double hypot(double, double); extern "C" double of(double x) { return hypot(x, x); }';
    const path = compiled("new", source, "-nostdlib", "-lm", "-fno-builtin");
    const { status, stderr } = check(`linux-${process.arch}`, path);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `${path} needs hypot of glibc 2.35; the newest is 2.28\n`,
    });
  });

  test("names a library that not every system has, a run path and symbols of glibc under musl", () => {
    const path = compiled("libraries", '#include <string>\nstd::string a("a");', "-Wl,-rpath,/opt/lib");
    const { status, stderr } = check(`linux-${process.arch}-musl`, path);
    expect(status).toBe(1);
    expect(stderr).toContain(`${path} needs libstdc++.so.6, which not every system has\n`);
    expect(stderr).toContain(`${path} has the run path "/opt/lib"\n`);
    expect(stderr).toMatch(/ needs __cxa_finalize of glibc 2\.[\d.]+\n/);
    expect(stderr).toMatch(/ needs \S+ of GLIBCXX_3\.4/);
  });

  /** A library for macOS without code, whose load commands are of these kinds. */
  function forMacos(name: string, cpu: number, ...commands: (readonly [number, Buffer])[]): string {
    const loads = commands.map(([kind, body]) => {
      const size = 8 + Math.ceil(body.length / 8) * 8;
      const command = Buffer.alloc(size);
      command.writeUInt32LE(kind, 0);
      command.writeUInt32LE(size, 4);
      body.copy(command, 8);
      return command;
    });
    const header = Buffer.alloc(32);
    [0xfeedfacf, cpu, 0, 6, loads.length, Buffer.concat(loads).length].forEach((word, i) => {
      header.writeUInt32LE(word, 4 * i);
    });
    const path = join(folder, `${name}.node`);
    writeFileSync(path, Buffer.concat([header, ...loads, Buffer.alloc(64)]));
    return path;
  }
  const ARM64 = 16777228;
  const library = (name: string) => {
    const words = Buffer.alloc(16);
    words.writeUInt32LE(24, 0); // where the name begins in the command
    return Buffer.concat([words, Buffer.from(`${name}\0`)]);
  };
  const path = (name: string) => Buffer.from(`\x0c\0\0\0${name}\0`);
  const made = (major: number, minor: number) => Buffer.from([1, 0, 0, 0, 0, minor, major, 0]);

  test("lets pass a library for macOS that is signed and asks for nothing new", () => {
    const commands = [
      [0x32, made(11, 0)],
      [0xc, library("/usr/lib/libSystem.B.dylib")],
      [0x1d, Buffer.alloc(8)],
    ] as const;
    const macos = forMacos("macos", ARM64, ...commands);
    expect(check("darwin-arm64", macos)).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(check("darwin-x64", macos).stderr).toBe(`${macos} is for darwin-arm64, not for darwin-x64\n`);
  });

  test("names a newer macOS, a library that not every Mac has, a run path and a missing signature", () => {
    const commands = [
      [0x32, made(14, 2)],
      [0xc, library("/opt/homebrew/lib/libomp.dylib")],
      [0x8000001c, path("@loader_path")],
    ] as const;
    const macos = forMacos("new-macos", ARM64, ...commands);
    expect(check("darwin-arm64", macos)).toMatchObject({
      status: 1,
      stderr: [
        `${macos} needs /opt/homebrew/lib/libomp.dylib, which not every system has`,
        `${macos} has the run path "@loader_path"`,
        `${macos} needs macOS 14.2; the newest is 11.0`,
        `${macos} has no signature, without which macOS loads nothing on arm64`,
        "",
      ].join("\n"),
    });
  });

  test("refuses a binary for another processor or system, and what is no binary", () => {
    const own = `linux-${process.arch}`;
    const other = process.arch === "x64" ? "linux-arm64" : "linux-x64";
    expect(check(other, addon).stderr).toBe(`${addon} is for ${own}, not for ${other}\n`);
    expect(check("win32-x64", addon).stderr).toBe(`${addon} is for ${own}, not for win32-x64\n`);
    const text = join(folder, "text.node");
    writeFileSync(text, "no binary");
    expect(check(own, text).stderr).toBe(`${text} is for no system, not for ${own}\n`);
    expect(check("linux-x65", addon).stderr).toContain(
      'check-symbols: no platform "linux-x65"; there are linux-x64, ',
    );
  });
});

describe("prebuild", () => {
  const prebuild = (...args: string[]) =>
    script("prebuild.mjs", "--folder", join(folder, "prebuilds"), ...args);

  test("says which platforms there are", () => {
    const { status, stderr } = prebuild("--target", "amiga");
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no platform "amiga"; '),
    });
  });

  test("makes nothing before npm run build", () => {
    expect(prebuild()).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(join(folder, "prebuilds"))).toBe(false);
  });

  test("does not make a package of a binary that is for another platform", () => {
    const other = platformName() === "win32-x64" ? "linux-x64" : "win32-x64";
    const { status, stderr } = prebuild("--target", other, "--from", addon);
    expect(status).toBe(1);
    expect(stderr).toContain(`prebuild: ${addon} is for `);
  });

  test("does not pack while packages are missing", () => {
    const { status, stderr } = prebuild("--pack", folder);
    expect(status).toBe(1);
    expect(stderr).toContain(" lacks linux-x64, linux-arm64, ");
    expect(stderr).toContain("--partial packs without");
  });
});
