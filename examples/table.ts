// From a CSV file to a classifier: which customers of a telephone company leave? The table has numbers, categories and
// missing values, and is made by a seed. Two networks learn it, and the scores of PyTorch and scikit-learn stand beside.
import { cost, data, evaluate, fit, nn, optim, predict } from "thalweg";
import { customers } from "./shared/made-tables.js";
import { Options } from "./shared/options.js";
import { type Figures, printRows, Scores, TRAINING } from "./shared/scores.js";

const USAGE = `usage: npx tsx examples/table.ts [options]

  --epochs N     passes over the training part                   (default 10)
  --seed N       of weights and order                            (default 0)
  --seeds N      trains this many times, with the next seeds     (default 1)
  --rows         prints the rows with their part as JSON lines, and trains nothing
  --threads N    how many to use                                 (default: all cores)
  --help         this text`;

const options = new Options("table", USAGE, { numbers: TRAINING, flags: ["rows"] });
const epochs = options.number("epochs") ?? 10;

const table = await data.readCsv(Buffer.from(customers(1)));
const [train, test] = data.split(table, [0.75, 0.25], { seed: 1, stratify: "left" });
if (options.has("rows")) {
  await printRows({ train, test });
  process.exit(0);
}
console.log(String(table.head(4)));

// One input for each category; or an index, for a vector that is learnt.
const schema = data.Schema.learn(train, { target: "left", unknown: "stand-in" });
const embedding = data.Schema.learn(train, { target: "left", unknown: "stand-in", embed: 0 });
const scores = new Scores("table", options);

/** Learns the training part, and finds how well the classes of the test part are foretold. */
async function learn<Model extends nn.Module, X extends data.SchemaInputs>(
  model: Model,
  schema: data.Schema<X>,
  seed: number,
): Promise<{ result: Model; figures: Figures }> {
  await fit(model, {
    data: schema.transform(train),
    cost: cost.crossEntropy,
    optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
    epochs,
    batchSize: 64,
    seed,
  });
  const { accuracy, rocAuc } = await evaluate(model, {
    data: schema.transform(test),
    cost: cost.crossEntropy,
    metrics: ["accuracy", "rocAuc"],
  });
  return { result: model, figures: { accuracy, "ROC AUC": rocAuc } };
}

const mlp = await scores.train("Mlp", (seed) =>
  learn(new nn.Mlp({ in: schema.size, hidden: [64, 32], out: schema.outputs }), schema, seed),
);
await scores.train("Tabular", (seed) => {
  const model = new nn.Tabular(embedding, { width: 64, embeddingDim: 4, periodic: { scale: 0.1 } });
  return learn(model, embedding, seed);
});
await scores.print();

const customer = {
  age: 25,
  income: null,
  months: 3,
  calls: 8,
  region: "region C",
  plan: "basic",
  payment: "cash",
};
const [answer] = schema.inverse(await predict(mlp, schema.encode([customer])));
console.log(
  "a young customer who is new and calls often leaves:",
  answer?.class,
  answer?.probability.toFixed(2),
);
