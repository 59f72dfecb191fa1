import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../lib/formats/safetensors.js";
import type { StoredArray } from "../../lib/formats/stored-array.js";
import { nn, ones, optim, save, saveCheckpoint, type Tensor } from "../../lib/index.js";
import { encodePyTorch } from "../../lib/interchange/index.js";
import { TensorBoard } from "../../lib/tensorboard/index.js";
import { commandIn, main, temporaryFolder } from "./command.js";

const folder = temporaryFolder();
const thalweg = commandIn(folder);

const array = (shape: readonly number[], values: readonly number[]): StoredArray => ({
  dtype: "float32",
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const ARRAYS = new Map([
  ["0.weight", array([2, 3], [1, 2, 3, 4, 5, 6])],
  ["0.bias", array([2], [0.1, -0.5])],
]);

beforeAll(() => {
  const chunks = encodeSafetensors(ARRAYS, { note: "red \u001b[31mtext" });
  writeFileSync(join(folder, "model.safetensors"), Buffer.concat(chunks));
});

describe("inspect", () => {
  test("shows arrays, metadata and checksum", async () => {
    const { code, stdout } = await thalweg(["inspect", "model.safetensors"]);
    expect(code).toBe(0);
    expect(stdout.replace(/sha256 [0-9a-f]{64}/, "sha256 …")).toMatchInlineSnapshot(`
      "model.safetensors: safetensors, 216 bytes
      sha256 …

      note  red \\u001b[31mtext

      name      dtype    shape   elements  size
      0.weight  float32  [2, 3]         6  24 bytes
      0.bias    float32  [2]            2  8 bytes
      2 arrays, 8 floating-point numbers, 32 bytes
      "
    `);
  });

  test("prints JSON", async () => {
    const { stdout } = await thalweg(["inspect", "--json", "model.safetensors"]);
    expect(JSON.parse(stdout)).toMatchObject({
      format: "safetensors",
      facts: { note: "red \u001b[31mtext" },
      arrays: [
        { name: "0.weight", dtype: "float32", shape: [2, 3], elements: 6, bytes: 24 },
        { name: "0.bias", shape: [2] },
      ],
    });
  });

  test("reads standard input", async () => {
    const { code, stdout } = await thalweg(
      ["inspect", "-", "--json"],
      readFileSync(join(folder, "model.safetensors")),
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ path: "-", format: "safetensors" });
  });

  test("shows the tags of a TensorBoard run", async () => {
    const board = new TensorBoard(join(folder, "run"));
    for (let step = 0; step < 3; step++) board.addScalar("loss", 1 / (1 + step), step);
    board.addText("note", "hello", 0);
    await board.close();
    const { stdout } = await thalweg(["inspect", board.path]);
    expect(stdout).toMatch(/TensorBoard events/);
    expect(stdout).toMatch(/^loss +scalar +3 {2}0 to 2 {2}0\.3333333$/m);
    expect(stdout).toMatch(/^note\/text_summary +tensor +1 {2}0 to 0$/m);
  });
});

test("shows a model as it prints itself, and what a checkpoint is of", async () => {
  const model = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Linear(3, 2));
  await save(model, join(folder, "own.safetensors"), { metadata: { by: "me" } });
  const { stdout } = await thalweg(["inspect", "own.safetensors"]);
  expect(stdout).toMatch(/^own\.safetensors: a model of Thalweg's, as safetensors/);
  expect(stdout).toContain(`\nmodel\n${model}\n`);
  expect(stdout).toMatch(/^by {6}me$/m);
  const optimizer = new optim.Adam(model.parameters());
  const schedules = [new optim.StepLR(optimizer, { stepSize: 3 })];
  await saveCheckpoint(join(folder, "run.safetensors"), { model, optimizer, schedules });
  const run = await thalweg(["inspect", "--json", "run.safetensors"]);
  expect(JSON.parse(run.stdout)).toMatchObject({
    format: "a checkpoint of Thalweg's, as safetensors",
    facts: { optimizer: "Adam", schedules: "StepLR" },
  });
});

test("says of a model of unknown classes what to do", async () => {
  class Own extends nn.Module {
    layer = new nn.Linear(2, 2);
    forward(x: Tensor): Tensor {
      return this.layer.forward(x);
    }
  }
  await save(new Own(), join(folder, "users.safetensors"));
  const { code, stdout } = await thalweg(["inspect", "users.safetensors"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/registerClass\("Own", Own\)/);
  expect(stdout).toMatch(/layer\.weight/);
});

describe("convert", () => {
  test("goes around through all kinds of files with the same arrays", async () => {
    const way = ["model.safetensors", "a.npz", "b.pt", "c.safetensors", "d.pth", "e.npz"];
    for (const [i, to] of way.slice(1).entries()) {
      const { code, stderr } = await thalweg(["convert", way[i] as string, to]);
      expect([code, stderr]).toEqual([0, `${way[i]} → ${to}\n`]);
      const { stdout } = await thalweg(["inspect", "--json", to]);
      const { arrays } = JSON.parse(stdout) as { arrays: { name: string; dtype: string; shape: number[] }[] };
      expect(arrays.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
        ["0.weight", "float32", [2, 3]],
        ["0.bias", "float32", [2]],
      ]);
    }
    const { arrays } = decodeSafetensors(readFileSync(join(folder, "c.safetensors")));
    for (const [name, { bytes }] of ARRAYS) expect(arrays.get(name)?.bytes).toEqual(bytes);
  });

  test("writes a saved model as ONNX", async () => {
    const model = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Linear(3, 2));
    await save(model, join(folder, "net.safetensors"));
    const missing = await thalweg(["convert", "net.safetensors", "net.onnx"]);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      "ArgumentError: convert: .onnx needs the shape of the model's input, with the batch: --input 1,784\n",
    ]);
    expect((await thalweg(["convert", "net.safetensors", "net.onnx", "--input", "1,4"])).code).toBe(0);
    const { stdout } = await thalweg(["inspect", "net.onnx"]);
    expect(stdout).toMatch(/^input +float +\[batch, 4\]$/m);
    expect(stdout).toMatch(/^Gemm +2$/m);
    expect((await thalweg(["convert", "net.onnx", "weights.npz"])).code).toBe(0);
  });

  test("writes the same arrays, floats in another dtype if asked for", async () => {
    const read = (name: string) => decodeSafetensors(readFileSync(join(folder, name))).arrays;
    expect((await thalweg(["convert", "model.safetensors", "same.safetensors"])).code).toBe(0);
    expect(read("same.safetensors").get("0.bias")).toMatchObject({ dtype: "float32", shape: [2] });
    const { code } = await thalweg([
      "convert",
      "model.safetensors",
      "half.safetensors",
      "--dtype",
      "float16",
    ]);
    expect(code).toBe(0);
    const bias = read("half.safetensors").get("0.bias");
    expect([bias?.dtype, Array.from(bias?.bytes ?? [])]).toEqual(["float16", [0x66, 0x2e, 0x00, 0xb8]]);
  });
});

