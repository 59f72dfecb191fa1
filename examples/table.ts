// From a CSV file to a classifier: which customers of a telephone company leave? The table has numbers, categories and
// missing values, and is made by a seed. Two networks learn it, and scikit-learn's scores stand beside.
import { cost, data, evaluate, fit, manualSeed, nn, optim, predict } from "thalweg";
import { customers } from "./shared/made-tables.js";
import { Options } from "./shared/options.js";
import { printRows, tellScikitLearn } from "./shared/scikit-learn.js";

const USAGE = `usage: npx tsx examples/table.ts [options]

  --epochs N     passes over the training part  (default 30)
  --seed N       of weights and order           (default 0)
  --rows         print the rows with their part, as JSON lines, instead of learning
  --threads N    how many to use                (default: all cores)
  --help         this text`;

const options = new Options("table", USAGE, { numbers: { epochs: { min: 0 } }, flags: ["rows"] });
const epochs = options.number("epochs") ?? 30;
const seed = options.number("seed") ?? 0;

const table = await data.readCsv(Buffer.from(customers(1)));
const parts = data.split(table, [0.75, 0.25], { seed: 1, stratify: "left" });
const [train, test] = parts as [data.Table, data.Table];
if (options.has("rows")) {
  await printRows({ train, test });
  process.exit(0);
}
console.log(String(table.head(4)));

/** Learns the training part, and tells how well the classes of the test part are foretold. */
async function learn<X extends data.SchemaInputs>(
  name: string,
  schema: data.Schema<X>,
  make: () => nn.Module,
): Promise<nn.Module> {
  manualSeed(seed);
  const model = make();
  const [training, testing] = [train, test].map((part) => {
    const { x, y } = schema.transform(part);
    return { x: nn.Tabular.join(x), y };
  }) as [data.Samples, data.Samples];
  await fit(model, {
    data: training,
    cost: cost.crossEntropy,
    optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
    epochs,
    batchSize: 64,
    seed,
  });
  const { accuracy, rocAuc } = await evaluate(model, {
    data: testing,
    cost: cost.crossEntropy,
    metrics: ["accuracy", "rocAuc"],
  });
  console.log(`${name}: accuracy ${accuracy.toFixed(3)}, ROC AUC ${rocAuc.toFixed(3)}`);
  return model;
}

// One input for each category.
const schema = data.Schema.learn(train, { target: "left", unknown: "stand-in" });
const mlp = await learn(
  "Mlp",
  schema,
  () => new nn.Mlp({ in: schema.size, hidden: [64, 32], out: schema.outputs }),
);
await tellScikitLearn("table");

// Vectors for categories and numbers.
const embedding = data.Schema.learn(train, { target: "left", unknown: "stand-in", embed: 0 });
await learn(
  "Tabular",
  embedding,
  () => new nn.Tabular(embedding, { width: 64, embeddingDim: 4, periodic: { scale: 0.1 } }),
);

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
