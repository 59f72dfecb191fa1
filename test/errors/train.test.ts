import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  accuracy,
  averageLoss,
  BusyError,
  cost,
  DataError,
  DTypeError,
  evaluate,
  type FitOptions,
  fit,
  fromTypedArray,
  IndexError,
  metrics,
  nn,
  OptionError,
  ones,
  ops,
  optim,
  perSampleLoss,
  predict,
  rand,
  ShapeError,
  type Tensor,
  TraceError,
  tensor,
  zeros,
} from "../../lib/index.js";
import { bad, expectError, testErrors, type Wrong } from "./expect-error.js";

const x = rand([6, 3]);
const y = tensor([0, 1, 2, 0, 1, 2], { dtype: "int32" });
const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 3));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
const { crossEntropy, squaredError } = cost;
for (const parameter of model.parameters()) parameter.grad = ones(parameter.shape);
const kept = (): Tensor[] => [x, y, ...model.parameters()];

class Custom extends nn.Module {
  readonly weight = new nn.Parameter(ones([1]));
  readonly f: (x: Tensor) => Tensor;
  constructor(f: (x: Tensor) => unknown) {
    super();
    this.f = f as (x: Tensor) => Tensor;
  }
  forward(z: Tensor): Tensor {
    return this.f(z);
  }
}
const custom = (f: (z: Tensor) => unknown): Custom => new Custom(f);

/** x with one value put in its place. */
function spoilt(value: number, at: number): Tensor {
  const values = x.data.slice() as Float32Array;
  values[at] = value;
  return fromTypedArray(values, x.shape);
}

/** What is wrong with data, model and cost is wrong for all that take them. */
const takers: readonly (readonly [
  string,
  (model: nn.Module, C: cost.Cost, samples: { x: Tensor; y: Tensor }) => unknown,
])[] = [
  [
    "fit",
    (m, C, samples) =>
      fit(m, { data: samples, cost: C, optimizer: m === model ? optimizer : new optim.SGD(m.parameters()) }),
  ],
  ["evaluate", (m, C, samples) => evaluate(m, { data: samples, cost: C })],
  ["perSampleLoss", (m, C, samples) => perSampleLoss(m, C, samples)],
  ["averageLoss", (m, C, samples) => averageLoss(m, C, samples)],
];