describe("standard input", () => {
  test("may be any kind of file, known by its bytes", async () => {
    const board = new TensorBoard(join(folder, "piped"));
    await board.close();
    await save(new nn.Linear(2, 1), join(folder, "piped.safetensors"));
    for (const to of ["piped.npz", "piped.pt", "piped.onnx"]) {
      const input = to.endsWith(".onnx") ? ["--input", "1,2"] : [];
      expect((await thalweg(["convert", "piped.safetensors", to, ...input])).code).toBe(0);
    }
    const formats = {
      "piped.npz": "NumPy archive",
      "piped.pt": "PyTorch archive",
      "piped.onnx": "ONNX, IR version 8",
      [board.path]: "TensorBoard events",
    };
    for (const [file, format] of Object.entries(formats)) {
      const bytes = readFileSync(file.startsWith("/") ? file : join(folder, file));
      const { code, stdout } = await thalweg(["inspect", "-", "--json"], bytes);
      expect([file, code]).toEqual([file, 0]);
      expect(JSON.parse(stdout)).toMatchObject({ format });
    }
  });
});

test("numbers that JSON has not are texts in it", async () => {
  writeFileSync(join(folder, "figures.pt"), encodePyTorch({ loss: Number.NaN, best: Infinity, none: null }));
  const { stdout } = await thalweg(["inspect", "--json", "figures.pt"]);
  expect(JSON.parse(stdout)).toMatchObject({ facts: { loss: "NaN", best: "Infinity", none: "None" } });
});

