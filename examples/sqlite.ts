// A million rows out of SQLite: what does a taxi trip cost? The rows stream out of the database into the training, and are
// never in memory all at once. The database is made by a seed; PyTorch's score stands beside.
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cost, data, fit, metrics, nn, optim, predict } from "thalweg";
import { loadSqlite, makeTrips } from "./shared/made-trips.js";
import { Options } from "./shared/options.js";
import { Scores, TRAINING } from "./shared/scores.js";

const USAGE = `usage: npx tsx examples/sqlite.ts [options]      (needs better-sqlite3: npm run sqlite)

  --trips N        rows to learn from                              (default 1000000)
  --epochs N       passes over them                                (default 1)
  --seed N         of weights and order                            (default 0)
  --seeds N        trains this many times, with the next seeds     (default 1)
  --make FILE      makes the database there, and trains nothing
  --threads N      how many to use                                 (default: all cores)
  --help           this text`;

const numbers = { ...TRAINING, trips: { min: 1000 } };
const options = new Options("sqlite", USAGE, { numbers, texts: ["make"] });
const trips = options.number("trips") ?? 1_000_000;
const FOR_TEST = 20_000;
const count = (n: number) => Math.round(n).toLocaleString("en");

const Sqlite = loadSqlite();
const file = options.text("make") ?? join(tmpdir(), `trips-${process.pid}.db`);
rmSync(file, { force: true });
const made = new Sqlite(file);
makeTrips(made, trips + FOR_TEST, 1);
made.close();
if (options.text("make") !== undefined) process.exit(0);
process.once("SIGINT", () => process.exit(130));
process.once("exit", () => rmSync(file, { force: true }));

const database = new Sqlite(file, { readonly: true });
const select = (where: string) =>
  database.prepare(`select distance, hour, weekday, rain, zone, fare from trips where ${where} order by id`);
console.log(`${count(trips)} trips to learn, ${count(FOR_TEST)} to test; the first ones:`);
console.log(String(new data.Table(select("id <= 4").all())));

// What scales the numbers is learnt from the first rows.
const schema = data.Schema.learn(select("id <= 20000").all(), {
  target: "fare",
  task: "regression",
  types: { hour: "category", weekday: "category" },
});
const test = select(`id > ${trips}`).all();
const fares = test.map(({ fare }) => fare);

const scores = new Scores("sqlite", options);
await scores.train("Mlp", async (seed) => {
  const model = new nn.Mlp({ in: schema.size, hidden: [64, 64], out: schema.outputs });
  const rows = select(`id <= ${trips}`);
  const started = performance.now();
  const history = await fit(model, {
    data: data.stream(() => rows.iterate(), { schema, batchSize: 256, shuffleBuffer: 10_000, seed }),
    cost: cost.mse,
    optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
    epochs: options.number("epochs") ?? 1,
    progress: true,
  });
  const seconds = (performance.now() - started) / 1000;
  const memory = process.resourceUsage().maxRSS / 1024;
  console.log(
    `learnt in ${seconds.toFixed(1)} s: ${count((trips * history.length) / seconds)} rows a second; the process held at most ${count(memory)} MB`,
  );
  const foretold = schema.inverse<number>(await predict(model, schema.encode(test)));
  const error = metrics.meanAbsoluteError(foretold, fares);
  return { result: model, figures: { "R²": metrics.r2(foretold, fares), "mean absolute error": error } };
});
await scores.print();
database.close();
