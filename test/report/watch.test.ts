import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { ArgumentError, cost, type EpochReport, FileError, fit } from "../../lib/index.js";
import { lineOf, MOST_LINE } from "../../lib/report/run-events.js";
import { MOST_POINTS } from "../../lib/report/thinned.js";
import { Watch } from "../../lib/report/watch/server.js";
import { imageOptions, numberModel, numbers, temporaryFolder } from "./runs.js";

const root = temporaryFolder();
let folders = 0;

function newFolder(): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return folder;
}

const opened: Watch[] = [];
afterEach(async () => {
  for (const watch of opened.splice(0)) await watch.close();
});

async function open(folder: string): Promise<Watch> {
  const watch = await Watch.open(folder);
  opened.push(watch);
  return watch;
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request with exactly these headers, and the Host that Node gives unless there is another. */
function ask(watch: Watch, { method = "GET", path, headers = {}, body }: Asked = {}): Promise<Answer> {
  const url = new URL(watch.url);
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port: watch.port,
      method,
      path: path ?? url.pathname + url.search,
      headers,
    };
    const asking = request(options, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () =>
        resolve({
          status: response.statusCode as number,
          headers: response.headers,
          body: Buffer.concat(pieces).toString("utf8"),
        }),
      );
    });
    asking.on("error", reject).end(body);
  });
}

const tokenOf = (watch: Watch): string => new URL(watch.url).searchParams.get("token") as string;
const commands = (watch: Watch): string => `/commands?token=${tokenOf(watch)}`;
const own = (watch: Watch) => ({
  origin: `http://127.0.0.1:${watch.port}`,
  "content-type": "application/json",
});
const command = (watch: Watch, body: object) =>
  ask(watch, { method: "POST", path: commands(watch), headers: own(watch), body: JSON.stringify(body) });

/** What is told of a run, and of its curves. */
interface Data {
  readonly id: string;
  readonly name: string;
  readonly step: number;
  readonly epoch: number | null;
  readonly state: string;
  readonly error: string | null;
  readonly broken: number;
  readonly rates: readonly number[];
  readonly begin: object | null;
  readonly curves: readonly {
    readonly kind: string;
    readonly name: string;
    readonly set: string;
    readonly from: number;
    readonly points: readonly unknown[];
  }[];
}

interface Told {
  readonly event: string;
  readonly data: Data;
}

/** What a page is told, until something holds. */
async function follow(watch: Watch, until: (told: readonly Told[]) => boolean): Promise<Told[]> {
  const url = new URL(watch.url);
  url.pathname = "/events";
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const told: Told[] = [];
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      text += decoder.decode(piece, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() as string;
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined && data !== undefined) told.push({ event, data: JSON.parse(data) });
      }
      if (until(told)) return told;
    }
  } finally {
    controller.abort();
  }
  throw new Error("the stream ended");
}

const lastRun = (told: readonly Told[]): Data | undefined =>
  told.filter(({ event }) => event === "run").at(-1)?.data;

