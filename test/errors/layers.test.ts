// Errors of the modules, costs and schedules that are PyTorch's.
import { describe } from "vitest";
import {
  ArgumentError,
  cost,
  DTypeError,
  IndexError,
  nn,
  OptionError,
  ones,
  optim,
  ShapeError,
  tensor,
  zeros,
} from "../../lib/index.js";
import { bad, testErrors } from "./expect-error.js";

const x = ones([2, 3]);
const x64 = ones([2, 3], { dtype: "float64" });
const integers = tensor([[0, 1, 2]], { dtype: "int32" });
const labels = tensor([0, 2], { dtype: "int32" });
const kept = () => [x, x64, integers, labels];

describe("modules", () => {
  testErrors(
    [
      [
        () => new nn.LeakyReLU(bad("a")),
        ArgumentError,
        'LeakyReLU: expected negativeSlope to be a number, got "a"',
      ],
      [() => new nn.CELU(0), ArgumentError, "CELU: expected alpha to be a number > 0, got 0"],
      [() => new nn.Hardtanh(1, 1), ArgumentError, "Hardtanh: expected high to be a number > 1, got 1"],
      [() => new nn.Hardshrink(-1), ArgumentError, "Hardshrink: expected lambda to be a number ≥ 0, got -1"],
      [
        () => new nn.GELU({ approximate: bad("erf") }),
        ArgumentError,
        /^GELU: expected approximate to be one of "none", "tanh"/,
      ],
      [
        () => new nn.Softplus(bad({ threshhold: 1 })),
        OptionError,
        'Softplus: unknown option "threshhold"; did you mean "threshold"?',
      ],
      [() => new nn.Softmax(0.5), ArgumentError, "Softmax: expected dim to be a whole number, got 0.5"],
      [() => new nn.ReLU6().forward(integers), DTypeError, /^relu6: expected x to be float32/],
      [
        () => new nn.GLU().forward(x),
        ShapeError,
        "glu: expected x to have an axis -1 of even size, got [2, 3]",
      ],
      [
        () => new nn.PReLU({ numParameters: 2 }).forward(x),
        ShapeError,
        "prelu: expected weight to be [1] or [3], got [2]",
      ],
      [
        () => new nn.PReLU({ dtype: "int32" }),
        DTypeError,
        "PReLU: expected dtype float32 or float64, got int32",
      ],
      [() => new nn.RReLU(0.5, 0.1), ArgumentError, "RReLU: expected upper to be a number ≥ 0.5, got 0.1"],
      [
        () => new nn.Unflatten(1, [2, 2]).forward(x),
        ShapeError,
        "Unflatten: expected axis 1 of x to have 4 elements for [2, 2], got [2, 3]",
      ],
      [() => new nn.Dropout(1.5), ArgumentError, "Dropout: expected p to be a number ≥ 0 and ≤ 1, got 1.5"],
      [() => new nn.Dropout().forward(integers), DTypeError, /^Dropout: expected x to be float32/],
      [
        () => new nn.AlphaDropout(-1),
        ArgumentError,
        "AlphaDropout: expected p to be a number ≥ 0 and ≤ 1, got -1",
      ],
      [() => new nn.LayerNorm(4).forward(x), ShapeError, "LayerNorm: expected x [..., 4], got [2, 3]"],
      [() => new nn.LayerNorm(3).forward(x64), DTypeError, /float64 but/],
      [() => new nn.RMSNorm([2, 4]).forward(x), ShapeError, "RMSNorm: expected x [..., 2, 4], got [2, 3]"],
      [
        () => new nn.GroupNorm(2, 3),
        ArgumentError,
        "GroupNorm: expected a number of groups that divides 3 channels, got 2",
      ],
      [() => new nn.GroupNorm(1, 4).forward(x), ShapeError, "GroupNorm: expected x [B, 4, ...], got [2, 3]"],
      [
        () => new nn.BatchNorm1d(4).forward(x),
        ShapeError,
        "BatchNorm1d: expected x [B, 4] or [B, 4, L], got [2, 3]",
      ],
      [
        () => new nn.BatchNorm1d(3).forward(ones([1, 3])),
        ArgumentError,
        "BatchNorm1d: expected more than one value for each feature in training, got x [1, 3]",
      ],
      [
        () => new nn.Bilinear(2, 3, 4).forward(x, x),
        ShapeError,
        "Bilinear: expected inputs [..., 2] and [..., 3], got [2, 3] and [2, 3]",
      ],
      [
        () => new nn.Embedding(3, 2, { paddingIdx: 3 }),
        ArgumentError,
        /^Embedding: expected paddingIdx to be a whole number ≥ 0 and < 3, got 3$/,
      ],
      [
        () => new nn.Embedding(2, 2).forward(integers),
        IndexError,
        /^indexSelect: index 2 at position 2 is outside \[0, 2\)$/,
      ],
      [
        () => new nn.Embedding(2, 2).forward(x),
        DTypeError,
        "Embedding: expected index to be int32, got float32",
      ],
      [
        () => new nn.CosineSimilarity().forward(x, x64),
        DTypeError,
        /^CosineSimilarity: a is float32 but b is float64/,
      ],
      [
        () => new nn.PairwiseDistance({ keepdim: bad(1) }),
        ArgumentError,
        "PairwiseDistance: expected keepdim to be true or false, got 1",
      ],
      [
        () => new nn.PairwiseDistance().forward(zeros([]), x),
        ShapeError,
        "PairwiseDistance: expected vectors [..., D], got [] and [2, 3]",
      ],
      [() => new nn.Buffer(bad(1)), ArgumentError, "Buffer: expected value to be a tensor, got 1"],
      [
        () => {
          new nn.ReLU().training = bad(1);
        },
        ArgumentError,
        "Module: expected training to be true or false, got 1",
      ],
    ],
    kept,
  );
});