for (const [name, take] of takers) {
  describe(`${name}: model, cost and data`, () => {
    const wrong: Wrong[] = [
      [
        () => take(model, crossEntropy, bad()),
        ArgumentError,
        `${name}: expected data to be { x, y } or a Dataset, got undefined`,
      ],
      [
        () => take(model, crossEntropy, bad(null)),
        ArgumentError,
        `${name}: expected data to be { x, y } or a Dataset, got null`,
      ],
      [
        () => take(model, crossEntropy, bad({ x })),
        ArgumentError,
        `${name}: expected data to be { x, y } or a Dataset, got an object`,
      ],
      [
        () => take(model, crossEntropy, bad([x, y])),
        ArgumentError,
        new RegExp(
          `^${name}: expected data to be { x, y } or a Dataset, got an array of 2(; for rows, the option schema says how .*)?$`,
        ),
      ],
      [
        () => take(model, crossEntropy, { x: bad([[1]]), y }),
        ArgumentError,
        `${name}: data: expected x[0] to be a tensor or Bytes, got an array of 1`,
      ],
      [
        () => take(model, crossEntropy, bad({ x, y, v: 1 })),
        OptionError,
        new RegExp(`^${name}: data: unknown option "v"; `),
      ],
      [
        () => take(model, crossEntropy, { x, y: zeros([5], { dtype: "int32" }) }),
        ShapeError,
        `${name}: data: expected as many targets as samples, got x [6, 3] and y [5]`,
      ],
      [
        () => take(model, crossEntropy, { x: zeros([0, 3]), y: zeros([0], { dtype: "int32" }) }),
        DataError,
        `${name}: data: expected at least one sample, got an empty set`,
      ],
      [
        () => take(model, crossEntropy, { x: spoilt(Number.NaN, 7), y }),
        DataError,
        `${name}: data.x has NaN in sample 2, element 1`,
      ],
      [
        () => take(model, crossEntropy, { x: spoilt(Number.NEGATIVE_INFINITY, 17), y }),
        DataError,
        `${name}: data.x has -Infinity in sample 5, element 2`,
      ],
      [
        () => take(model, squaredError, { x, y: spoilt(Number.POSITIVE_INFINITY, 0) }),
        DataError,
        `${name}: data.y has Infinity in sample 0, element 0`,
      ],
      [
        () => take(model, crossEntropy, { x: ones([6, 4]), y }),
        ShapeError,
        "Sequential.0 (Linear): expected x [..., 3], got [6, 4]",
      ],
      [
        () => take(model, crossEntropy, { x: ones([6, 3], { dtype: "float64" }), y }),
        DTypeError,
        "Sequential.0 (Linear): expected x to be float32 as the weights are, got float64",
      ],
      [
        () => take(model, crossEntropy, { x, y: tensor([0, 1, 2, 0, 3, 2], { dtype: "int32" }) }),
        IndexError,
        `${name}: label 3 at position 4 is outside [0, 3)`,
      ],
      [
        () => take(model, crossEntropy, { x, y: tensor([0, 1, 2, 0, 1, -1], { dtype: "int32" }) }),
        IndexError,
        `${name}: label -1 at position 5 is outside [0, 3)`,
      ],
      [
        () => take(model, crossEntropy, { x, y: ones([6]) }),
        DTypeError,
        `${name}: expected target to be int32 class indices, or probabilities [6, 3], got float32 [6]`,
      ],
      [
        () => take(model, crossEntropy, { x, y: zeros([6, 3], { dtype: "int32" }) }),
        ShapeError,
        `${name}: expected outputs [B, C] and targets [B], got outputs [B, 3] and targets [6, 3]`,
      ],
      [
        () => take(model, squaredError, { x, y: ones([6, 2]) }),
        ShapeError,
        "squaredError: expected target to be [6, 3] as y is, got [6, 2]",
      ],
      [
        () => take(model, squaredError, { x, y }),
        DTypeError,
        "squaredError: expected target to be float32 as y is, got int32",
      ],
      [() => take(bad(), crossEntropy, { x, y }), ArgumentError, `${name}: expected a Module, got undefined`],
      [
        () => take(bad(ops.relu), crossEntropy, { x, y }),
        ArgumentError,
        `${name}: expected a Module, got a function`,
      ],
      [
        () => take(model, bad(), { x, y }),
        ArgumentError,
        `${name}: expected cost to be a function such as cost.crossEntropy, got undefined`,
      ],
      [
        () => take(model, bad("crossEntropy"), { x, y }),
        ArgumentError,
        `${name}: expected cost to be a function such as cost.crossEntropy, got "crossEntropy"`,
      ],
      [
        () =>
          take(
            custom(() => 3),
            squaredError,
            { x, y: x },
          ),
        ArgumentError,
        `${name}: expected the model's output to be a tensor, or a list or an object of them, got 3`,
      ],
      [
        () =>
          take(
            custom((z) => ops.sum(z)),
            squaredError,
            { x, y: x },
          ),
        ShapeError,
        `${name}: expected the model to give an output for each of 6 samples, got []`,
      ],
      [
        () =>
          take(
            model,
            bad(() => 1),
            { x, y },
          ),
        ArgumentError,
        `${name}: expected the cost's result to be a tensor, got 1`,
      ],
      [
        () => take(model, (z: Tensor) => z.transpose(0, 1), { x, y }),
        ShapeError,
        name === "perSampleLoss"
          ? "perSampleLoss: expected the cost to give one number for each of 6 samples, or for each of their elements, got [3, 6]"
          : `${name}: expected the cost to give a scalar, got [3, 6]`,
      ],
    ];
    // A model that is none cannot be given an optimizer.
    testErrors(
      name === "fit" ? wrong.filter(([, , message]) => !String(message).includes("a Module")) : wrong,
      kept,
    );
  });
}

