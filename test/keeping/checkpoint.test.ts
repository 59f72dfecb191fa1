import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { writeAtomicallySync } from "../../lib/files/write.js";
import { encodeSafetensors } from "../../lib/formats/safetensors.js";
import {
  ArgumentError,
  BusyError,
  cost,
  DataError,
  FileError,
  Generator,
  loadCheckpoint,
  loadCheckpointSync,
  manualSeed,
  nn,
  OptionError,
  optim,
  rand,
  randn,
  saveCheckpoint,
  saveCheckpointSync,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { decodeStateSync } from "../../lib/keeping/state-file.js";
import { library, runModule } from "../child.js";

/** Whether this process may mount file systems. */
const mayMount = (() => {
  const place = mkdtempSync(join(tmpdir(), "thalweg-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place], { stdio: "ignore" });
    execFileSync("umount", [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
})();

let folder = "";
const folders: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-checkpoint-"));
  folders.push(folder);
});
afterAll(() => {
  for (const one of folders) {
    chmodSync(one, 0o700);
    rmSync(one, { recursive: true, force: true });
  }
});
const inFolder = (name: string): string => join(folder, name);

class Noisy extends nn.Module {
  readonly linear = new nn.Linear(3, 2);
  readonly norm = new nn.BatchNorm1d(2);
  readonly generator = new Generator(5);
  forward(x: Tensor): Tensor {
    return this.norm.forward(this.linear.forward(x)).add(this.generator.normal([x.shape[0] as number, 2]));
  }
}

interface Run {
  readonly model: Noisy;
  readonly optimizer: optim.Adam;
  readonly schedules: readonly [optim.StepLR, optim.ReduceLROnPlateau];
  readonly averages: readonly [optim.WeightAverage];
  readonly generators: readonly [Generator];
  readonly parts: { readonly critic: nn.Linear };
}

function makeRun(seed: number): Run {
  manualSeed(seed);
  const model = new Noisy();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
  return {
    model,
    optimizer,
    schedules: [
      new optim.StepLR(optimizer, { stepSize: 2 }),
      new optim.ReduceLROnPlateau(optimizer, { patience: 0 }),
    ],
    averages: [new optim.WeightAverage(model.parameters())],
    generators: [new Generator(seed)],
    parts: { critic: new nn.Linear(2, 2) },
  };
}

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
  [0, 1, -1],
]);

/** Some steps. @returns all that they come to. */
function goOn({ model, optimizer, schedules, averages, generators, parts }: Run, steps: number): unknown {
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    const loss = cost.mse(model.forward(x), randn([3, 2]));
    loss.backward();
    optimizer.step();
    averages[0].update();
    schedules[0].step();
    schedules[1].step(loss.item());
  }
  return {
    state: Object.values(model.stateDict()).map((one) => [...one.data]),
    averages: averages[0].averages.map((one) => [...one.data]),
    lr: optimizer.lr,
    drawn: [...rand([2]).data, ...generators[0].uniform([2]).data, ...model.generator.uniform([2]).data],
    critic: [...parts.critic.weight.data],
  };
}

/** All that a run is now. */
const now = (run: Run): unknown =>
  JSON.stringify([
    run.model.stateDict(),
    run.optimizer.stateDict(),
    run.schedules.map((one) => one.stateDict()),
    run.averages[0].stateDict(),
    run.generators[0].getState(),
    run.model.generator.getState(),
    run.parts.critic.stateDict(),
  ]);

const extra = {
  epoch: 3,
  note: "ü",
  losses: [Number.NaN, -0, 1],
  best: tensor([1, 2]),
  ids: Int32Array.of(7),
};

