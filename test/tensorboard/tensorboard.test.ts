import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError, FileError, nn, randn, tensor } from "../../lib/index.js";
import { parseEvents, type SummaryValue, TensorBoard } from "../../lib/tensorboard/index.js";
import { frame } from "../../lib/tensorboard/records.js";
import { decodeMessage, encodeMessage } from "../../lib/tensorboard/schema.js";
import { library, runModule } from "../child.js";
import { askPython, pythonWith } from "../python.js";

const folder = mkdtempSync(join(tmpdir(), "thalweg-tensorboard-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const model = new nn.Linear(3, 2);
const noise = randn([1000], { dtype: "float64" });
const pixels = tensor(Array.from({ length: 2 * 3 * 4 * 5 }, (_, i) => i / 120)).reshape([2, 3, 4, 5]);
const png = encode({ width: 2, height: 1, channels: 1, data: new Uint8Array([7, 200]) });
const run = join(folder, "run");

const isFinished = (async () => {
  const board = new TensorBoard(run, { filenameSuffix: ".first" });
  for (let step = 0; step < 100; step++) board.addScalar("loss", 1 / (step + 1), step);
  board.addScalar("loss", Number.NaN, 100);
  board.addScalar("zero", 0, 2 ** 40);
  board.addScalars("curves", { a: 1, b: -2 }, 3);
  board.addHistogram("noise", noise, 4);
  board.addHistogram("one value", tensor([0, 0]), 4);
  board.addHistogram("huge", new Float64Array([-1e30, 1e-20, 1e30]), 4);
  model
    .forward(tensor([[1, 2, 3]]))
    .sum()
    .backward();
  board.addParameters(model, 5);
  board.addImage("grid", pixels, 6);
  board.addImage(
    "grey",
    tensor(
      [
        [0, 128],
        [255, 300],
      ],
      { dtype: "int32" },
    ),
    6,
  );
  board.addImage("given", png, 6);
  board.addText("note", "Größe **gut**", 7);
  board.addGraph(new nn.Sequential(new nn.Linear(3, 3), new nn.ReLU(), model), tensor([[1, 2, 3]]));
  board.addHparams({ lr: 0.1, optimizer: "Adam", nesterov: false }, { accuracy: 0.5 });
  await board.flush();
  const flushed = parseEvents(readFileSync(board.path)).length;
  await board.close();
  await board.close();
  return { board, flushed };
})();

/** All values under their tags, in order. */
async function values(): Promise<Map<string, (SummaryValue & { step: number })[]>> {
  const { board } = await isFinished;
  const found = new Map<string, (SummaryValue & { step: number })[]>();
  for (const { step = 0, summary } of parseEvents(readFileSync(board.path))) {
    for (const value of summary?.value ?? []) {
      found.set(value.tag, [...(found.get(value.tag) ?? []), { ...value, step }]);
    }
  }
  return found;
}

const pngOf = (value: SummaryValue | undefined) =>
  decode(value?.image?.encodedImageString ?? new Uint8Array());

describe("what was added is in the file", () => {
  test("after flush, before it is closed", async () => {
    const { board, flushed } = await isFinished;
    expect(flushed).toBe(parseEvents(readFileSync(board.path)).length);
    expect(board.path.endsWith(".first")).toBe(true);
  });

  test("scalars, as float32", async () => {
    const loss = (await values()).get("loss");
    expect(loss?.map(({ step }) => step)).toEqual(Array.from({ length: 101 }, (_, i) => i));
    expect(loss?.[2]?.simpleValue).toBe(Math.fround(1 / 3));
    expect(loss?.[100]?.simpleValue).toBeNaN();
    expect((await values()).get("zero")?.[0]).toMatchObject({ simpleValue: 0, step: 2 ** 40 });
    expect((await values()).get("curves/b")?.[0]?.simpleValue).toBe(-2);
  });

  test("histograms count every value within the limits", async () => {
    const histogram = (await values()).get("noise")?.[0]?.histo;
    const limits = histogram?.bucketLimit ?? [];
    histogram?.bucket.forEach((count, i) => {
      if (i === 0) return;
      const within = Array.from(noise.data).filter(
        (v) => v >= (limits[i - 1] as number) && v < (limits[i] as number),
      );
      expect(count).toBe(within.length);
    });
    expect(histogram?.num).toBe(1000);
    expect(histogram?.max).toBe(Math.max(...noise.data));
    expect((await values()).get("huge")?.[0]?.histo?.num).toBe(3);
    expect([...(await values()).keys()]).toEqual(
      expect.arrayContaining(["weights/weight", "weights/bias", "gradients/weight", "gradients/bias"]),
    );
  });

  test("images as PNG", async () => {
    const grid = pngOf((await values()).get("grid")?.[0]);
    expect([grid.width, grid.height, grid.channels]).toEqual([10, 4, 3]);
    // Image 1, channel 2, row 3, column 4 is the last element.
    expect(grid.data[(3 * 10 + 9) * 3 + 2]).toBe(Math.floor((119 / 120) * 255));
    // Image 0, channel 1, row 0, column 2.
    expect(grid.data[2 * 3 + 1]).toBe(Math.floor((22 / 120) * 255));
    expect(Array.from(pngOf((await values()).get("grey")?.[0]).data)).toEqual([0, 128, 255, 255]);
    expect(Array.from(pngOf((await values()).get("given")?.[0]).data)).toEqual([7, 200]);
  });

  test("texts", async () => {
    const text = (await values()).get("note/text_summary")?.[0]?.tensor?.stringVal?.[0];
    expect(Buffer.from(text ?? []).toString()).toBe("Größe **gut**");
  });
});

test("the graph is an event of its own", async () => {
  const { board } = await isFinished;
  const [graph, ...others] = parseEvents(readFileSync(board.path)).flatMap(({ graphDef }) =>
    graphDef === undefined || graphDef.length === 0 ? [] : [decodeMessage("test", "GraphDef", graphDef)],
  );
  expect(others).toEqual([]);
  const nodes = graph?.node.map(({ name, op, input, attr }) => [
    name,
    [op, input, attr?.["_output_shapes"]?.list?.shape[0]?.dim.map(({ size }) => size)],
  ]);
  expect(Object.fromEntries(nodes ?? [])).toEqual(GRAPH);
});

describe("a file that is not whole", () => {
  test("is read up to its last whole record", async () => {
    const bytes = readFileSync((await isFinished).board.path);
    const all = parseEvents(bytes);
    expect(parseEvents(bytes.subarray(0, bytes.length - 1))).toEqual(all.slice(0, -1));
    expect(parseEvents(bytes.subarray(0, 5))).toEqual([]);
  });

  test("is refused where a byte has changed", async () => {
    const bytes = readFileSync((await isFinished).board.path);
    for (let at = 0; at < 400; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] as number) ^ 4;
      expect(() => parseEvents(changed, "damaged"), `byte ${at}`).toThrow(DataError);
    }
  });
});