test("a run's file has its beginning, its steps, its gradients, its epochs and its end", async () => {
  const folder = join(newFolder(), "deep", "run");
  const { model, options } = imageOptions();
  const history = await fit(model, { ...options, watch: folder });
  const [file, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const events = readFileSync(join(folder, file as string), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events[0]).toMatchObject({
    event: "begin",
    epochs: 3,
    batchSize: 10,
    steps: 6,
    rates: [0.1],
    seed: 1,
  });
  expect(events[0].layers.map(({ name }: { name: string }) => name)).toEqual(["1", "2", "5"]);
  expect(events[0].diagram).toContain("<svg");
  const epochs = events.filter(({ event }) => event === "epoch");
  expect(epochs.map(({ loss }) => loss)).toEqual(history.map(({ loss }) => loss));
  expect(events.filter(({ event }) => event === "steps").at(-1).step).toBe(18);
  expect(Object.keys(events.find(({ event }) => event === "gradients").norms)).toEqual(["1", "2", "5"]);
  expect(events.at(-1)).toMatchObject({ event: "end", state: "finished", error: null });
});

test("each call of fit has a file of its own", async () => {
  const folder = newFolder();
  for (let i = 0; i < 2; i++) {
    const { model, optimizer } = numberModel();
    const watch = i === 0 ? folder : pathToFileURL(folder);
    await fit(model, { data: numbers(), cost: cost.mse, optimizer, watch });
  }
  expect(readdirSync(folder).length).toBe(2);
});

test("very many epochs have fewer lines, and the last one has its own", async () => {
  const folder = newFolder();
  const { model, optimizer } = numberModel();
  const epochs = 1500;
  await fit(model, { data: numbers(), cost: cost.mse, optimizer, epochs, batchSize: 40, watch: folder });
  const [file] = readdirSync(folder) as [string];
  const events = readFileSync(join(folder, file), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === "epoch");
  expect(events.length).toBeLessThan(epochs);
  expect(events.at(-1).epoch).toBe(epochs);
});

test("a page is told of runs while they go on, and can set the learning rate and stop them", async () => {
  const folder = newFolder();
  const watch = await open(folder);
  const { model, optimizer } = numberModel();
  let isRunning = true;
  const training = fit(model, {
    data: numbers(),
    cost: cost.mse,
    optimizer,
    epochs: 100_000,
    watch: folder,
    onEpoch: async () => {
      await setTimeout(5);
    },
  }).finally(() => {
    isRunning = false;
  });
  const told = await follow(watch, (all) => (lastRun(all)?.epoch ?? 0) > 2);
  const run = lastRun(told);
  expect(run).toMatchObject({ state: "running", error: null, rates: [0.05] });
  const points = told.filter(({ event }) => event === "points").flatMap(({ data }) => data.curves);
  const names = new Set(points.map(({ kind, name, set }) => [kind, name, set].join(" ")));
  expect(names).toEqual(new Set(["figure loss steps", "rate 0 ", "gradient  "]));

  const refused = await command(watch, { run: run?.id, command: "lr", value: -1, group: null });
  expect(refused.status).toBe(400);
  const setting = { run: run?.id, command: "lr", value: 0.001, group: null };
  const set = await command(watch, setting);
  expect(set.status).toBe(204);
  await follow(watch, (all) => lastRun(all)?.rates[0] === 0.001);
  expect(isRunning).toBe(true);
  const stopping = { run: run?.id, command: "stop" };
  const stop = await command(watch, stopping);
  expect(stop.status).toBe(204);
  const history: EpochReport[] = await training;
  expect(history.length).toBeLessThan(100_000);
  expect(history.flatMap(({ changes = [] }) => changes)).toEqual([
    { epoch: expect.any(Number), step: expect.any(Number), lr: 0.001 },
  ]);
  expect(optimizer.lr).toBe(0.001);
  expect(lastRun(await follow(watch, (all) => lastRun(all)?.state === "stopped"))?.error).toBe(null);
  const late = await command(watch, stopping);
  expect(late.status).toBe(409);
});

test("the page has a policy, and the script that the policy names", async () => {
  const watch = await open(newFolder());
  const { status, headers, body } = await ask(watch);
  expect(status).toBe(200);
  const policy = headers["content-security-policy"] as string;
  const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] as string;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  expect(body.match(/<script/g)?.length).toBe(1);
  expect(body).toContain(`<script nonce="${nonce}">`);
  const markup = body.replace(/<script[\s\S]*<\/script>/, "");
  expect(markup).not.toMatch(/<[^>]*\s(on\w+|style)=/i);
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["referrer-policy"]).toBe("no-referrer");
  expect((await ask(watch)).headers["content-security-policy"]).not.toBe(policy);
});