describe("fit", () => {
  const good: FitOptions = { data: { x, y }, cost: crossEntropy, optimizer };
  const other = new optim.SGD(new nn.Linear(2, 2).parameters());
  const size = "fit: expected batchSize to be a whole number ≥ 1, got";
  testErrors(
    [
      [() => fit(bad(), good), ArgumentError, "fit: expected a Module, got undefined"],
      [() => fit(bad([model]), good), ArgumentError, "fit: expected a Module, got an array of 1"],
      [() => fit(model, bad()), ArgumentError, "fit: expected an object of options, got undefined"],
      [() => fit(model, bad(null)), ArgumentError, "fit: expected an object of options, got null"],
      [() => fit(model, bad(x)), OptionError, /^fit: unknown option "\w+"; /],
      [
        () => fit(model, { ...good, optimizer: bad() }),
        ArgumentError,
        "fit: expected optimizer to be an Optimizer, got undefined",
      ],
      [
        () => fit(model, { ...good, optimizer: bad("SGD") }),
        ArgumentError,
        'fit: expected optimizer to be an Optimizer, got "SGD"',
      ],
      [
        () => fit(model, { ...good, optimizer: bad(optim.SGD) }),
        ArgumentError,
        "fit: expected optimizer to be an Optimizer, got the class SGD (new SGD(…) makes an instance)",
      ],
      [
        () => fit(model, { ...good, optimizer: other }),
        ArgumentError,
        "fit: the optimizer has none of the model's parameters, so nothing would be learnt",
      ],
      [
        () => fit(model, { ...good, epochs: 0 }),
        ArgumentError,
        "fit: expected epochs to be a whole number ≥ 1, got 0",
      ],
      [
        () => fit(model, { ...good, epochs: 1.5 }),
        ArgumentError,
        "fit: expected epochs to be a whole number ≥ 1, got 1.5",
      ],
      [() => fit(model, { ...good, batchSize: 0 }), ArgumentError, `${size} 0`],
      [() => fit(model, { ...good, batchSize: 2.5 }), ArgumentError, `${size} 2.5`],
      [() => fit(model, { ...good, batchSize: Number.NaN }), ArgumentError, `${size} NaN`],
      [() => fit(model, { ...good, batchSize: bad("full") }), ArgumentError, `${size} "full"`],
      [
        () => fit(model, { ...good, shuffle: bad("yes") }),
        ArgumentError,
        'fit: expected shuffle to be true or false, got "yes"',
      ],
      [
        () => fit(model, { ...good, seed: -1 }),
        ArgumentError,
        "fit: expected seed to be a whole number ≥ 0, got -1",
      ],
      [
        () => fit(model, { ...good, seed: bad("0") }),
        ArgumentError,
        'fit: expected seed to be a whole number ≥ 0, got "0"',
      ],
      [
        () => fit(model, { ...good, progress: bad(1) }),
        ArgumentError,
        "fit: expected progress to be true or false, got 1",
      ],
      [
        () => fit(model, { ...good, onBatch: bad(1) }),
        ArgumentError,
        "fit: expected onBatch to be a function, got 1",
      ],
      [
        () => fit(model, { ...good, onEpoch: bad("log") }),
        ArgumentError,
        'fit: expected onEpoch to be a function, got "log"',
      ],
      [
        () => fit(model, { ...good, signal: bad(new AbortController()) }),
        ArgumentError,
        "fit: expected signal to be an AbortSignal, got a AbortController",
      ],
      [
        () => fit(model, { ...good, metrics: bad(accuracy) }),
        ArgumentError,
        "fit: expected metrics to be metrics by name or a list of names, got a function",
      ],
      [
        () => fit(model, { ...good, metrics: bad([accuracy]) }),
        ArgumentError,
        /^fit: expected the name of a metric to be one of .*"accuracy".*, got a function$/,
      ],
      [
        () => fit(model, { ...good, metrics: bad(null) }),
        ArgumentError,
        "fit: expected metrics to be metrics by name or a list of names, got null",
      ],
      [
        () => fit(model, { ...good, metrics: { accuracy: bad("acuracy") } }),
        ArgumentError,
        /^fit: expected the name of a metric to be one of .*"accuracy".*, got "acuracy"$/,
      ],
      [
        () => fit(model, { ...good, metrics: { accuracy: bad(1) } }),
        ArgumentError,
        "fit: expected metric accuracy to be a metric, a function or a name, got 1",
      ],
      [
        () => fit(model, { ...good, metrics: { matrix: metrics.confusionMatrix } }),
        ArgumentError,
        "fit: expected metric matrix to give a number, got a ConfusionMatrix; evaluate gives it",
      ],
      [
        () => fit(model, { ...good, metrics: { loss: accuracy } }),
        ArgumentError,
        'fit: "loss" is reported anyway; give the metric another name',
      ],
      [
        () => fit(model, { ...good, validation: bad(x) }),
        ArgumentError,
        "fit: expected validation to be { x, y } or a Dataset, got a Tensor",
      ],
      [
        () => fit(model, { ...good, validation: { x, y: zeros([2]) } }),
        ShapeError,
        "fit: validation: expected as many targets as samples, got x [6, 3] and y [2]",
      ],
      [
        () => fit(model, { ...good, validation: { x: spoilt(Number.NaN, 0), y } }),
        DataError,
        "fit: validation.x has NaN in sample 0, element 0",
      ],
      [
        () => fit(model, { ...good, validation: { x, y: tensor([0, 0, 0, 0, 0, 9], { dtype: "int32" }) } }),
        IndexError,
        "fit: label 9 at position 5 is outside [0, 3)",
      ],
      [
        () => fit(model, bad({ ...good, learningRate: 1 })),
        OptionError,
        /^fit: unknown option "learningRate"; /,
      ],
      [
        () => fit(model, bad({ ...good, batch_size: 2 })),
        OptionError,
        'fit: unknown option "batch_size"; did you mean "batchSize"?',
      ],
      [
        () => fit(model, bad({ ...good, epoch: 2 })),
        OptionError,
        'fit: unknown option "epoch"; did you mean "epochs"?',
      ],
      [
        () => fit(model, bad({ ...good, loss: crossEntropy })),
        OptionError,
        'fit: unknown option "loss"; did you mean "cost"?',
      ],
      [
        () => fit(model, bad({ ...good, dataset: { x, y } })),
        OptionError,
        'fit: unknown option "dataset"; did you mean "data"?',
      ],
      [
        () => fit(model, bad({ ...good, validationData: { x, y } })),
        OptionError,
        /^fit: unknown option "validationData"; known options: data, /,
      ],
    ],
    kept,
  );

  test("leaves the model in its mode where it refuses to start", async () => {
    model.eval();
    await expectError([() => fit(model, { ...good, batchSize: 0 }), ArgumentError, /batchSize/], kept());
    await expectError(
      [() => fit(model, { ...good, data: { x: ones([6, 4]), y } }), ShapeError, /^Sequential\.0 \(Linear\)/],
      kept(),
    );
    for (const [, module] of model.namedModules()) expect(module.training).toBe(false);
    model.train();
  });

  test("refuses a figure that is no tensor of one element, and the model can be trained on", async () => {
    const net = new nn.Linear(3, 3);
    const options = { ...good, optimizer: new optim.SGD(net.parameters()) };
    const metrics = (figure: unknown) => ({ share: () => figure as Tensor });
    const message = "fit: expected metric share to give a tensor of one element, made by ops, got";
    await expectError([() => fit(net, { ...options, metrics: metrics(1) }), ArgumentError, `${message} 1`]);
    await expectError([
      () => fit(net, { ...options, metrics: metrics(ones([2])) }),
      ArgumentError,
      `${message} [2]`,
    ]);
    await expect(fit(net, { ...options, metrics: metrics(ones([1])) })).resolves.toHaveLength(1);
  });

  test.each<[string, Partial<FitOptions>]>([
    ["metric", { metrics: { share: (z) => tensor(z.data[0] as number) } }],
    ["cost", { cost: (z) => (z.data[0] === 0 ? ops.sum(z) : ops.mean(z)) }],
  ])("refuses a %s that reads values, and names the line", async (_, wrong) => {
    const net = new nn.Linear(3, 3);
    await expectError([
      () => fit(net, { ...good, optimizer: new optim.SGD(net.parameters()), batchSize: 1, ...wrong }),
      TraceError,
      /^compile: the value of a tensor is not known .* Read at .*train\.test\.ts/,
    ]);
  });

  test("refuses to train one model twice at a time", async () => {
    const net = new nn.Linear(3, 3);
    const options = { ...good, optimizer: new optim.SGD(net.parameters()), epochs: 3 };
    const first = fit(net, options);
    await expectError([
      () => fit(net, options),
      BusyError,
      "fit: this model is being trained by another fit; wait for that one",
    ]);
    await expect(first).resolves.toHaveLength(3);
    await expect(fit(net, options)).resolves.toHaveLength(3);
  });
});