describe("costs", () => {
  testErrors(
    [
      [() => cost.mse(bad(1), x), ArgumentError, "mse: expected y to be a tensor, got 1"],
      [() => cost.mse(integers, integers), DTypeError, "mse: expected y to be float32 or float64, got int32"],
      [() => cost.mse(x, x64), DTypeError, "mse: expected target to be float32 as y is, got float64"],
      [() => cost.mse(x, ones([3])), ShapeError, "mse: expected target to be [2, 3] as y is, got [3]"],
      [
        () => cost.mse(x, x, { reduction: bad("avg") }),
        ArgumentError,
        /^mse: expected reduction to be one of/,
      ],
      [
        () => cost.mse(x, x, bad({ redction: "sum" })),
        OptionError,
        'mse: unknown option "redction"; did you mean "reduction"?',
      ],
      [
        () => cost.huber(x, x, { delta: 0 }),
        ArgumentError,
        "huber: expected delta to be a number > 0, got 0",
      ],
      [
        () => cost.mse(zeros([0]), zeros([0])),
        ShapeError,
        "mse: expected at least one sample to average over, got none",
      ],
      [
        () => cost.nll(x, tensor([0, 3], { dtype: "int32" })),
        IndexError,
        "nll: label 3 at position 1 is outside [0, 3)",
      ],
      [
        () => cost.nll(x, labels, { weight: ones([2]) }),
        ShapeError,
        "nll: expected weight to be [3], got [2]",
      ],
      [
        () => cost.nll(x, labels, { ignoreIndex: 0.5 }),
        ArgumentError,
        "nll: expected ignoreIndex to be a whole number, got 0.5",
      ],
      [
        () => cost.crossEntropy(x, labels, { labelSmoothing: 1 }),
        ArgumentError,
        "crossEntropy: expected labelSmoothing to be a number ≥ 0 and < 1, got 1",
      ],
      [
        () => cost.crossEntropy(x, labels, { weight: x64 }),
        DTypeError,
        "crossEntropy: expected weight to be float32 as y is, got float64",
      ],
      [() => cost.bce(x, x, { weight: ones([2]) }), ShapeError, /^bce: /],
      [() => cost.gaussianNLL(x, x, ones([3, 1])), ShapeError, /^gaussianNLL: /],
      [
        () => cost.multiMargin(x, labels, { p: bad(3) }),
        ArgumentError,
        "multiMargin: expected p to be 1 or 2, got 3",
      ],
      [
        () => cost.multiLabelMargin(x, labels),
        ShapeError,
        "multiLabelMargin: expected y and target [B, C] or [C], got [2, 3] and [2]",
      ],
      [
        () => cost.cosineEmbedding(x, x, x),
        ShapeError,
        "cosineEmbedding: expected vectors [B, D] and target [B], got [2, 3] and [2, 3]",
      ],
      [
        () => cost.marginRanking(x, ones([3]), x),
        ShapeError,
        "marginRanking: expected b to be [2, 3] as y is, got [3]",
      ],
      [
        () => cost.tripletMargin(x, x, x, { margin: 0 }),
        ArgumentError,
        "tripletMargin: expected margin to be a number > 0, got 0",
      ],
      [
        () => cost.tripletMarginWithDistance(x, x, x, { distance: bad(1) }),
        ArgumentError,
        "tripletMarginWithDistance: expected distance to be a function, got 1",
      ],
    ],
    kept,
  );
});