test("only the address with the token is answered", async () => {
  const watch = await open(newFolder());
  const token = tokenOf(watch);
  const wrong = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
  for (const path of [
    "/",
    "/?token=",
    `/?token=${wrong}`,
    `/?token=${token}x`,
    "/events",
    `/events?token=${wrong}`,
  ]) {
    expect((await ask(watch, { path })).status).toBe(401);
  }
  const post = { method: "POST", headers: own(watch), body: "{}" };
  expect((await ask(watch, { ...post, path: "/commands" })).status).toBe(401);
  expect((await ask(watch)).status).toBe(200);
});

test("another host's name is refused, as DNS rebinding sends it", async () => {
  const watch = await open(newFolder());
  const { port } = watch;
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1",
    `127.0.0.1:${port + 1}`,
    `127.0.0.1.evil.example:${port}`,
  ]) {
    expect((await ask(watch, { headers: { host } })).status).toBe(421);
  }
  for (const host of [`localhost:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`]) {
    expect((await ask(watch, { headers: { host } })).status).toBe(200);
  }
});

test("a request that changes something has to come from the page itself", async () => {
  const watch = await open(newFolder());
  const path = commands(watch);
  const body = JSON.stringify({ run: "x", command: "stop" });
  const { "content-type": type } = own(watch);
  const others = [
    { "content-type": type },
    { "content-type": type, origin: "null" },
    { "content-type": type, origin: "http://evil.example" },
    { "content-type": type, origin: `https://127.0.0.1:${watch.port}` },
    { "content-type": type, origin: `http://127.0.0.1:${watch.port + 1}` },
    { ...own(watch), "sec-fetch-site": "cross-site" },
  ];
  for (const headers of others) {
    expect((await ask(watch, { method: "POST", path, headers, body })).status).toBe(403);
  }
  expect((await ask(watch, { headers: { origin: "http://evil.example" } })).status).toBe(403);
  const form = { ...own(watch), "content-type": "text/plain" };
  expect((await ask(watch, { method: "POST", path, headers: form, body })).status).toBe(415);
  expect((await ask(watch, { method: "POST", path, headers: own(watch), body })).status).toBe(404);
  const long = JSON.stringify({ run: "x".repeat(5000), command: "stop" });
  expect((await ask(watch, { method: "POST", path, headers: own(watch), body: long })).status).toBe(413);
  for (const odd of [
    "",
    "[]",
    "null",
    "{",
    '{"command":"rm"}',
    '{"command":"lr","value":"1e999","group":null}',
  ]) {
    expect((await ask(watch, { method: "POST", path, headers: own(watch), body: odd })).status).toBe(400);
  }
});

test("no path of a request reaches the disk", async () => {
  const folder = newFolder();
  writeFileSync(join(root, "secret"), "secret");
  const watch = await open(folder);
  const token = tokenOf(watch);
  for (const path of [
    "/../secret",
    "/..%2fsecret",
    "/%2e%2e/secret",
    "//secret",
    "/./client.js",
    "/events/../../secret",
  ]) {
    const { status, body } = await ask(watch, { path: `${path}?token=${token}` });
    expect([404, 200]).toContain(status);
    expect(body).not.toContain("secret\n");
    if (status === 200) expect(body).toContain("<!doctype html>");
  }
  const asked = { run: "../secret", command: "stop" };
  const { status } = await command(watch, asked);
  expect(status).toBe(404);
  for (const method of ["PUT", "DELETE", "HEAD", "OPTIONS"])
    expect((await ask(watch, { method })).status).toBe(404);
});

/** The lines of a run that goes on. */
async function linesOf(folder: string): Promise<string[]> {
  const { model, optimizer } = numberModel();
  await fit(model, { data: numbers(), cost: cost.mse, optimizer, watch: folder });
  const [file] = readdirSync(folder);
  const lines = readFileSync(join(folder, file as string), "utf8")
    .trimEnd()
    .split("\n");
  return lines.filter((line) => !line.includes('"end"'));
}

