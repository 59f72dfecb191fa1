// From a CSV file to a regression: what does a flat cost a month? The table is made by a seed, and the scores of
// PyTorch and scikit-learn stand beside.
import { cost, data, fit, metrics, nn, optim, predict } from "thalweg";
import { flats } from "./shared/made-tables.js";
import { Options } from "./shared/options.js";
import { printRows, Scores, TRAINING } from "./shared/scores.js";

const USAGE = `usage: npx tsx examples/regression.ts [options]

  --epochs N     passes over the training part                   (default 60)
  --seed N       of weights and order                            (default 0)
  --seeds N      trains this many times, with the next seeds     (default 1)
  --rows         prints the rows with their part as JSON lines, and trains nothing
  --threads N    how many to use                                 (default: all cores)
  --help         this text`;

const options = new Options("regression", USAGE, { numbers: TRAINING, flags: ["rows"] });
const epochs = options.number("epochs") ?? 60;

const table = await data.readCsv(Buffer.from(flats(1)));
const [train, test] = data.split(table, [0.75, 0.25], { seed: 1 });
if (options.has("rows")) {
  await printRows({ train, test });
  process.exit(0);
}
console.log(String(table.head(4)));

const schema = data.Schema.learn(train, { target: "rent", task: "regression" });
const scores = new Scores("regression", options);

const model = await scores.train("Mlp", async (seed) => {
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
  const error = metrics.meanAbsoluteError(foretold, rents);
  return { result: model, figures: { "R²": metrics.r2(foretold, rents), "mean absolute error": error } };
});
await scores.print();

const flat = { area: 62, built: 1975, floor: 3, district: "harbour", balcony: true };
const [rent] = schema.inverse<number>(await predict(model, schema.encode([flat])));
console.log("62 m² at the harbour cost", rent?.toFixed(0));
