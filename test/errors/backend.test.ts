import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  BackendError,
  BusyError,
  backendInfo,
  OptionError,
  ones,
  ops,
  setBackend,
  setThreads,
  ThalwegError,
} from "../../lib/index.js";
import { instructionId } from "../../lib/native/instructions.js";
import { platformName } from "../../scripts/platforms.mjs";
import { library, root, runModule } from "../child.js";
import { bad, CODES, expectError, testErrors } from "./expect-error.js";

const providers = backendInfo()
  .matmulProviders.map((name) => `"${name}"`)
  .join(", ");

describe("setThreads and setBackend", () => {
  const threads = "setThreads: expected the number of threads to be a whole number ≥ 1 and ≤ 1024, got";
  const before = backendInfo();
  testErrors([
    [() => setThreads(0), ArgumentError, `${threads} 0`],
    [() => setThreads(-1), ArgumentError, `${threads} -1`],
    [() => setThreads(1.5), ArgumentError, `${threads} 1.5`],
    [() => setThreads(1025), ArgumentError, `${threads} 1025`],
    [() => setThreads(bad("2")), ArgumentError, `${threads} "2"`],
    [() => setThreads(bad()), ArgumentError, `${threads} undefined`],
    [() => setThreads(Number.POSITIVE_INFINITY), ArgumentError, `${threads} Infinity`],
    [() => setBackend(bad()), ArgumentError, "setBackend: expected { matmul }, got undefined"],
    [() => setBackend(bad("own")), ArgumentError, 'setBackend: expected an object of options, got "own"'],
    [
      () => setBackend(bad({})),
      ArgumentError,
      `setBackend: expected matmul to be one of ${providers}, got undefined`,
    ],
    [
      () => setBackend({ matmul: "mkl" }),
      ArgumentError,
      `setBackend: expected matmul to be one of ${providers}, got "mkl"`,
    ],
    [
      () => setBackend(bad({ matmull: "own" })),
      OptionError,
      'setBackend: unknown option "matmull"; did you mean "matmul"?',
    ],
    [
      () => instructionId("frobnicate"),
      BackendError,
      'thalweg: the native addon has no instruction "frobnicate"; rebuild it',
    ],
  ]);

  test("nothing was changed by what was refused", () => {
    expect(backendInfo()).toEqual(before);
  });
});

describe("classes of errors", () => {
  test("have a name, a code and a message, and are errors", () => {
    for (const [Kind, code] of CODES) {
      const error = new Kind("what happened");
      expect(error).toBeInstanceOf(Error);
      expect(error).toBeInstanceOf(ThalwegError);
      expect(error).toMatchObject({ name: Kind.name, code, message: "what happened" });
    }
    expect(new Set(CODES.values()).size).toBe(CODES.size);
  });

  test("keep a cause", () => {
    const cause = new Error("why");
    expect(new BackendError("what", { cause }).cause).toBe(cause);
  });
});

describe("a tensor that a running program uses", () => {
  const run = { name: "fit", ended: Promise.resolve(), nameOf: () => undefined };
  const other = { ...run, name: "predict", nameOf: () => '"0.weight" of the model' };
  const written = "tensor: a tensor of 2 elements (float32) is written by fit; wait for that run to end";
  const read = 'tensor: "0.weight" of the model is read by predict; wait for that run to end';

  test("cannot be read or written while the program writes it", async () => {
    const w = ones([2]);
    w.storage.claim(run, true);
    try {
      await expectError([() => w.data, BusyError, written]);
      await expectError([() => w.toArray(), BusyError, written]);
      await expectError([() => ops.exp(w), BusyError, written]);
      await expectError([() => w.storage.claim(other, false), BusyError, written]);
    } finally {
      w.storage.release(run);
    }
    expect(w.toArray()).toEqual([1, 1]);
  });

  test("can be read but not written while programs read it", async () => {
    const x = ones([2]);
    x.storage.claim(other, false);
    x.storage.claim(run, false);
    try {
      expect(x.toArray()).toEqual([1, 1]);
      expect(ops.sum(x).item()).toBe(2);
      await expectError([() => x.data, BusyError, read]);
      await expectError([() => x.storage.claim(run, true), BusyError, read]);
    } finally {
      x.storage.release(run);
      x.storage.release(other);
    }
    x.data[0] = 5;
    expect(x.toArray()).toEqual([5, 1]);
  });
});