describe("bad input", () => {
  let board: TensorBoard;
  beforeAll(() => {
    board = new TensorBoard(join(folder, "bad"));
  });
  afterAll(() => board.close());

  test("is refused before anything is written", async () => {
    const bad: [() => void, RegExp][] = [
      [() => board.addScalar("", 1, 0), /addScalar: expected tag to be a text that is not empty, got ""/],
      [() => board.addScalar("a\ud800", 1, 0), /addScalar: tag has half of a surrogate pair/],
      [() => board.addText("a", "\udc00", 0), /addText: text has half of a surrogate pair/],
      [() => board.addScalars("a", { "\ud800": 1 }, 0), /addScalars: a name has half of a surrogate pair/],
      [() => board.addHparams({ a: "\ud800" }, {}), /addHparams: a has half of a surrogate pair/],
      [() => board.addScalar("a", 1, -1), /addScalar: expected step to be a whole number ≥ 0, got -1/],
      [
        () => board.addHistogram("a", tensor([1, Number.NaN]), 0),
        /addHistogram: expected finite values, got NaN at index 1/,
      ],
      [() => board.addHistogram("a", new Float32Array(), 0), /addHistogram: expected at least one value/],
      [() => board.addImage("a", tensor([1, 2]), 0), /addImage: expected an image CHW .*, got \[2\]/],
      [() => board.addImage("a", new Uint8Array(9), 0), /addImage: expected a tensor or the bytes of a PNG/],
      [
        () => board.addHparams({ a: null as unknown as number }, {}),
        /addHparams: expected a to be a number, a text/,
      ],
    ];
    for (const [call, message] of bad) expect(call).toThrow(message);
    await board.flush();
    expect(parseEvents(readFileSync(board.path))).toHaveLength(1);
  });

  test("a folder that cannot be made", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(() => new TensorBoard(join(file, "run"))).toThrow(FileError);
  });

  test("a closed file", async () => {
    const closed = new TensorBoard(join(folder, "closed"));
    await closed.close();
    expect(() => closed.addScalar("a", 1, 0)).toThrow(/is closed/);
  });
});

