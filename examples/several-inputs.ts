// Several inputs, several targets: an order is a handwritten digit, which says how many pieces, and a row of numbers.
// A network reads the digit and foretells what the order costs; PyTorch's scores stand beside.
import { cost, data, evaluate, fit, Generator, nn, ops, optim, predict, type Tensor, tensor } from "thalweg";
import { loadDigits } from "./shared/images.js";
import { Options } from "./shared/options.js";
import { toLetters } from "./shared/pictures.js";
import { aligned, printRows, Scores, TRAINING } from "./shared/scores.js";

const USAGE = `usage: npx tsx examples/several-inputs.ts [options]

  --epochs N     passes over the training part                   (default 10)
  --seed N       of weights and order                            (default 0)
  --seeds N      trains this many times, with the next seeds     (default 1)
  --rows         prints the orders with their part as JSON lines, and trains nothing
  --threads N    how many to use                                 (default: all cores)
  --help         this text`;

const options = new Options("several-inputs", USAGE, { numbers: TRAINING, flags: ["rows"] });
const epochs = options.number("epochs") ?? 10;
const [FOR_TRAINING, FOR_TEST] = [12_000, 4000];

/** What is known of an order besides its image. */
type Order = {
  /** The position of the image of the digit. */
  readonly image: number;
  readonly pieces: number;
  /** Of a piece, in euros. */
  readonly price: number;
  /** From 0 to 0.4. */
  readonly discount: number;
  readonly express: boolean;
  readonly total: number;
};

/** Orders of as many pieces as the digits say. */
function makeOrders(digits: Tensor, count: number, seed: number): Order[] {
  const generator = new Generator(seed);
  const [price, discount, express] = [
    generator.uniform([count], { low: 1, high: 20 }).data,
    generator.uniform([count], { high: 0.4 }).data,
    generator.uniform([count]).data,
  ];
  return Array.from({ length: count }, (_, image) => {
    const pieces = digits.data[image] as number;
    const order = {
      image,
      pieces,
      price: Number(price[image]?.toFixed(2)),
      discount: Number(discount[image]?.toFixed(2)),
      express: (express[image] as number) < 0.3,
    };
    const shipping = order.express ? 12 : 4;
    return { ...order, total: pieces * order.price * (1 - order.discount) + shipping };
  });
}

const digits = await loadDigits();
const train = makeOrders(digits.train.y, FOR_TRAINING, 1);
const test = makeOrders(digits.test.y, FOR_TEST, 2);
if (options.has("rows")) {
  await printRows({ train, test });
  process.exit(0);
}

// The schema scales the numbers of an order, and what it costs.
const features = ["price", "discount", "express"];
const schema = data.Schema.learn(train, { features, target: "total", task: "regression" });

/** Images stay bytes, and become pixels in a mini-batch. */
function samples(orders: readonly Order[], images: data.Bytes) {
  const { x: order, y: total } = schema.transform(orders);
  const own = images.values.subarray(0, orders.length * 784);
  return {
    x: { image: new data.Bytes(own, [orders.length, 28, 28], { scale: 1 / 255 }), order },
    y: { pieces: tensor(Int32Array.from(orders, ({ pieces }) => pieces)), total },
  };
}
const training = samples(train, digits.train.x);
const testing = samples(test, digits.test.x);

interface Inputs {
  readonly image: Tensor;
  readonly order: Tensor;
}
interface Outputs {
  readonly pieces: Tensor;
  readonly total: Tensor;
}

/** Reads the digit; what it found and the numbers together foretell the total. */
class OrderReader extends nn.Module<[inputs: Inputs], Outputs> {
  readonly eye = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 64), new nn.ReLU());
  readonly body = new nn.Mlp({ in: 64 + schema.size, hidden: [64, 64], out: 1 });
  readonly pieces = new nn.Linear(64, 10);

  forward({ image, order }: Inputs): Outputs {
    const seen = this.eye.forward(image);
    const total = this.body.forward(ops.concat([seen, order], 1));
    return { pieces: this.pieces.forward(seen), total };
  }
}

const scores = new Scores("several-inputs", options);
const model = await scores.train("OrderReader", async (seed) => {
  const model = new OrderReader();
  await fit(model, {
    data: training,
    cost: { pieces: cost.crossEntropy, total: cost.mse },
    costWeights: { pieces: 2 },
    optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
    epochs,
    batchSize: 64,
    seed,
  });
  const found = await evaluate(model, {
    data: testing,
    cost: { pieces: cost.crossEntropy, total: cost.mse },
    metrics: { pieces: ["accuracy"], total: ["r2"] },
  });
  const figures = { "accuracy of pieces": found["pieces.accuracy"], "R² of totals": found["total.r2"] };
  return { result: model, figures };
});
await scores.print();

const shown = test.slice(0, 3);
const { pieces, total } = await predict(model, samples(shown, digits.test.x).x);
const read = ops.argmax(pieces, { dim: 1 });
const euros = schema.inverse<number>(total);
const pictures = shown.map(({ image }) =>
  toLetters({ width: 28, height: 28, data: digits.test.x.values.subarray(image * 784, (image + 1) * 784) }),
);
const captions = shown.map((order, i) => [
  `${order.price.toFixed(2)} € a piece, ${(100 * order.discount).toFixed(0)} % off${order.express ? ", express" : ""}`,
  `read as ${read.data[i]}: ${euros[i]?.toFixed(2)} € (in truth ${order.total.toFixed(2)} €)`,
]);
const column = (i: number) => [...(pictures[i] ?? []), ...(captions[i] ?? [])];
console.log(aligned(column(0).map((_, row) => shown.map((_, i) => column(i)[row] ?? ""))));
