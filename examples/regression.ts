// From a CSV file to a regression: what does a flat cost a month? The table is made by a seed, and scikit-learn's score
// stands beside.
import { cost, data, fit, manualSeed, metrics, nn, optim, predict } from "thalweg";
import { flats } from "./shared/made-tables.js";
import { Options } from "./shared/options.js";
import { printRows, tellScikitLearn } from "./shared/scikit-learn.js";

const USAGE = `usage: npx tsx examples/regression.ts [options]

  --epochs N     passes over the training part  (default 60)
  --seed N       of weights and order           (default 0)
  --rows         print the rows with their part, as JSON lines, instead of learning
  --threads N    how many to use                (default: all cores)
  --help         this text`;

const options = new Options("regression", USAGE, { numbers: { epochs: { min: 0 } }, flags: ["rows"] });
const epochs = options.number("epochs") ?? 60;
const seed = options.number("seed") ?? 0;

const table = await data.readCsv(Buffer.from(flats(1)));
const [train, test] = data.split(table, [0.75, 0.25], { seed: 1 }) as [data.Table, data.Table];
if (options.has("rows")) {
  await printRows({ train, test });
  process.exit(0);
}
console.log(String(table.head(4)));

manualSeed(seed);
const schema = data.Schema.learn(train, { target: "rent", task: "regression" });
const model = new nn.Mlp({ in: schema.size, hidden: [64, 32], out: schema.outputs });
await fit(model, {
  data: schema.transform(train),
  cost: cost.mse,
  optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
  epochs,
  batchSize: 64,
  seed,
});

// The outputs in euros again.
const rents = test.column("rent").toArray() as number[];
const foretold = schema.inverse<number>(await predict(model, schema.encode(test)));
const score = metrics.r2(foretold, rents);
const error = metrics.meanAbsoluteError(foretold, rents);
console.log(`Mlp: R² ${score.toFixed(3)}, mean absolute error ${error.toFixed(1)}`);
await tellScikitLearn("regression");

const flat = { area: 62, built: 1975, floor: 3, district: "harbour", balcony: true };
const [rent] = schema.inverse<number>(await predict(model, schema.encode([flat])));
console.log("62 m² at the harbour cost", rent?.toFixed(0));