test("what was added is in the file when the process ends, whatever ends it", async () => {
  const room = new URL("tensorboard/index.js", library).href;
  const ended = join(folder, "ended");
  await runModule(`
    import { TensorBoard } from ${JSON.stringify(room)};
    const board = new TensorBoard(${JSON.stringify(ended)});
    for (let step = 0; step < 100; step++) board.addScalar("loss", step, step);
    process.exit(0);
  `);
  const [file] = readdirSync(ended);
  expect(parseEvents(readFileSync(join(ended, file as string)))).toHaveLength(101);
});

test("texts of a file that are not UTF-8 are refused", () => {
  const event = encodeMessage("test", "Event", { wallTime: 1, fileVersion: "x" });
  event[event.length - 1] = 0xff;
  expect(() => parseEvents(frame("test", event), "hostile")).toThrow(DataError);
});

test("two in one folder write a file each", async () => {
  const both = [new TensorBoard(join(folder, "two")), new TensorBoard(join(folder, "two"))];
  await Promise.all(both.map((board) => board.close()));
  expect(readdirSync(join(folder, "two"))).toHaveLength(2);
});

/** Nodes by name: op, inputs, shape. */
const GRAPH = {
  input: ["Placeholder", [], [1, 3]],
  "0/weight": ["Parameter", [], [3, 3]],
  "0/bias": ["Parameter", [], [3]],
  "0/addmm": ["addmm", ["input", "0/weight", "0/bias"], [1, 3]],
  "1/relu": ["relu", ["0/addmm"], [1, 3]],
  "2/weight": ["Parameter", [], [2, 3]],
  "2/bias": ["Parameter", [], [2]],
  "2/addmm": ["addmm", ["1/relu", "2/weight", "2/bias"], [1, 2]],
  output: ["Output", ["2/addmm"], [1, 2]],
};

const python = pythonWith("tensorboard", "numpy", "torch");

test.skipIf(python === undefined)(
  "TensorBoard's own reader gives what was added (needs tensorboard, torch)",
  async () => {
    await isFinished;
    const READ = `
import json, sys
import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from torch.utils.tensorboard.summary import make_histogram
a = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "histograms": 0, "images": 0, "tensors": 0}).Reload()
bins = []
v = 1e-12
while v < 1e20:
    bins.append(v)
    v *= 1.1
torchs = make_histogram(np.array(json.loads(sys.argv[2])), [-b for b in bins[::-1]] + [0] + bins)
noise = a.Histograms("noise")[0].histogram_value
start = plugin_data_pb2.HParamsPluginData.FromString(a.summary_metadata["_hparams_/session_start_info"].plugin_data.content)
print(json.dumps({
    "tags": {k: sorted(v) for k, v in a.Tags().items() if isinstance(v, list)},
    "loss": [[e.step, e.value] for e in a.Scalars("loss")[:100]],
    "histogram": [list(noise.bucket_limit), list(noise.bucket), noise.min, noise.max, noise.sum, noise.sum_squares],
    "torch": [list(torchs.bucket_limit), list(torchs.bucket), torchs.min, torchs.max, torchs.sum, torchs.sum_squares],
    "graph": {n.name: [n.op, list(n.input), [d.size for d in n.attr["_output_shapes"].list.shape[0].dim]] for n in a.Graph().node},
    "image": [a.Images("grid")[0].width, a.Images("grid")[0].height],
    "text": a.Tensors("note/text_summary")[0].tensor_proto.string_val[0].decode(),
    "hparams": {k: str(v).strip() for k, v in start.session_start_info.hparams.items()},
}))`;
    const read = askPython(python as string, READ, run, JSON.stringify(Array.from(noise.data))) as {
      tags: Record<string, string[]>;
      loss: [number, number][];
      histogram: [number[], number[], ...number[]];
      torch: [number[], number[], ...number[]];
      graph: Record<string, [string, string[], number[]]>;
      image: number[];
      text: string;
      hparams: Record<string, string>;
    };
    expect(read.loss).toEqual(Array.from({ length: 100 }, (_, i) => [i, Math.fround(1 / (i + 1))]));
    expect(read.histogram.slice(0, 4)).toEqual(read.torch.slice(0, 4));
    for (const i of [4, 5]) expect(read.histogram[i]).toBeCloseTo(read.torch[i] as number, 9);
    expect(read.graph).toEqual(GRAPH);
    expect(read.image).toEqual([10, 4]);
    expect(read.text).toBe("Größe **gut**");
    expect(read.hparams).toEqual({
      lr: "number_value: 0.1",
      nesterov: "bool_value: false",
      optimizer: 'string_value: "Adam"',
    });
    expect(read.tags["scalars"]).toEqual(["accuracy", "curves/a", "curves/b", "loss", "zero"]);
    expect(read.tags["images"]).toEqual(["given", "grey", "grid"]);
  },
);