test("links out of the folder are not followed", async () => {
  const [outside, folder] = [newFolder(), newFolder()];
  const lines = await linesOf(outside);
  const [file] = readdirSync(outside) as [string];
  symlinkSync(join(outside, file), join(folder, "linked.run.jsonl"));
  symlinkSync(outside, join(folder, "sub"));
  writeFileSync(join(folder, "own.run.jsonl"), `${lines.join("\n")}\n`);
  const watch = await open(folder);
  const told = await follow(watch, (all) => lastRun(all)?.begin != null);
  const names = told.filter(({ event }) => event === "run").map(({ data }) => data.name);
  expect(new Set(names)).toEqual(new Set(["own"]));
  const target = join(outside, "target");
  writeFileSync(target, "");
  symlinkSync(target, join(folder, "own.commands.jsonl"));
  const stop = { run: lastRun(told)?.id, command: "stop" };
  const answer = await command(watch, stop);
  expect(answer.status).toBe(500);
  expect(statSync(target).size).toBe(0);
});

test("broken, hostile and too long lines are counted and left out", async () => {
  const folder = newFolder();
  const lines = await linesOf(newFolder());
  const path = join(folder, "odd.run.jsonl");
  const odd = [
    "{",
    "null",
    "[]",
    '{"event":"steps"}',
    '{"event":"steps","time":0,"epoch":1,"step":-1,"loss":0}',
    '{"event":"constructor","time":0}',
    '{"event":"gradients","time":0,"step":5,"norms":[1]}',
    JSON.stringify({ event: "gradients", time: 0, step: 1, norms: { ["x".repeat(201)]: 1 } }),
    "x".repeat(MOST_LINE + 10),
  ];
  const good = [
    '{"event":"gradients","time":0,"step":7,"norms":{"__proto__":2,"a":"NaN"}}',
    '{"event":"steps","time":0,"epoch":1,"step":9,"loss":"Infinity"}',
  ];
  writeFileSync(path, `${[...lines, ...odd, ...good].join("\n")}\n{"event":"ste`);
  const watch = await open(folder);
  const told = await follow(watch, (all) => lastRun(all)?.step === 9);
  expect(lastRun(told)).toMatchObject({
    broken: odd.length,
    norms: [
      ["__proto__", 2],
      ["a", "NaN"],
    ],
  });
  appendFileSync(path, 'ps","time":0,"epoch":1,"step":10,"loss":1}\n');
  expect(lastRun(await follow(watch, (all) => lastRun(all)?.step === 10))?.broken).toBe(odd.length);
});

test("a run that is gone makes room for newer ones, and what is left out is said", async () => {
  const folder = newFolder();
  const hidden = join(folder, ".hidden");
  const packages = join(folder, "node_modules");
  for (const one of [hidden, packages]) {
    mkdirSync(one);
    writeFileSync(join(one, "2027.run.jsonl"), "");
  }
  const pathOf = (i: number) => join(folder, `2026-${String(i).padStart(3, "0")}.run.jsonl`);
  for (let i = 0; i < 201; i++) writeFileSync(pathOf(i), "");
  const watch = await open(folder);
  const folders = (told: readonly Told[]) =>
    told.filter(({ event }) => event === "folder").map(({ data }) => data as unknown as Folder);
  const [first] = folders(await follow(watch, (told) => folders(told).length > 0));
  expect(first?.leftOut).toBe("The newest 200 of 201 runs are shown.");
  expect(first?.runs.length).toBe(200);
  writeFileSync(pathOf(201), "");
  rmSync(pathOf(150));
  const [, second] = folders(await follow(watch, (told) => folders(told).length > 1));
  expect(second?.runs.length).toBe(200);
  expect(first?.runs.filter((id) => !second?.runs.includes(id)).length).toBe(1);
  expect(second?.runs.filter((id) => !first?.runs.includes(id)).length).toBe(1);
});

