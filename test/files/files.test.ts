import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ArgumentError, DataError, FileError } from "../../lib/errors.js";
import type { FilePath } from "../../lib/files/path.js";
import { type ReadOptions, readWhole, readWholeSync } from "../../lib/files/read.js";
import { type Chunks, writeAtomically, writeAtomicallySync } from "../../lib/files/write.js";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "thalweg-files-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const isRoot = process.getuid?.() === 0;
const text = (path: string) => fs.readFileSync(path, "utf8");
const chunks = (...parts: string[]) => parts.map((part) => new Uint8Array(Buffer.from(part)));

/** The number of open files of this process; null where the system does not tell. */
function openFiles(): number | null {
  return fs.existsSync("/proc/self/fd") ? fs.readdirSync("/proc/self/fd").length : null;
}

async function caught(act: () => Promise<unknown>): Promise<Error & { cause?: { code?: string } }> {
  return act().then(
    () => expect.unreachable("no error"),
    (error) => error,
  );
}

/** A source of the library, for processes of their own. */
const library = (file: string) => pathToFileURL(join(import.meta.dirname, "../../lib", file)).href;

type Write = (path: FilePath, chunks: Chunks) => Promise<void>;
const WRITES: [string, Write][] = [
  ["writeAtomically", (path, parts) => writeAtomically("save", path, parts)],
  ["writeAtomicallySync", async (path, parts) => writeAtomicallySync("save", path, parts)],
];