test("floats of a .pt file may be halves", async () => {
  expect((await thalweg(["convert", "model.safetensors", "half.pt", "--dtype", "bfloat16"])).code).toBe(0);
  const { stdout } = await thalweg(["inspect", "--json", "half.pt"]);
  expect(JSON.parse(stdout)).toMatchObject({ arrays: [{ dtype: "bfloat16" }, { dtype: "bfloat16" }] });
});

test("a file of many events is shown", async () => {
  const board = new TensorBoard(join(folder, "long"));
  for (let step = 0; step < 150_000; step++) board.addScalar("loss", 1, step);
  await board.close();
  const { code, stdout } = await thalweg(["inspect", board.path]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^loss +scalar +150,000 {2}0 to 149999 {2}1$/m);
});

describe("what goes wrong", () => {
  test.each([
    [
      ["inspect", "nowhere.safetensors"],
      1,
      /^FileError: inspect: nowhere\.safetensors could not be read: .*ENOENT/,
    ],
    [["inspect", "text"], 1, /^DataError: text: neither its name nor its first bytes/],
    [
      ["convert", "model.safetensors", "model.xyz"],
      2,
      /^ArgumentError: model\.xyz: expected a name that ends with/,
    ],
    [
      ["convert", "model.safetensors", "x.safetensors", "--dtype", "int8"],
      2,
      /expected --dtype to be one of "float16"/,
    ],
    [
      ["convert", "weights.pt", "weights.onnx", "--input", "1,3"],
      2,
      /^ArgumentError: convert: weights\.pt has weights and no model; load them into one/,
    ],
    [
      ["convert", "model.safetensors", "one.npy"],
      2,
      /^ArgumentError: convert: a \.npy file has one array, got 2; \.npz has several/,
    ],
    [["inspect"], 2, /missing required argument 'file'/],
    [["inspekt"], 2, /Did you mean inspect\?/],
  ])("%j ends with %i and a sentence", async (args, expected, message) => {
    writeFileSync(join(folder, "text"), "some text");
    writeFileSync(join(folder, "weights.pt"), encodePyTorch({ weight: ones([2]) }));
    const before = readdirSync(folder);
    const { code, stdout, stderr } = await thalweg(args);
    expect([code, stdout]).toEqual([expected, ""]);
    expect(stderr).toMatch(message);
    expect(readdirSync(folder)).toEqual(before);
  });

  test.skipIf(!existsSync("/dev/full"))("standard output on a full device", async () => {
    const command = `"${process.execPath}" "${main}" inspect model.safetensors > /dev/full`;
    const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: folder, encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^FileError: standard output could not be written: ENOSPC/);
  });

  test("standard input that cannot be read", () => {
    const command = `"${process.execPath}" "${main}" inspect - < .`;
    const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: folder, encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^FileError: inspect: standard input could not be read: EISDIR/);
  });

  test("a reader that closes the pipe ends it quietly", async () => {
    const command = `"${process.execPath}" "${main}" inspect model.safetensors | true`;
    const child = spawn("sh", ["-c", command], { cwd: folder });
    let stderr = "";
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    await new Promise((resolve) => child.on("close", resolve));
    expect(stderr).toBe("");
  });
});

test("--help tells of every command, --version the version", async () => {
  const help = await thalweg(["--help"]);
  expect(help.code).toBe(0);
  expect(help.stdout).toMatch(/inspect .*convert /s);
  expect((await thalweg(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
