import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  ArgumentError,
  cost,
  data,
  FileError,
  fit,
  Generator,
  nn,
  OptionError,
  ops,
  optim,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { report } from "../../lib/report/index.js";
import { imageModel, imageOptions, lines, numberModel, numbers, temporaryFolder } from "./runs.js";

const folder = temporaryFolder();

/** What is in quotes of attributes, and the text without tags, scripts and styles. */
function taken(page: string) {
  const attributes = Array.from(page.matchAll(/\s[\w-]+="([^"]*)"/g), ([, value]) => value as string);
  const text = page
    .replace(/<style[\s\S]*?<\/style>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
  return { attributes, text };
}

/** The texts of a page's headings of sections. */
const headings = (page: string): string[] =>
  Array.from(page.matchAll(/<h2 id="[^"]*">([^<]*)<\/h2>/g), ([, text]) => text as string);

/** A page that asks for nothing from outside and runs nothing. */
function expectSelfContained(page: string): void {
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none';`);
  expect(page).not.toMatch(/<(script|link|iframe|object|embed|base|form)\b/i);
  expect(page).not.toMatch(/<[^>]*\son\w+=/i);
  const { attributes } = taken(page);
  const addresses = attributes.filter((value) => /(https?:)?\/\//.test(value) && !value.startsWith("data:"));
  expect(new Set(addresses.filter((value) => value !== "http://www.w3.org/2000/svg"))).toEqual(new Set());
  expect(page).not.toMatch(/url\((?!#)|@import/);
}

test("a run of classes has curves, confusion matrix, images, model, gradients, data, options and times", async () => {
  const path = join(folder, "classes.html");
  const { model, options } = imageOptions();
  const history = await fit(model, { ...options, report: path });
  const page = readFileSync(path, "utf8");
  expectSelfContained(page);
  expect(headings(page)).toEqual([
    "Curves",
    "Confusion matrix",
    "Samples of the highest cost",
    "The model",
    "Gradients",
    "The data",
    "Options and machine",
    "Where the time went",
  ]);
  const ids = Array.from(page.matchAll(/\sid="([^"]*)"/g), ([, id]) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  const { text } = taken(page);
  expect(text).toContain("The run finished.");
  expect(text).toContain("Epochs 3");
  expect(text).toContain(`Parameters ${model.parameters().reduce((sum, { size }) => sum + size, 0)}`);
  expect(text).toContain("Training 60");
  expect(text).toContain("Validation 30");
  expect(text).toContain("crossEntropy");
  expect(text).toContain("SGD: lr: 0.1");
  expect(text).toContain(process.version);
  const loss = history.at(-1)?.loss as number;
  expect(text).toContain(`Training loss ${loss.toLocaleString("en", { maximumSignificantDigits: 4 })}`);
  const right = Number(/(\d+) of 30 samples have the class that was predicted/.exec(text)?.[1]);
  expect(right / 30).toBeCloseTo(history.at(-1)?.validation?.["accuracy"] as number, 6);
  const images = Array.from(page.matchAll(/src="data:image\/png;base64,([^"]*)"/g), ([, bytes]) => bytes);
  expect(images.length).toBe(12);
  for (const bytes of images)
    expect(Buffer.from(bytes as string, "base64").toString("latin1", 1, 4)).toBe("PNG");
});

test("a run of numbers has the errors, and its samples as numbers", async () => {
  const path = join(folder, "numbers.html");
  const { model, optimizer } = numberModel();
  await fit(model, { data: numbers(), cost: cost.mse, optimizer, epochs: 4, seed: 1, report: path });
  const page = readFileSync(path, "utf8");
  expectSelfContained(page);
  expect(headings(page)).toContain("Residuals");
  const { text } = taken(page);
  expect(text).toContain("root mean squared error");
  expect(text).toContain("Of the 40 samples of the training set.");
  expect(text).toContain("x[0]");
  expect(page).not.toContain("data:image/png");
});

test("a run of rows names columns and classes, and shows each row as it was given", async () => {
  const path = join(folder, "rows.html");
  const rows = Array.from({ length: 40 }, (_, i) => ({
    size: i === 7 ? 12345 : i,
    "</script><script>alert(1)</script>": i % 2 === 0 ? '"><img src=x onerror=alert(1)>' : "b & c",
    kind: i < 20 ? "<b>small</b>" : "large",
  }));
  const schema = data.Schema.learn(rows, { target: "kind" });
  const model = new nn.Linear(schema.size, schema.outputs);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  await fit(model, { data: rows, schema, optimizer, epochs: 2, seed: 1, validationSplit: 0.5, report: path });
  const page = readFileSync(path, "utf8");
  expectSelfContained(page);
  expect(page).not.toContain("<b>small");
  expect(page).toContain("&lt;b&gt;small&lt;/b&gt;");
  expect(page).toContain("&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(page).toContain("&quot;&gt;&lt;img src=x onerror=alert(1)&gt;");
  const table = /aria-label="Samples of the highest cost, table"[\s\S]*?<\/table>/.exec(page)?.[0] as string;
  const cells = Array.from(
    table.matchAll(/<tr><th scope="row">([\d,]+)<\/th>([\s\S]*?)<\/tr>/g),
    ([, place, others]) => ({
      place: Number(place),
      values: Array.from((others as string).matchAll(/<td[^>]*>([^<]*)<\/td>/g), ([, value]) => value),
    }),
  );
  expect(cells.length).toBe(12);
  for (const { place, values } of cells) {
    expect(values).toContain(rows[place]?.size.toLocaleString("en", { maximumSignificantDigits: 4 }));
  }
});

test("a training has the same bits with a report as without", async () => {
  const states = [];
  for (const more of [{}, { report: join(folder, "same.html"), watch: join(folder, "same") }]) {
    const { model, options } = imageOptions();
    const history = await fit(model, { ...options, ...more });
    const values = Object.entries(model.stateDict()).map(([name, one]) => [name, one.toArray()]);
    states.push({ values, losses: history.map(({ loss, validation }) => [loss, validation?.["loss"]]) });
  }
  expect(states[1]).toEqual(states[0]);
});

test("an aborted run and a failed one have a page of what there is", async () => {
  const controller = new AbortController();
  const aborted = join(folder, "aborted.html");
  const one = imageOptions();
  const onEpoch = () => controller.abort(new Error("enough <now>"));
  const running = fit(one.model, { ...one.options, report: aborted, signal: controller.signal, onEpoch });
  await expect(running).rejects.toThrow("enough");
  const page = readFileSync(aborted, "utf8");
  expectSelfContained(page);
  expect(taken(page).text).toContain("The run was aborted by its signal.");
  expect(page).toContain("enough &lt;now&gt;");
  expect(headings(page)).toContain("Confusion matrix");

  const failed = join(folder, "failed.html");
  const { model, optimizer } = numberModel();
  optimizer.lr = 1e30;
  const diverging = fit(model, { data: numbers(), cost: cost.mse, optimizer, epochs: 3, report: failed });
  await expect(diverging).rejects.toThrow("NaN or infinite");
  expect(taken(readFileSync(failed, "utf8")).text).toContain("The run failed.");
});

test("a path that cannot be written is refused before the first step", async () => {
  const { model, options } = imageOptions();
  const before = model.stateDict()["1.weight"]?.toArray();
  for (const path of [join(folder, "absent", "x.html"), folder]) {
    await expect(fit(model, { ...options, report: path })).rejects.toThrow(FileError);
  }
  await expect(fit(model, { ...options, report: 3 as never })).rejects.toThrow(ArgumentError);
  expect(model.stateDict()["1.weight"]?.toArray()).toEqual(before);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a page that cannot be written at the end is a warning, and the run's file still has its end", async () => {
  const absent = join(folder, "removed");
  const watched = join(folder, "kept");
  mkdirSync(absent);
  const warnings: unknown[] = [];
  const note = (warning: Error & { code?: string }) => warnings.push(warning.code);
  process.on("warning", note);
  const { model, options } = imageOptions();
  const onEpoch = () => rmSync(absent, { recursive: true, force: true });
  const more = { report: join(absent, "x.html"), watch: watched, onEpoch };
  const history = await fit(model, { ...options, ...more });
  await setImmediate();
  process.off("warning", note);
  expect(history.length).toBe(3);
  expect(warnings).toContain("THALWEG_FOLLOWER_FAILED");
  const [file] = readdirSync(watched) as [string];
  expect(readFileSync(join(watched, file), "utf8")).toContain('"state":"finished"');
});

test("data that is refused leaves the model and no page", async () => {
  const path = join(folder, "refused.html");
  const { model, options } = imageOptions();
  const { x } = lines();
  const y = tensor(new Int32Array(60).fill(9));
  await expect(fit(model, { ...options, data: { x, y }, report: path })).rejects.toThrow();
  expect(existsSync(path)).toBe(false);
});

test("an index that a step refuses leaves the model as it was, and is named", async () => {
  const { model: rest, optimizer: _ } = imageModel();
  const model = new nn.Sequential(new nn.Embedding(8, 36), rest);
  const before = Object.entries(model.stateDict()).map(([name, one]) => [name, one.toArray()]);
  const x = tensor(Int32Array.from({ length: 40 }, (_, i) => (i === 33 ? 8 : i % 8)));
  const y = tensor(Int32Array.from({ length: 40 }, (_, i) => i % 3));
  const fitting = fit(model, {
    data: { x, y },
    cost: cost.crossEntropy,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    batchSize: 4,
    shuffle: false,
    watch: join(folder, "index"),
  });
  await expect(fitting).rejects.toThrow("data.x of sample 33");
  expect(Object.entries(model.stateDict()).map(([name, one]) => [name, one.toArray()])).toEqual(before);
});

test("the gradients are those of backward for the mini-batch", async () => {
  const watched = join(folder, "gradients");
  const { x, y } = numbers(16);
  const { model, optimizer } = numberModel();
  const loss = cost.mse(model.forward(x), y);
  loss.backward();
  const squares = model.parameters().flatMap(({ grad }) => Array.from(grad?.data ?? [], (one) => one * one));
  model.zeroGrad();
  await fit(model, { data: { x, y }, cost: cost.mse, optimizer, batchSize: 16, watch: watched });
  const [file] = readdirSync(watched);
  const events = readFileSync(join(watched, file as string), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const first = events.find(({ event }) => event === "gradients");
  expect(first.step).toBe(0);
  expect(first.norms[""]).toBeCloseTo(Math.sqrt(squares.reduce((sum, one) => sum + one, 0)), 5);
});

test("report makes a page of a history, with what else it is given", async () => {
  const { model, optimizer } = imageModel();
  const set = lines();
  const history = await fit(model, { data: set, cost: cost.crossEntropy, optimizer, epochs: 2 });
  const plain = await report(history);
  expectSelfContained(plain);
  expect(headings(plain)).toEqual(["Curves", "Options and machine"]);
  const to = join(folder, "own.html");
  const options = { "a </style> name": "<i>" };
  const page = await report(history, {
    title: "T </title><x>",
    model,
    data: set,
    cost: cost.crossEntropy,
    options,
    to,
  });
  expect(readFileSync(to, "utf8")).toBe(page);
  expectSelfContained(page);
  expect(headings(page)).toEqual([
    "Curves",
    "Confusion matrix",
    "Samples of the highest cost",
    "The model",
    "The data",
    "Options and machine",
  ]);
  expect(page).toContain("<title>T &lt;/title&gt;&lt;x&gt;</title>");
  expect(page).toContain("a &lt;/style&gt; name");
});

test("the same history gives the same bytes, but for the times", async () => {
  const { model, optimizer } = numberModel();
  const set = numbers();
  const history = await fit(model, { data: set, cost: cost.mse, optimizer, epochs: 2 });
  const pages = [];
  for (let i = 0; i < 2; i++) {
    const page = await report(history, { model, data: set, cost: cost.mse });
    pages.push(page.replace(/<time [\s\S]*?<\/time>/, ""));
  }
  expect(pages[1]).toBe(pages[0]);
});

test("report refuses what it cannot show", async () => {
  const { model } = numberModel();
  await expect(report("history" as never)).rejects.toThrow(ArgumentError);
  await expect(report([{ epoch: 1 }] as never)).rejects.toThrow(/one is an object/);
  await expect(report([], { titel: "x" } as never)).rejects.toThrow(OptionError);
  await expect(report([], { title: 3 as never })).rejects.toThrow(/title/);
  await expect(report([], { model: {} as never })).rejects.toThrow(/expected a Module/);
  await expect(report([], { data: numbers() })).rejects.toThrow(/expected a model with data/);
  await expect(report([], { options: { a: {} } as never })).rejects.toThrow(/"a" of options/);
  await expect(
    report([], { model, data: { x: tensor([[1, 2, 3]]), y: tensor([[1]]) }, cost: cost.mse }),
  ).rejects.toThrow(/2/);
  await expect(report([], { to: join(folder, "absent", "x.html") })).rejects.toThrow(FileError);
});

test("a history of very many epochs is thinned out", async () => {
  const history = Array.from({ length: 130_000 }, (_, i) => ({
    epoch: i + 1,
    loss: 1 / (i + 1),
    metrics: { accuracy: 0.5 },
    validation: { loss: 2 },
    seconds: 1,
    samplesPerSecond: 1,
  }));
  const page = await report(history);
  expect(taken(page).text).toContain("Of 130,000 epochs: each point is the mean of several.");
  expect(page.length).toBeLessThan(1 << 20);
});

test("judging a model that draws leaves the generators as they are", async () => {
  const generator = new Generator(5);
  class Noisy extends nn.Module {
    readonly linear = new nn.Linear(2, 1);
    forward(x: Tensor): Tensor {
      return ops.add(this.linear.forward(x), generator.normal([x.shape[0] as number, 1]));
    }
  }
  const states = [];
  for (const more of [{}, { report: join(folder, "drawn.html") }]) {
    generator.setState(new Generator(5).getState());
    const model = new Noisy();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    await fit(model, { data: numbers(), cost: cost.mse, optimizer, ...more });
    states.push(generator.getState());
  }
  expect(states[1]).toEqual(states[0]);
});

test("very many classes have their most frequent confusions", async () => {
  const path = join(folder, "many.html");
  const model = new nn.Linear(2, 20_000);
  const y = tensor(Int32Array.from({ length: 2000 }, (_, i) => 10_000 + (i % 3)));
  const x = zeros([2000, 2]);
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-6 });
  await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, batchSize: 500, report: path });
  const { text } = taken(readFileSync(path, "utf8"));
  expect(text).toContain("of 2,000 samples have the class that was predicted");
  expect(text).toContain("The most frequent confusions");
});

test("a stream's report is of its first mini-batch", async () => {
  const path = join(folder, "stream.html");
  const rows = Array.from({ length: 32 }, (_, i) => ({ x: [i / 32, 1], y: [i / 16] }));
  const { model, optimizer } = numberModel();
  const stream = data.stream<unknown, Tensor>(() => rows, { batchSize: 8 });
  await fit(model, { data: stream, cost: cost.mse, optimizer, epochs: 2, report: path });
  const { text } = taken(readFileSync(path, "utf8"));
  expect(text).toContain("Training a stream");
  expect(text).toContain("the 8 samples of the first mini-batch of the training stream");
});