describe.each(WRITES)("%s", (_, write) => {
  test("writes the pieces in order, and nothing else into the folder", async () => {
    const path = join(folder, "a");
    await write(path, chunks("one, ", "", "two"));
    expect(text(path)).toBe("one, two");
    await write(pathToFileURL(path), chunks("new"));
    expect(text(path)).toBe("new");
    await write(path, []);
    expect(text(path)).toBe("");
    expect(fs.readdirSync(folder)).toEqual(["a"]);
  });

  test("writes more pieces than the system takes at once", async () => {
    const path = join(folder, "a");
    const parts = Array.from({ length: 5000 }, (_, i) => `${i};`);
    await write(path, chunks(...parts));
    expect(text(path)).toBe(parts.join(""));
  });

  test("keeps the permissions of an existing file", async () => {
    const path = join(folder, "a");
    fs.writeFileSync(path, "old");
    fs.chmodSync(path, 0o600);
    await write(path, chunks("new"));
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    fs.chmodSync(path, 0o666);
    await write(path, chunks("new"));
    expect(fs.statSync(path).mode & 0o777).toBe(0o666);
  });

  test.skipIf(!isRoot)("keeps the owner of an existing file (as root)", async () => {
    const path = join(folder, "a");
    fs.writeFileSync(path, "old");
    fs.chownSync(path, 1234, 4321);
    await write(path, chunks("new"));
    expect(fs.statSync(path)).toMatchObject({ uid: 1234, gid: 4321 });
  });

  test("replaces the file that a symbolic link points at, and keeps the link", async () => {
    fs.mkdirSync(join(folder, "far"));
    fs.symlinkSync("far/b", join(folder, "a"));
    fs.symlinkSync(folder, join(folder, "far", "back"));
    fs.symlinkSync("../a", join(folder, "far", "c"));
    await write(join(folder, "far", "back", "far", "c"), chunks("new"));
    expect(text(join(folder, "far", "b"))).toBe("new");
    await write(join(folder, "a"), chunks("newer"));
    expect(text(join(folder, "far", "b"))).toBe("newer");
    expect(fs.readlinkSync(join(folder, "a"))).toBe("far/b");
    expect(fs.readdirSync(folder).sort()).toEqual(["a", "far"]);
  });

  test("removes the temporary file and keeps the old one if the pieces cannot be made", async () => {
    const path = join(folder, "a");
    fs.writeFileSync(path, "old");
    const before = openFiles();
    const failing = (function* () {
      yield* chunks("x".repeat(1 << 20));
      throw new RangeError("no piece");
    })();
    await expect(write(path, failing)).rejects.toThrow(/no piece/);
    expect(text(path)).toBe("old");
    expect(fs.readdirSync(folder)).toEqual(["a"]);
    expect(openFiles()).toBe(before);
  });

  test.each([
    [
      "a folder that does not exist",
      "no/a",
      "ENOENT",
      /^save: .*no.a could not be written: the folder for it does not exist \(ENOENT\)$/,
    ],
    ["a path through a file", "file/a", "ENOTDIR", /a part of the path is a file, not a folder/],
    ["a folder", "sub", undefined, /it is a folder, not a file/],
    ["a circle of links", "loop", "ELOOP", /form a circle/],
    ["a name that is too long", "x".repeat(300), "ENAMETOOLONG", /the name is too long/],
  ])("refuses %s", async (_, name, code, message) => {
    fs.writeFileSync(join(folder, "file"), "");
    fs.mkdirSync(join(folder, "sub"));
    fs.symlinkSync("loop", join(folder, "loop"));
    const before = fs.readdirSync(folder);
    const error = await caught(() => write(join(folder, name), chunks("new")));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toMatch(message);
    expect(error.cause?.code).toBe(code);
    expect(fs.readdirSync(folder)).toEqual(before);
  });

  test.skipIf(process.platform === "win32")("refuses to replace a device", async () => {
    await expect(write("/dev/null", chunks("new"))).rejects.toThrow(/it is a device or pipe, not a file/);
    expect(fs.statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test.skipIf(isRoot)(
    "refuses a read-only folder and a read-only file (not as root, who may write all)",
    async () => {
      const path = join(folder, "a");
      fs.writeFileSync(path, "old", { mode: 0o444 });
      await expect(write(path, chunks("new"))).rejects.toThrow(/there is no permission for it \(EACCES\)/);
      fs.chmodSync(folder, 0o555);
      await expect(write(join(folder, "b"), chunks("new"))).rejects.toThrow(/\(EACCES\)/);
      fs.chmodSync(folder, 0o755);
      expect(fs.readdirSync(folder)).toEqual(["a"]);
    },
  );

  test.each([[""], ["a\0b"], [7], [null], [new URL("https://example.org/a")]])(
    "refuses %j as a path",
    async (path) => {
      const error = await caught(() => write(path as string, []));
      expect(error).toBeInstanceOf(ArgumentError);
    },
  );
});

/** A folder that is a file system of its own, if this process may mount one. */
function mount(options: string): string | null {
  const place = fs.mkdtempSync(join(tmpdir(), "thalweg-mount-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "thalweg-test", place]);
  if (status === 0) return place;
  fs.rmdirSync(place);
  return null;
}
function unmount(place: string): void {
  execFileSync("umount", [place]);
  fs.rmdirSync(place);
}
const mayMount = (() => {
  const place = isRoot ? mount("size=64k") : null;
  if (place !== null) unmount(place);
  return place !== null;
})();

describe.skipIf(!mayMount)("on a small file system (where tmpfs may be mounted)", () => {
  test.each(WRITES)("%s keeps the old file if no space is left", async (_, write) => {
    const place = mount("size=64k") as string;
    try {
      await write(join(place, "a"), chunks("old"));
      const error = await caught(() =>
        write(join(place, "a"), chunks("x".repeat(40_000), "y".repeat(40_000))),
      );
      expect(error).toBeInstanceOf(FileError);
      expect(error.message).toMatch(/no space is left on the device \(ENOSPC\)/);
      expect(text(join(place, "a"))).toBe("old");
      expect(fs.readdirSync(place)).toEqual(["a"]);
    } finally {
      unmount(place);
    }
  });

  test.each(WRITES)("%s refuses a read-only file system", async (_, write) => {
    const place = mount("size=64k") as string;
    try {
      await write(join(place, "a"), chunks("old"));
      execFileSync("mount", ["-o", "remount,ro", place]);
      await expect(write(join(place, "a"), chunks("new"))).rejects.toThrow(
        /the file system is read-only \(EROFS\)/,
      );
      expect(text(join(place, "a"))).toBe("old");
    } finally {
      unmount(place);
    }
  });
});

test("two writers of the same path leave the whole file of one of them, and a reader never sees less", async () => {
  const path = join(folder, "a");
  const contents = ["a", "b", "c", "d"].map((letter) => letter.repeat(300_000));
  await writeAtomically("save", path, chunks(contents[0] as string));
  let done = false;
  const writing = Promise.all(
    contents.map(async (one) => {
      for (let i = 0; i < 10; i++) {
        const halves = [one.slice(0, 150_000), one.slice(150_000)];
        await writeAtomically("save", path, chunks(...halves));
      }
    }),
  ).finally(() => {
    done = true;
  });
  const seen = new Set<string>();
  while (!done) seen.add(new TextDecoder().decode(await readWhole("load", path)));
  await writing;
  expect(contents).toEqual(expect.arrayContaining([...seen]));
  expect(fs.readdirSync(folder)).toEqual([basename(path)]);
});

test("two processes that write the same path, killed while they do, leave a whole file", async () => {
  const path = join(folder, "a");
  const module = JSON.stringify(library("files/write.ts"));
  const program = (letter: string) => `
    const { writeAtomicallySync } = await import(${module});
    const pieces = ["${letter}", "${letter}"].map((one) => new Uint8Array(Buffer.from(one.repeat(200_000))));
    for (;;) writeAtomicallySync("save", ${JSON.stringify(path)}, pieces);`;
  const writers = ["a", "b"].map((letter) =>
    spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program(letter)], {
      stdio: "ignore",
    }),
  );
  const seen = new Set<string>();
  try {
    for (const start = Date.now(); seen.size < 2 && Date.now() - start < 50_000; ) {
      const bytes = await readWhole("load", path).catch(() => null);
      if (bytes !== null) seen.add(new TextDecoder().decode(bytes));
      await new Promise((done) => setTimeout(done, 1));
    }
  } finally {
    for (const writer of writers) writer.kill("SIGKILL");
    await Promise.all(writers.map((writer) => once(writer, "exit")));
  }
  seen.add(text(path));
  expect([...seen].sort()).toEqual(["a".repeat(400_000), "b".repeat(400_000)]);
});

type Read = (path: FilePath, options?: ReadOptions) => Promise<Uint8Array>;
const READS: [string, Read][] = [
  ["readWhole", (path, options) => readWhole("load", path, options)],
  ["readWholeSync", async (path, options) => readWholeSync("load", path, options)],
];

describe.each(READS)("%s", (_, read) => {
  test("gives the bytes of a file, in memory of their own", async () => {
    fs.writeFileSync(join(folder, "a"), "contents");
    const bytes = await read(join(folder, "a"));
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.buffer.byteLength).toBe(8);
    expect(Buffer.from(bytes).toString()).toBe("contents");
    expect(await read(pathToFileURL(join(folder, "a")))).toEqual(bytes);
    fs.writeFileSync(join(folder, "b"), "");
    expect(await read(join(folder, "b"))).toHaveLength(0);
  });

  test("refuses a file that is longer than the limit before it reads it", async () => {
    fs.writeFileSync(join(folder, "a"), "");
    fs.truncateSync(join(folder, "a"), 2 ** 40);
    const error = await caught(() => read(join(folder, "a"), { maxBytes: 2 ** 20 }));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(
      /: the file has 1099511627776 bytes, more than the limit of 1048576 \(maxBytes\)$/,
    );
    fs.truncateSync(join(folder, "a"), 8);
    expect(await read(join(folder, "a"), { maxBytes: 8 })).toHaveLength(8);
  });

  test.each([
    [
      "a file that does not exist",
      "no",
      "ENOENT",
      /^load: .*no could not be read: there is no such file \(ENOENT\)$/,
    ],
    ["a folder", "", undefined, /it is a folder, not a file/],
    ["a path through a file", "file/a", "ENOTDIR", /a part of the path is a file/],
  ])("refuses %s", async (_, name, code, message) => {
    fs.writeFileSync(join(folder, "file"), "");
    const before = openFiles();
    const error = await caught(() => read(join(folder, name)));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toMatch(message);
    expect(error.cause?.code).toBe(code);
    expect(openFiles()).toBe(before);
  });

  test.skipIf(process.platform === "win32")("refuses a pipe without waiting for its writer", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await expect(read(join(folder, "pipe"))).rejects.toThrow(/it is a device or pipe, not a file/);
    await expect(read("/dev/zero")).rejects.toThrow(/it is a device or pipe/);
  });

  test.skipIf(isRoot)("refuses a file without permission (not as root, who may read all)", async () => {
    fs.writeFileSync(join(folder, "a"), "", { mode: 0 });
    await expect(read(join(folder, "a"))).rejects.toThrow(/there is no permission for it \(EACCES\)/);
  });
});