describe("schedules", () => {
  const opt = (): optim.SGD => new optim.SGD([tensor([1], { requiresGrad: true })], { lr: 0.1 });
  testErrors(
    [
      [
        () => new optim.StepLR(bad(1), { stepSize: 1 }),
        ArgumentError,
        "StepLR: expected optimizer to be an Optimizer, got 1",
      ],
      [
        () => new optim.StepLR(opt(), bad({})),
        ArgumentError,
        "StepLR: expected stepSize to be a whole number ≥ 1, got undefined",
      ],
      [() => new optim.StepLR(opt(), bad({ step: 1 })), OptionError, /^StepLR: unknown option "step"/],
      [
        () => new optim.LambdaLR(opt(), bad(1)),
        ArgumentError,
        "LambdaLR: expected a function of the epoch, or a list of 1, got 1",
      ],
      [
        () => new optim.MultiStepLR(opt(), { milestones: bad(3) }),
        ArgumentError,
        "MultiStepLR: expected milestones to be a list of epochs, got 3",
      ],
      [
        () => new optim.ConstantLR(opt(), { factor: 2 }),
        ArgumentError,
        "ConstantLR: expected factor to be a number > 0 and ≤ 1, got 2",
      ],
      [
        () => new optim.CyclicLR(opt(), { baseLr: 1, maxLr: 0.5 }),
        ArgumentError,
        "CyclicLR: expected maxLr to be a number ≥ 1, got 0.5",
      ],
      [
        () => new optim.OneCycleLR(opt(), { maxLr: 1, totalSteps: 0 }),
        ArgumentError,
        "OneCycleLR: expected totalSteps to be a whole number ≥ 1, got 0",
      ],
      [
        () => {
          const options = { maxLr: 1, totalSteps: 1, cycleMomentum: false };
          const schedule = new optim.OneCycleLR(opt(), options);
          schedule.step();
          schedule.step();
        },
        ArgumentError,
        "OneCycleLR: expected at most 1 steps",
      ],
      [
        () => new optim.ReduceLROnPlateau(opt(), { factor: 1 }),
        ArgumentError,
        "ReduceLROnPlateau: expected factor to be a number ≥ 0 and < 1, got 1",
      ],
      [
        () => new optim.ReduceLROnPlateau(opt()).step(bad(x)),
        ArgumentError,
        "ReduceLROnPlateau: expected a number, got a Tensor",
      ],
      [
        () => new optim.ChainedScheduler([]),
        ArgumentError,
        "ChainedScheduler: expected a list of at least one scheduler, got an array of 0",
      ],
      [
        () => new optim.ChainedScheduler([new optim.ConstantLR(opt()), new optim.ConstantLR(opt())]),
        ArgumentError,
        "ChainedScheduler: expected schedulers of one optimizer",
      ],
      [
        () => new optim.SequentialLR(opt(), [], { milestones: [1] }),
        ArgumentError,
        "SequentialLR: expected 2 schedules for 1 milestones, got an array of 0",
      ],
      [
        () => {
          const schedule = new optim.LambdaLR(opt(), (epoch) => 1 - epoch);
          schedule.step();
          schedule.step();
        },
        ArgumentError,
        "LambdaLR: expected the learning rate to be a number ≥ 0, got -0.1",
      ],
    ],
    kept,
  );
});