test("a run of very many layers can be read, and its loss has a curve", async () => {
  const folder = newFolder();
  const [first] = await linesOf(newFolder());
  const begin = JSON.parse(first as string);
  const names = Array.from({ length: 600 }, (_, i) =>
    `${"deep.".repeat(60)}${i}`.slice(i % 2 === 0 ? 0 : 290),
  );
  const layers = names.map((name) => ({ name, kind: "Linear", parameters: 1 }));
  const norms = Object.fromEntries(names.map((name) => [name, 1]));
  const events = [
    { ...begin, layers },
    { event: "gradients", time: 0, step: 1, norms },
    { event: "steps", time: 0, epoch: 1, step: 2, loss: 1 },
  ];
  writeFileSync(join(folder, "many.run.jsonl"), events.map(lineOf).join(""));
  const watch = await open(folder);
  const told = await follow(watch, (all) => all.some(({ event }) => event === "points"));
  expect(lastRun(told)).toMatchObject({ broken: 0, step: 2, begin: { epochs: 1 } });
  const curves = told.filter(({ event }) => event === "points").flatMap(({ data }) => data.curves);
  expect(curves.map(({ name }) => name)).toContain("loss");
});

test("a run whose process is gone is broken off, and takes no commands", async () => {
  const folder = newFolder();
  const [first] = await linesOf(newFolder());
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(join(folder, "killed.run.jsonl"), lineOf({ ...JSON.parse(first as string), pid }));
  const watch = await open(folder);
  const told = await follow(watch, (all) => lastRun(all)?.state === "broken off");
  const { status } = await command(watch, { run: lastRun(told)?.id, command: "stop" });
  expect(status).toBe(409);
});

interface Folder {
  readonly runs: readonly string[];
  readonly leftOut: string;
}

test("a run of 100,000 points is thinned out", async () => {
  const folder = newFolder();
  const lines = await linesOf(newFolder());
  const steps = Array.from(
    { length: 100_000 },
    (_, i) => `{"event":"steps","time":0,"epoch":1,"step":${i + 1},"loss":${i % 2 === 0 ? 1 : 3}}`,
  );
  writeFileSync(join(folder, "long.run.jsonl"), `${[lines[0], ...steps].join("\n")}\n`);
  const watch = await open(folder);
  const told = await follow(watch, (all) => lastRun(all)?.step === 100_000);
  const curves = told.filter(({ event }) => event === "points").flatMap(({ data }) => data.curves);
  const points: unknown[] = [];
  for (const { name, set, from, points: fresh } of curves) {
    if (name === "loss" && set === "steps") points.splice(from, points.length, ...fresh);
  }
  expect(points.length).toBeGreaterThan(MOST_POINTS / 2 - 1);
  expect(points.length).toBeLessThanOrEqual(MOST_POINTS);
  expect(points.at(-1)).toEqual([expect.any(Number), 2, 1, 3]);
});

test("a folder that is none, and a port that is taken, are refused", async () => {
  await expect(Watch.open(join(root, "absent"))).rejects.toThrow(FileError);
  writeFileSync(join(root, "a file"), "");
  await expect(Watch.open(join(root, "a file"))).rejects.toThrow(/not a folder/);
  const { port } = await open(newFolder());
  await expect(Watch.open(root, { port })).rejects.toThrow(/in use/);
});

test("fit refuses a folder that cannot be made, before the first step", async () => {
  writeFileSync(join(root, "in the way"), "");
  const { model, optimizer } = numberModel();
  const before = model.stateDict()["weight"]?.toArray();
  const options = { data: numbers(), cost: cost.mse, optimizer };
  await expect(fit(model, { ...options, watch: join(root, "in the way", "x") })).rejects.toThrow(FileError);
  await expect(fit(model, { ...options, watch: 3 as never })).rejects.toThrow(ArgumentError);
  expect(model.stateDict()["weight"]?.toArray()).toEqual(before);
});

test("the end of the server ends its pages", async () => {
  const watch = await Watch.open(newFolder());
  const url = new URL(watch.url);
  url.pathname = "/events";
  const response = await fetch(url);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  await watch.close();
  const rest = await reader.read().catch(() => ({ done: true }));
  expect(rest.done).toBe(true);
  await expect(fetch(url)).rejects.toThrow();
});