describe("a run that is saved by hand", () => {
  test("goes on to the bit, and gives back what else was kept", async () => {
    const whole = makeRun(1);
    goOn(whole, 3);
    const path = inFolder("run.safetensors");
    await saveCheckpoint(path, { ...whole, extra });
    const expected = goOn(whole, 4);
    const other = makeRun(2);
    goOn(other, 1);
    const found = await loadCheckpoint(path, other);
    expect(goOn(other, 4)).toEqual(expected);
    expect(found.position).toBeNull();
    expect(found.extra).toEqual({ ...extra, best: expect.anything() });
    expect([...(found.extra as { best: Tensor }).best.data]).toEqual([1, 2]);
    expect(readdirSync(folder)).toEqual(["run.safetensors"]);
  });

  test("has the modes, the frozen parameters and the generators in lists and objects of its model", async () => {
    const made = (): nn.Module =>
      Object.assign(new nn.Sequential(new nn.Linear(1, 1), new nn.Dropout(0.5), new nn.BatchNorm1d(1)), {
        sources: [1, { noise: new Generator(5) }],
      });
    const noiseOf = (model: nn.Module): Generator =>
      (Reflect.get(model, "sources") as [number, { noise: Generator }])[1].noise;
    const states = (model: nn.Module): unknown => [
      Array.from(model.namedModules(), ([name, { training }]) => [name, training]),
      model.parameters().map(({ requiresGrad }) => requiresGrad),
      noiseOf(model).getState(),
    ];
    const [whole, other] = [made(), made()];
    whole.parameters().forEach((one, i) => {
      one.requiresGrad = i % 2 === 0;
    });
    for (const [name, module] of whole.namedModules()) module.training = name !== "" && name !== "1";
    noiseOf(whole).normal([3]);
    const path = inFolder("a");
    await saveCheckpoint(path, { model: whole });
    for (const one of other.parameters()) one.requiresGrad = false;
    expect(states(other)).not.toEqual(states(whole));
    await loadCheckpoint(path, { model: other });
    expect(states(other)).toEqual(states(whole));
    // A part that refuses, after the model has taken its state.
    const third = made();
    const before = states(third);
    await saveCheckpoint(path, { model: whole, parts: { critic: new nn.Linear(1, 2) } });
    const refused = loadCheckpoint(path, { model: third, parts: { critic: new nn.Linear(1, 1) } });
    await expect(refused).rejects.toThrow(/weight/);
    expect(states(third)).toEqual(before);
  });

  test("is the one of the call, whatever training does while the file is written", async () => {
    const path = inFolder("a");
    const whole = makeRun(1);
    goOn(whole, 2);
    const before = now(whole);
    const saving = saveCheckpoint(path, whole);
    goOn(whole, 3);
    await saving;
    const other = makeRun(2);
    await loadCheckpoint(path, other);
    expect(now(other)).toEqual(before);
  });

  test("is the same file when it is written on this thread, and is read on this thread", async () => {
    const whole = makeRun(1);
    goOn(whole, 1);
    await saveCheckpoint(inFolder("a"), { ...whole, extra });
    saveCheckpointSync(pathToFileURL(inFolder("b")), { ...whole, extra });
    expect(readFileSync(inFolder("a")).equals(readFileSync(inFolder("b")))).toBe(true);
    const other = makeRun(2);
    expect(loadCheckpointSync(inFolder("b"), other).extra).toEqual({ ...extra, best: expect.anything() });
    expect(now(other)).toEqual(now(whole));
  });

  test("may be read in part, and without parts changes nothing", async () => {
    const whole = makeRun(1);
    goOn(whole, 1);
    const path = inFolder("a");
    await saveCheckpoint(path, whole);
    const { model } = makeRun(2);
    await loadCheckpoint(path, { model });
    expect(JSON.stringify(model.stateDict())).toBe(JSON.stringify(whole.model.stateDict()));
    manualSeed(3);
    const drawn = [...rand([2]).data];
    manualSeed(3);
    await loadCheckpoint(path);
    expect([...rand([2]).data]).toEqual(drawn);
  });

  test("the last of several writes that were not waited for stays", async () => {
    const path = inFolder("a");
    await Promise.all([1, 2, 3].map((n) => saveCheckpoint(path, { extra: n })));
    expect((await loadCheckpoint(path)).extra).toBe(3);
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test("follows a symbolic link, and keeps the permissions of the file", async () => {
    const path = inFolder("link");
    mkdirSync(inFolder("inner"));
    await saveCheckpoint(inFolder("inner/a"), { extra: 1 });
    chmodSync(inFolder("inner/a"), 0o640);
    symlinkSync("inner/a", path);
    await saveCheckpoint(path, { extra: 2 });
    expect((await loadCheckpoint(inFolder("inner/a"))).extra).toBe(2);
    expect(readdirSync(inFolder("inner"))).toEqual(["a"]);
  });
});

describe("what does not fit is refused by name, and nothing changes", () => {
  const other = makeRun(8);
  const grown = (): nn.Module => {
    const model = makeRun(2).model;
    return Object.assign(model, { more: new nn.Linear(1, 1) });
  };
  test.each<[string, (run: Run) => object, RegExp]>([
    [
      "another shape",
      () => ({ model: new nn.Linear(3, 2) }),
      /model: weight is float32 \[2, 3\]; the checkpoint has nothing.*linear\.weight is nothing; the checkpoint has float32 \[2, 3\]/,
    ],
    [
      "more modules",
      () => ({ model: grown() }),
      /more\.weight is float32 \[1, 1\]; the checkpoint has nothing/,
    ],
    [
      "another dtype",
      (run) => ({ model: run.model.to("float64") }),
      /linear\.weight is float64 \[2, 3\]; the checkpoint has float32 \[2, 3\]/,
    ],
    [
      "another optimizer",
      (run) => ({ ...run, optimizer: new optim.SGD(run.model.parameters()) }),
      /optimizer: SGD; the checkpoint has Adam/,
    ],
    [
      "other groups",
      ({ model }) => ({
        optimizer: new optim.Adam([
          { parameters: model.linear.parameters() },
          { parameters: model.norm.parameters() },
        ]),
      }),
      /parameters of the optimizer's groups: 2 \+ 2; the checkpoint has 4/,
    ],
    [
      "another kind of schedule",
      (run) => ({
        ...run,
        schedules: [run.schedules[0], new optim.ExponentialLR(run.optimizer, { gamma: 1 })],
      }),
      /schedules: StepLR, ExponentialLR; the checkpoint has StepLR, ReduceLROnPlateau/,
    ],
    [
      "a schedule of other parts",
      (run) => ({ schedules: [new optim.ChainedScheduler([run.schedules[0]])] }),
      /schedules: ChainedScheduler\(StepLR\); the checkpoint has StepLR, ReduceLROnPlateau/,
    ],
    [
      "other averages",
      ({ model }) => ({ averages: [new optim.WeightAverage([model.linear.weight])] }),
      /averages: float32 \[2, 3\]; the checkpoint has float32 \[2, 3\] float32 \[2\]/,
    ],
    [
      "another number of generators",
      () => ({ generators: [] }),
      /number of generators: 0; the checkpoint has 1/,
    ],
    [
      "other parts",
      () => ({ parts: { actor: other.parts.critic } }),
      /parts: actor; the checkpoint has critic/,
    ],
    [
      "a part that refuses, after others have taken their states",
      (run) => ({ ...run, parts: { critic: new nn.Linear(5, 5) } }),
      /weight: expected shape \[5, 5\], got \[2, 2\]/,
    ],
  ])("%s", async (_, change, message) => {
    const whole = makeRun(1);
    goOn(whole, 2);
    const path = inFolder("a");
    await saveCheckpoint(path, whole);
    const run = makeRun(2);
    goOn(run, 1);
    const given = change(run);
    const before = now(run);
    manualSeed(4);
    const drawn = [...rand([2]).data];
    manualSeed(4);
    await expect(loadCheckpoint(path, given)).rejects.toThrow(message);
    expect(() => loadCheckpointSync(path, given)).toThrow(message);
    expect(now(run)).toEqual(before);
    expect([...rand([2]).data]).toEqual(drawn);
  });

  test.each<[string, nn.Module, RegExp]>([
    ["another option", new nn.Dropout(0.25), /model: 1\.p is 0\.25; the checkpoint has 0\.5/],
    ["another class", new nn.Tanh(), /model: 1 is Tanh; the checkpoint has Dropout/],
    [
      "no module",
      new nn.Sequential(new nn.Dropout(0.5)),
      /model: 1\.0 is Dropout; the checkpoint has nothing/,
    ],
  ])("a model of the same tensors with %s", async (_, second, message) => {
    const path = inFolder("a");
    await saveCheckpoint(path, { model: new nn.Sequential(new nn.Linear(1, 1), new nn.Dropout(0.5)) });
    const model = new nn.Sequential(new nn.Linear(1, 1), second);
    const before = JSON.stringify(model);
    await expect(loadCheckpoint(path, { model })).rejects.toThrow(message);
    expect(JSON.stringify(model)).toBe(before);
  });

  test("all differences are told at once", async () => {
    const path = inFolder("a");
    const run = makeRun(1);
    await saveCheckpoint(path, { model: run.model });
    const given = { model: new nn.Linear(1, 1), optimizer: run.optimizer, schedules: run.schedules };
    const failing = loadCheckpoint(path, given);
    await expect(failing).rejects.toThrow(ArgumentError);
    await expect(failing).rejects.toThrow(
      /does not fit: the checkpoint has no optimizer; the checkpoint has no schedules; model: weight/,
    );
  });
});

describe("a file that is not whole is refused", () => {
  const small = (): nn.Linear => new nn.Linear(1, 2);

  async function bytesOfRun(): Promise<Buffer> {
    await saveCheckpoint(inFolder("whole"), { model: small(), extra });
    return readFileSync(inFolder("whole"));
  }

  const where = "loadCheckpointSync: FILE";

  function refuse(bytes: Uint8Array, message: string): void {
    let error: unknown = null;
    try {
      decodeStateSync(where, bytes);
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof DataError)) throw new Error(`${message}: expected a DataError, got ${error}`);
    expect(error.message, message).toContain(`${where}: `);
  }

  test("with any byte changed", async () => {
    const bytes = await bytesOfRun();
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      // One bit, and a digit for another where it is a digit.
      for (const changed of [byte ^ (1 << (at % 8)), byte ^ 1]) {
        bytes[at] = changed;
        refuse(bytes, `byte ${at}`);
      }
      bytes[at] = byte;
    }
    const model = small();
    const before = [...model.weight.data];
    bytes[bytes.length - 1] = 1;
    writeFileSync(inFolder("broken"), bytes);
    const failing = loadCheckpoint(inFolder("broken"), { model });
    await expect(failing).rejects.toThrow(DataError);
    await expect(failing).rejects.toThrow(
      /broken: the file was changed after it was written: its checksum is/,
    );
    expect(() => loadCheckpointSync(inFolder("broken"), { model })).toThrow(
      /was changed after it was written/,
    );
    expect([...model.weight.data]).toEqual(before);
    await loadCheckpoint(inFolder("whole"), { model });
  });

  test("cut short or grown", async () => {
    const bytes = await bytesOfRun();
    for (let length = 0; length < bytes.length; length += 7)
      refuse(bytes.subarray(0, length), `${length} bytes`);
    refuse(bytes.subarray(0, -1), "one byte less");
    refuse(Buffer.concat([bytes, Buffer.alloc(1)]), "one byte more");
  });

  test("another safetensors file, or another state", async () => {
    const path = inFolder("a");
    const array = { dtype: "float32", shape: [1], bytes: new Uint8Array(4) } as const;
    for (const metadata of [{}, { format: "pt" }, { format: "thalweg.state.1", state: "null" }]) {
      writeAtomicallySync("test", path, encodeSafetensors(new Map([["w", array]]), metadata));
      await expect(loadCheckpoint(path)).rejects.toThrow(DataError);
      await expect(loadCheckpoint(path)).rejects.toThrow(/expected a state or checkpoint of thalweg/);
    }
  });
});

