// The lecture's network learns as PyTorch's, by hand and by fit.
import { describe, expect, test } from "vitest";
import {
  arange,
  averageLoss,
  cost,
  fit,
  nn,
  ops,
  optim,
  perSampleLoss,
  type Tensor,
} from "../../lib/index.js";
import { expectClose, expectNumbersClose, fromOracle, TOLERANCE, type Tolerance } from "../oracle/compare.js";
import { readTraining } from "../oracle/read.js";

const training = readTraining();

function network(dtype: "float32" | "float64"): nn.Sequential {
  const modules = training.network.map(({ module, config }) =>
    module === "Linear"
      ? new nn.Linear(config.inFeatures as number, config.outFeatures as number, { dtype })
      : module === "Flatten"
        ? new nn.Flatten()
        : new nn.ReLU(),
  );
  const model = new nn.Sequential(...modules);
  model.loadStateDict(
    Object.fromEntries(
      Object.entries(training.parameters).map(([name, value]) => [name, fromOracle(value, dtype)]),
    ),
  );
  return model;
}

for (const dtype of ["float64", "float32"] as const) {
  const tolerance: Tolerance = dtype === "float64" ? TOLERANCE.float64 : { rtol: 1e-3, atol: 1e-4 };

  describe(`the lecture's network learns as in PyTorch in ${dtype}`, () => {
    const x = fromOracle(training.x, dtype);
    const target = fromOracle(training.target);

    const expectFinal = async (model: nn.Module): Promise<void> => {
      for (const [name, parameter] of model.namedParameters()) {
        const expected = training.final[name];
        if (expected === undefined) throw new Error(`no final ${name}`);
        expectClose(parameter, expected, tolerance, name);
      }
      expectClose(model.forward(x), training.y, tolerance, "y");
      const samples = { x, y: target };
      expectClose(
        await perSampleLoss(model, cost.crossEntropy, samples, { batchSize: 5 }),
        training.perSampleLoss,
        tolerance,
        "perSampleLoss",
      );
      const average = await averageLoss(model, cost.crossEntropy, samples, { batchSize: 5 });
      expectNumbersClose([average], [training.averageLoss], tolerance, "averageLoss");
    };

    test("by hand, for all 50 steps", async () => {
      const model = network(dtype);
      const optimizer = new optim.SGD(model.parameters(), training.options);
      const samples = training.x.shape[0] as number;
      const losses: number[] = [];
      const rows = (from: Tensor, begin: number, end: number): Tensor =>
        ops.indexSelect(from, 0, fromRange(begin, end));
      for (let step = 0, begin = 0; step < training.losses.length; step++) {
        const end = Math.min(begin + training.batchSize, samples);
        const loss = cost.crossEntropy(model.forward(rows(x, begin, end)), rows(target, begin, end));
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        losses.push(loss.item());
        begin = end === samples ? 0 : end;
      }
      expectNumbersClose(losses, training.losses, tolerance, "losses");
      await expectFinal(model);
    });

    test("by fit, with the mean of each epoch over its samples", async () => {
      const model = network(dtype);
      const optimizer = new optim.SGD(model.parameters(), training.options);
      const { batchSize, epochs } = training;
      const losses: number[] = [];
      const history = await fit(model, {
        data: { x, y: target },
        cost: cost.crossEntropy,
        optimizer,
        epochs: epochs.length,
        batchSize,
        shuffle: false,
        onBatch: ({ loss }) => {
          losses.push(loss);
        },
      });
      const steps = losses.length;
      expect(steps).toBe(epochs.length * Math.ceil((training.x.shape[0] as number) / batchSize));
      expectNumbersClose(losses, training.losses.slice(0, steps), tolerance, "losses");
      expectNumbersClose(
        history.map(({ loss }) => loss),
        [...epochs],
        tolerance,
        "epochs",
      );
    });
  });
}

function fromRange(begin: number, end: number): Tensor {
  return ops.add(arange(end - begin, { dtype: "int32" }), begin);
}