describe("the environment", () => {
  const folder = mkdtempSync(join(tmpdir(), "thalweg-addon-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const report = `
    try {
      const { tensor, backendInfo } = await import(${JSON.stringify(library)});
      console.log(JSON.stringify({ sum: tensor([1, 2]).sum().item(), isa: backendInfo().isa }));
    } catch ({ name, code, message }) {
      console.log(JSON.stringify({ name, code, message }));
    }`;
  const inEnvironment = async (env: Record<string, string>): Promise<Record<string, unknown>> => {
    const { code, signal, stdout, stderr } = await runModule(report, { env });
    expect({ code, signal, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const head = `thalweg: no native addon for ${platformName()}, Node ${process.version}. Looked for:`;
  const tail = [
    "To build it from source, or to be told which tools this system lacks for that:",
    `  cd ${root} && npm run build:native`,
    "To use a binary that is elsewhere: THALWEG_ADDON=/path/to/thalweg.node",
  ];
  const notLoaded = (path: string, why: string): string => [head, `  ${path}: ${why}`, ...tail].join("\n");

  test.concurrent.each([...backendInfo().isas, ""])("THALWEG_ISA=%s is taken", async (isa) => {
    const result = await inEnvironment({ THALWEG_ISA: isa });
    expect(result).toEqual({ sum: 3, isa: isa === "" ? backendInfo().isas.at(-1) : isa });
  });

  test.concurrent("THALWEG_ISA that this CPU does not have is refused when the library is loaded", async () => {
    expect(await inEnvironment({ THALWEG_ISA: "x86_64_v9" })).toEqual({
      name: "BackendError",
      code: "ERR_BACKEND",
      message: `thalweg: THALWEG_ISA is "x86_64_v9"; this CPU has ${backendInfo().isas.join(", ")}`,
    });
  });

  test.concurrent("THALWEG_MATMUL that was not built in is refused when the library is loaded", async () => {
    expect(await inEnvironment({ THALWEG_MATMUL: "mkl" })).toEqual({
      name: "BackendError",
      code: "ERR_BACKEND",
      message: `thalweg: THALWEG_MATMUL: no matmul provider "mkl"; this build has ${backendInfo().matmulProviders.join(", ")}`,
    });
  });

  test.concurrent("THALWEG_MATMUL left empty is as if it were not set", async () => {
    expect(await inEnvironment({ THALWEG_MATMUL: "" })).toMatchObject({ sum: 3 });
  });

  test.concurrent("THALWEG_ADDON that is not there is named, with what to do", async () => {
    const path = join(folder, "nowhere.node");
    expect(await inEnvironment({ THALWEG_ADDON: path })).toEqual({
      name: "BackendError",
      code: "ERR_BACKEND",
      message: notLoaded(path, "not there"),
    });
  });

  test.concurrent("THALWEG_ADDON that is no shared object is refused with the loader's reason", async () => {
    const path = file("text.node", "no addon");
    const { message } = await inEnvironment({ THALWEG_ADDON: path });
    expect(message).toContain(`  ${path}: `);
    expect(message).toMatch(/file too short|invalid ELF header|not a mach-o|not a valid/i);
    expect(String(message)).toContain(tail.join("\n"));
  });

  test.concurrent("THALWEG_ADDON that is something else is refused", async () => {
    const path = file("other.json", '{"name": "other"}');
    expect(await inEnvironment({ THALWEG_ADDON: path })).toMatchObject({
      message: notLoaded(path, "not Thalweg's addon"),
    });
  });

  test.concurrent("an addon of another version says what it lacks", async () => {
    const path = file(
      "old.cjs",
      "module.exports = { instructions: ['add'], params: new Float64Array(64), backendInfo() {}, execute() {} };",
    );
    expect(await inEnvironment({ THALWEG_ADDON: path })).toMatchObject({
      name: "BackendError",
      code: "ERR_BACKEND",
      message: expect.stringMatching(/^thalweg: the native addon has no instruction "\w+"; rebuild it$/),
    });
  });
});