describe("a file that cannot be written leaves the one before", () => {
  test("in a read-only folder", async () => {
    const path = inFolder("a");
    await saveCheckpoint(path, { extra: 1 });
    chmodSync(folder, 0o555);
    // The root user may write everywhere, so the process becomes another one.
    const { stdout, stderr } = await runModule(`
      import { saveCheckpoint, saveCheckpointSync } from ${JSON.stringify(library)};
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
      for (const save of [saveCheckpoint, async (...args) => saveCheckpointSync(...args)]) {
        await save(${JSON.stringify(path)}, { extra: 2 }).catch(({ code, message }) => console.log(code, message));
      }
    `);
    expect(stderr).toBe("");
    expect(stdout.match(/ERR_FILE .*: .* could not be written: there is no permission for it/g)).toHaveLength(
      2,
    );
    chmodSync(folder, 0o700);
    expect((await loadCheckpoint(path)).extra).toBe(1);
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test.skipIf(!mayMount)("on a full disk", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    try {
      const path = inFolder("a");
      await saveCheckpoint(path, { extra: 1 });
      const failing = saveCheckpoint(path, { extra: rand([50_000]) });
      await expect(failing).rejects.toThrow(FileError);
      await expect(failing).rejects.toThrow(/no space is left on the device \(ENOSPC\)/);
      expect(() => saveCheckpointSync(path, { extra: rand([50_000]) })).toThrow(/ENOSPC/);
      expect((await loadCheckpoint(path)).extra).toBe(1);
      expect(readdirSync(folder)).toEqual(["a"]);
      // So full that not even the lock can be written.
      expect(() => writeFileSync(inFolder("full"), Buffer.alloc(1 << 20))).toThrow(/ENOSPC/);
      expect(() => saveCheckpointSync(path, { extra: 2 })).toThrow(/ENOSPC/);
      expect(readdirSync(folder).sort()).toEqual(["a", "full"]);
    } finally {
      execFileSync("umount", [folder]);
    }
  });

  test.each<[string, (path: string) => void, RegExp]>([
    ["without a folder", (path) => rmSync(path, { recursive: true }), /the folder for it does not exist/],
    ["a folder in its place", (path) => mkdirSync(join(path, "a")), /it is a folder/],
  ])("%s", async (_, prepare, message) => {
    const inner = inFolder("inner");
    mkdirSync(inner);
    prepare(inner);
    const failing = saveCheckpoint(join(inner, "a"), { extra: 1 });
    await expect(failing).rejects.toThrow(FileError);
    await expect(failing).rejects.toThrow(message);
    expect(() => saveCheckpointSync(join(inner, "a"), { extra: 1 })).toThrow(message);
  });

  test("while another process writes there, whose lock is told; not after its end", async () => {
    const path = inFolder("a");
    await saveCheckpoint(path, { extra: 1 });
    const holder = runModule(`
      import { Target } from ${JSON.stringify(library.replace("index.js", "keeping/target.js"))};
      import { existsSync } from "node:fs";
      new Target("test", ${JSON.stringify(path)});
      while (!existsSync(${JSON.stringify(inFolder("end"))})) await new Promise((done) => setTimeout(done, 10));
      process.kill(process.pid, "SIGKILL");
    `);
    const lockFile = inFolder(".a.lock");
    while (!existsSync(lockFile)) await new Promise((done) => setTimeout(done, 10));
    const failing = saveCheckpoint(path, { extra: 2 });
    await expect(failing).rejects.toThrow(BusyError);
    await expect(failing).rejects.toThrow(/is being written by process \d+ on .*\.a\.lock/);
    expect((await loadCheckpoint(path)).extra).toBe(1);
    writeFileSync(inFolder("end"), "");
    expect((await holder).signal).toBe("SIGKILL");
    // What it left is taken over.
    expect(existsSync(lockFile)).toBe(true);
    writeFileSync(inFolder(`.a.${"0".repeat(16)}.tmp`), "half a file");
    await saveCheckpoint(path, { extra: 3 });
    expect((await loadCheckpoint(path)).extra).toBe(3);
    expect(readdirSync(folder).sort()).toEqual(["a", "end"]);
  });

  test("while another thread writes there, whose lock is told; on Linux not after its end", async () => {
    const path = inFolder("a");
    const worker = `
      const { parentPort, workerData } = require("node:worker_threads");
      import(workerData.target).then(({ Target }) => {
        new Target("test", workerData.path);
        parentPort.postMessage("locked");
        setInterval(() => {}, 1000);
      });
    `;
    const { stdout, stderr } = await runModule(`
      import { once } from "node:events";
      import { Worker } from "node:worker_threads";
      import { saveCheckpoint } from ${JSON.stringify(library)};
      const target = ${JSON.stringify(library.replace("index.js", "keeping/target.js"))};
      const path = ${JSON.stringify(path)};
      const thread = new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: [], workerData: { target, path } });
      await once(thread, "message");
      const save = () => saveCheckpoint(path, { extra: 1 }).catch(({ code, message }) => console.log(code, message));
      await save();
      await thread.terminate();
      await save();
    `);
    const told =
      /^ERR_BUSY .* is being written by thread 1 of this process; if that has ended, remove .*\.a\.lock$/;
    const [first, second] = stdout.split("\n");
    expect({ first, stderr }).toEqual({ first: expect.stringMatching(told), stderr: "" });
    if (process.platform === "linux") {
      expect(second).toBe("");
      expect(readdirSync(folder)).toEqual(["a"]);
    } else expect(second).toMatch(told);
  });

  test.each([
    ["nobody", ""],
    ["a process that cannot be", JSON.stringify({ host: "", pid: -1, began: "" })],
    [
      "an earlier process with the same number",
      JSON.stringify({ host: "HOST", pid: process.pid, thread: 0, task: process.pid, began: "1" }),
    ],
  ])("a lock of %s is taken over", async (_, text) => {
    const { hostname } = await import("node:os");
    writeFileSync(inFolder(".a.lock"), text.replace("HOST", hostname()));
    await saveCheckpoint(inFolder("a"), { extra: 1 });
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test("a lock of another machine is not", async () => {
    const text = JSON.stringify({ host: "another.machine", pid: 1, thread: 0, task: 1, began: "1" });
    writeFileSync(inFolder(".a.lock"), text);
    await expect(saveCheckpoint(inFolder("a"), { extra: 1 })).rejects.toThrow(
      /process 1 on another\.machine/,
    );
    expect(readdirSync(folder)).toEqual([".a.lock"]);
  });
});

describe("bad arguments are refused before anything is written", () => {
  test.each<[string, () => Promise<unknown>, new (message: string) => Error, RegExp]>([
    [
      "a misspelt part",
      () => saveCheckpoint(inFolder("a"), { optimiser: 1 } as object),
      OptionError,
      /did you mean "optimizer"/,
    ],
    ["no contents", () => saveCheckpoint(inFolder("a"), undefined as never), ArgumentError, /got undefined/],
    [
      "a model that is none",
      () => saveCheckpoint(inFolder("a"), { model: {} as nn.Module }),
      ArgumentError,
      /model to be a Module/,
    ],
    [
      "a schedule that is none",
      () => saveCheckpoint(inFolder("a"), { schedules: [{} as never] }),
      ArgumentError,
      /schedules\[0\]/,
    ],
    [
      "parts without states",
      () => saveCheckpoint(inFolder("a"), { parts: { a: {} as never } }),
      ArgumentError,
      /part a to have stateDict/,
    ],
    [
      "what cannot be kept",
      () => saveCheckpoint(inFolder("a"), { extra: { when: new Date() } }),
      ArgumentError,
      /a Date at "extra\.when"/,
    ],
    [
      "a path that is none",
      () => saveCheckpoint(1 as never, {}),
      ArgumentError,
      /expected the path of a file/,
    ],
    [
      "a path that is none",
      () => loadCheckpoint(null as never),
      ArgumentError,
      /expected the path of a file/,
    ],
    ["a file that is not there", () => loadCheckpoint(inFolder("none")), FileError, /there is no such file/],
  ])("%s", async (_, run, kind, message) => {
    await expect(run()).rejects.toThrow(kind);
    await expect(run()).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("the thread for files does not keep the process alive, and a write that was begun does", async () => {
  const path = inFolder("a");
  const { code, stdout, stderr } = await runModule(`
    import { saveCheckpoint, loadCheckpoint } from ${JSON.stringify(library)};
    await saveCheckpoint(${JSON.stringify(path)}, { extra: 5 });
    console.log((await loadCheckpoint(${JSON.stringify(path)})).extra);
    await saveCheckpoint(${JSON.stringify(path)}, { extra: 6 });
    saveCheckpoint(${JSON.stringify(path)}, { extra: 7 });
  `);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe("5\n");
  // A write that was not waited for is done before the process ends.
  expect((await loadCheckpoint(path)).extra).toBe(7);
  expect(readdirSync(folder)).toEqual([basename(path)]);
});
