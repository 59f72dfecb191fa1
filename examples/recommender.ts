// Which film would a person like? The ratings of 270 people are made by a seed. A vector for each person and one for each
// film are learnt, whose product foretells the rating; PyTorch's score stands beside.
import { cost, data, evaluate, fit, nn, ops, optim, predict, type Tensor, tensor } from "thalweg";
import { films, makeRatings, type Rating, users } from "./shared/made-ratings.js";
import { Options } from "./shared/options.js";
import { aligned, printRows, Scores, TRAINING } from "./shared/scores.js";

const USAGE = `usage: npx tsx examples/recommender.ts [options]

  --user NAME    who is to get recommendations                   (default Ada)
  --epochs N     passes over the training part                   (default 15)
  --seed N       of weights and order                            (default 0)
  --seeds N      trains this many times, with the next seeds     (default 1)
  --rows         prints the ratings with their part as JSON lines, and trains nothing
  --threads N    how many to use                                 (default: all cores)
  --help         this text`;

const options = new Options("recommender", USAGE, { numbers: TRAINING, texts: ["user"], flags: ["rows"] });
const epochs = options.number("epochs") ?? 15;
const asked = options.choice("user", users as [string, ...string[]]);

const ratings = makeRatings(1);
const [train, test] = data.split(ratings, [0.8, 0.2], { seed: 1 });
if (options.has("rows")) {
  await printRows({ train, test });
  process.exit(0);
}

interface Pairs {
  readonly user: Tensor;
  readonly item: Tensor;
}

const list = (rows: readonly Rating[], name: "user" | "item") =>
  tensor(Int32Array.from(rows, (row) => row[name]));
const samples = (rows: readonly Rating[]) => ({
  x: { user: list(rows, "user"), item: list(rows, "item") },
  y: tensor(Float32Array.from(rows, ({ stars }) => stars)),
});
const [training, testing] = [samples(train), samples(test)];

/** The product of two vectors, and a number of each: y = v_user · v_item + a_user + b_item + mean. */
class Factors extends nn.Module<[pairs: Pairs]> {
  readonly user = new nn.Embedding(users.length, 8);
  readonly item = new nn.Embedding(films.length, 8);
  readonly userBias = new nn.Embedding(users.length, 1);
  readonly itemBias = new nn.Embedding(films.length, 1);
  readonly #mean: number;

  constructor(mean: number) {
    super();
    this.#mean = mean;
    // The first guess for everyone and everything is near the mean.
    for (const parameter of this.parameters()) nn.init.normal(parameter, 0, 0.1);
  }

  forward({ user, item }: Pairs): Tensor {
    const product = ops.sum(ops.mul(this.user.forward(user), this.item.forward(item)), { dim: 1 });
    const biases = ops.add(this.userBias.forward(user), this.itemBias.forward(item));
    return ops.add(ops.add(product, ops.flatten(biases)), this.#mean);
  }
}

const scores = new Scores("recommender", options);
const model = await scores.train("Factors", async (seed) => {
  const model = new Factors(ops.mean(training.y).item());
  await fit(model, {
    data: training,
    cost: cost.mse,
    optimizer: new optim.AdamW(model.parameters(), { lr: 0.01, weightDecay: 0.3 }),
    epochs,
    batchSize: 256,
    seed,
  });
  const { rootMeanSquaredError } = await evaluate(model, {
    data: testing,
    cost: cost.mse,
    metrics: ["rootMeanSquaredError"],
  });
  return { result: model, figures: { "root mean squared error": rootMeanSquaredError } };
});

const count = (n: number) => n.toLocaleString("en");
console.log(
  `${count(train.length)} ratings to learn, ${count(test.length)} to test: ${users.length} people, ${films.length} films`,
);
await scores.print();
const noise = Math.sqrt(test.reduce((sum, r) => sum + (r.stars - r.expected) ** 2, 0) / test.length);
console.log(`the noise in the ratings, which nothing foretells: ${noise.toPrecision(4)}\n`);

// The films that the person has not rated, the best first.
const user = users.indexOf(asked);
const rated = new Map(
  ratings.filter((rating) => rating.user === user).map(({ item, stars }) => [item, stars]),
);
const unknown = films.map((_, item) => item).filter((item) => !rated.has(item));
const stars = await predict(model, {
  user: tensor(new Int32Array(unknown.length).fill(user)),
  item: tensor(Int32Array.from(unknown)),
});
const best = unknown
  .map((item, i) => ({ film: films[item] as string, stars: stars.data[i] as number }))
  .sort((a, b) => b.stars - a.stars)
  .slice(0, 5);
const liked = [...rated]
  .sort(([, a], [, b]) => b - a)
  .slice(0, 3)
  .map(([item]) => films[item]);
console.log(`${asked} liked ${liked.join(", ")}. Recommended:`);
console.log(aligned(best.map(({ film, stars }) => [`  ${film}`, `${stars.toFixed(1)} stars`])));
