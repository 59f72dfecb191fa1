// Two classes, one of which is rare: which payments by card are fraud? About one in thirty is, in a table that a seed
// makes. Four ways to treat this are compared, and PyTorch's scores stand beside.
import { cost, data, type FitOptions, fit, metrics, nn, ops, optim, predict, type Tensor } from "thalweg";
import { cardPayments } from "./shared/made-tables.js";
import { Options } from "./shared/options.js";
import { type Figures, printRows, Scores, TRAINING } from "./shared/scores.js";

const USAGE = `usage: npx tsx examples/imbalanced.ts [options]

  --epochs N     passes over the training part                   (default 15)
  --seed N       of weights and order                            (default 0)
  --seeds N      trains this many times, with the next seeds     (default 1)
  --rows         prints the rows with their part as JSON lines, and trains nothing
  --threads N    how many to use                                 (default: all cores)
  --help         this text`;

const options = new Options("imbalanced", USAGE, { numbers: TRAINING, flags: ["rows"] });
const epochs = options.number("epochs") ?? 15;

const table = await data.readCsv(Buffer.from(cardPayments(1)));
// Each part has its share of the rare class.
const [train, validation, test] = data.split(table, [0.6, 0.15, 0.25], { seed: 1, stratify: "fraud" });
if (options.has("rows")) {
  await printRows({ train, validation, test });
  process.exit(0);
}
console.log(String(table.head(4)));

/** Inputs [P, size], and classes [P]: 1 is fraud. */
interface Part {
  readonly x: Tensor;
  readonly y: Tensor;
}

const schema = data.Schema.learn(train, { target: "fraud", task: "classification" });
const [training, validating, testing] = [train, validation, test].map((part) => schema.transform(part)) as [
  Part,
  Part,
  Part,
];
const share = (ops.sum(testing.y).item() / test.length) * 100;
console.log(
  `${share.toFixed(1)} % of the ${test.length.toLocaleString("en")} payments of the test part are fraud`,
);

/** The chance of fraud that a model gives each payment. */
async function chances(model: nn.Module, x: Tensor): Promise<Tensor> {
  const y = ops.softmax(await predict(model, x), { dim: 1 });
  return ops.reshape(ops.slice(y, 1, { start: 1 }), [y.shape[0] as number]);
}

/** The figures of the test part, where a payment whose chance is at least `threshold` is taken for fraud. */
async function judge(
  model: nn.Module,
  threshold = 0.5,
): Promise<{ result: metrics.ConfusionMatrix; figures: Figures }> {
  const chance = await chances(model, testing.x);
  const taken = ops.to(ops.greaterEqual(chance, threshold), "int32");
  return {
    result: metrics.confusionMatrix(taken, testing.y, { classNames: ["no", "yes"] }),
    figures: {
      precision: metrics.precision(taken, testing.y),
      recall: metrics.recall(taken, testing.y),
      "balanced accuracy": metrics.balancedAccuracy(taken, testing.y),
      "average precision": metrics.averagePrecision(chance, testing.y),
    },
  };
}

/** The chance from which on a payment is taken for fraud so that F₁ of the validation part is largest. */
async function bestThreshold(model: nn.Module): Promise<number> {
  const chance = await chances(model, validating.x);
  const order = [...chance.data.keys()].sort(
    (a, b) => (chance.data[b] as number) - (chance.data[a] as number),
  );
  const positives = ops.sum(validating.y).item();
  let [found, best, right] = [1, 0, 0];
  order.forEach((row, i) => {
    right += validating.y.data[row] as number;
    const f1 = (2 * right) / (i + 1 + positives);
    if (f1 > best) [best, found] = [f1, chance.data[row] as number];
  });
  return found;
}

/** Trains a network, with what a method adds to `fit`. */
async function learn(seed: number, method: Partial<FitOptions> = {}): Promise<nn.Module> {
  const model = new nn.Mlp({ in: schema.size, hidden: [32, 16], out: schema.outputs });
  await fit(model, {
    data: training,
    cost: cost.crossEntropy,
    optimizer: new optim.Adam(model.parameters(), { lr: 0.003 }),
    epochs,
    batchSize: 128,
    seed,
    ...method,
  });
  return model;
}

const scores = new Scores("imbalanced", options);
const plain = new Map<number, nn.Module>();
const matrices = {
  "as it is": await scores.train("as it is", async (seed) => {
    const model = await learn(seed);
    plain.set(seed, model);
    return judge(model);
  }),
  "threshold of the best F₁ in validation": await scores.train("threshold by validation", async (seed) => {
    const model = plain.get(seed) as nn.Module;
    return judge(model, await bestThreshold(model));
  }),
  "classWeight: balanced": await scores.train("classWeight: balanced", async (seed) =>
    judge(await learn(seed, { classWeight: "balanced" })),
  ),
  "balanced mini-batches": await scores.train("balanced mini-batches", async (seed) =>
    judge(await learn(seed, { sampler: data.sampler({ balance: training.y, seed }) })),
  ),
};
await scores.print();
for (const [name, matrix] of Object.entries(matrices)) console.log(`${name}\n${matrix}\n`);