describe("evaluate, predict and the losses: options", () => {
  const good = { data: { x, y }, cost: crossEntropy };
  const size = (name: string): string => `${name}: expected batchSize to be a whole number ≥ 1, got`;
  testErrors(
    [
      [() => evaluate(model, bad()), ArgumentError, "evaluate: expected an object of options, got undefined"],
      [() => evaluate(model, bad(null)), ArgumentError, "evaluate: expected an object of options, got null"],
      [
        () => evaluate(model, bad({ ...good, epochs: 1 })),
        OptionError,
        'evaluate: unknown option "epochs"; known options: data, cost, costWeights, schema, metrics, sampleWeight, batchSize',
      ],
      [
        () => evaluate(model, { ...good, sampleWeight: [1, 2] }),
        ShapeError,
        "evaluate: expected sampleWeight to be [6], got [2]",
      ],
      [
        () => evaluate(model, { ...good, sampleWeight: [1, 2, -1, 0, 0, 0] }),
        DataError,
        "evaluate: expected sampleWeight to be numbers ≥ 0, got -1 for sample 2",
      ],
      [
        () => evaluate(model, { ...good, sampleWeight: [0, 0, 0, 0, 0, 0] }),
        DataError,
        "evaluate: expected sampleWeight to have a number above 0, got only 0",
      ],
      [
        () => evaluate(model, { ...good, cost: (z, t) => crossEntropy(z, t), sampleWeight: ones([6]) }),
        ArgumentError,
        /^evaluate: expected a cost of cost\.… or defineCost for sampleWeight/,
      ],
      [
        () => evaluate(model, { ...good, metrics: { top: (z) => ops.mean(z) }, sampleWeight: ones([6]) }),
        ArgumentError,
        /^evaluate: metric top is a function .* knows no weights; define it with metrics\.defineMetric$/,
      ],
      [() => evaluate(model, { ...good, batchSize: 0 }), ArgumentError, `${size("evaluate")} 0`],
      [
        () => evaluate(model, { ...good, metrics: bad(1) }),
        ArgumentError,
        "evaluate: expected metrics to be metrics by name or a list of names, got 1",
      ],
      [
        () => evaluate(model, { ...good, metrics: { loss: accuracy } }),
        ArgumentError,
        'evaluate: "loss" is reported anyway; give the metric another name',
      ],
      [
        () => perSampleLoss(model, crossEntropy, { x, y }, { batchSize: 1.5 }),
        ArgumentError,
        `${size("perSampleLoss")} 1.5`,
      ],
      [
        () => perSampleLoss(model, crossEntropy, { x, y }, bad({ batch: 2 })),
        OptionError,
        'perSampleLoss: unknown option "batch"; known options: costWeights, batchSize',
      ],
      [
        () => perSampleLoss(model, (z, t) => crossEntropy(z, t), { x, y }),
        ShapeError,
        "perSampleLoss: expected the cost to give one number for each of 6 samples, or for each of their elements, got []",
      ],
      [
        () => averageLoss(model, crossEntropy, { x, y }, { batchSize: -1 }),
        ArgumentError,
        `${size("averageLoss")} -1`,
      ],
      [
        () => averageLoss(model, crossEntropy, { x, y }, bad([])),
        ArgumentError,
        "averageLoss: expected an object of options, got an array of 0",
      ],
      [() => predict(bad(), x), ArgumentError, "predict: expected a Module, got undefined"],
      [
        () => predict(model, bad()),
        ArgumentError,
        "predict: expected x to be a tensor or Bytes, or a list or an object of them, got undefined",
      ],
      [
        () => predict(model, bad({ x, y })),
        ArgumentError,
        "Sequential: expected x to be a tensor, got an object",
      ],
      [
        () => predict(model, zeros([0, 3])),
        DataError,
        "predict: expected at least one sample, got an empty set",
      ],
      [
        () => predict(model, ones([])),
        ShapeError,
        "predict: expected a batch of samples, [B, …], got one number, x []",
      ],
      [() => predict(model, spoilt(Number.NaN, 4)), DataError, "predict: x has NaN in sample 1, element 1"],
      [() => predict(model, x, { batchSize: 0 }), ArgumentError, `${size("predict")} 0`],
      [
        () => predict(model, x, bad({ batchsize: 2 })),
        OptionError,
        'predict: unknown option "batchsize"; did you mean "batchSize"?',
      ],
      [
        () => predict(model, ones([6, 4])),
        ShapeError,
        "Sequential.0 (Linear): expected x [..., 3], got [6, 4]",
      ],
      [
        () =>
          predict(
            custom(() => "y"),
            x,
          ),
        ArgumentError,
        'predict: expected the model\'s output to be a tensor, or a list or an object of them, got "y"',
      ],
      [
        () =>
          predict(
            custom((z) => ops.sum(z)),
            x,
          ),
        ShapeError,
        "predict: expected the model to give an output for each of 6 samples, got []",
      ],
      [
        () =>
          predict(
            custom((z) => ops.sum(z, { dim: 0 })),
            x,
            { batchSize: 2 },
          ),
        ShapeError,
        "predict: expected the model to give an output for each of 2 samples, got [3]",
      ],
      [
        () => accuracy(bad(), y),
        ArgumentError,
        "accuracy: expected y to be a tensor or an array of numbers, got undefined",
      ],
      [
        () => accuracy(x, bad("0")),
        ArgumentError,
        'accuracy: expected target to be a tensor or an array of numbers, got "0"',
      ],
      [
        () => accuracy(x, zeros([5])),
        ShapeError,
        "accuracy: expected y [B, ...] and target [B, ...], got [6, 3] and [5]",
      ],
      [
        () => accuracy(ones([6]), ones([6, 3])),
        ShapeError,
        "accuracy: expected y [B, C] and target [B], or both [B], got [6] and [6, 3]",
      ],
    ],
    kept,
  );
});
