import { describe, expect, test } from "vitest";
import {
  arange,
  averageLoss,
  compile,
  cost,
  fit,
  nn,
  ops,
  optim,
  perSampleLoss,
  type Tensor,
} from "../../lib/index.js";
import { expectClose, expectNumbersClose, fromOracle, type Tolerance } from "../oracle/compare.js";
import { type DescentRow, readDescents, readOptimizers, readTraining } from "../oracle/read.js";

const { problem, rows: early } = readOptimizers();
const rows = [...early, ...readDescents()] as readonly DescentRow[];
type Make = new (parameters: Tensor[], options: object) => optim.Optimizer;
/** What LBFGS calls. */
function lossOf(optimizer: optim.Optimizer, x: Tensor, target: Tensor, w: Tensor, b: Tensor): Tensor {
  const loss = ops.sum(ops.square(ops.sub(ops.tanh(ops.addmm(b, x, w)), target)));
  optimizer.zeroGrad();
  loss.backward();
  return loss;
}

/** What goes on to the next step of the row's schedule. */
function scheduled(row: DescentRow, optimizer: optim.Optimizer): () => void {
  if (row.oneCycle === undefined) return () => {};
  const schedule = new optim.OneCycleLR(optimizer, {
    maxLr: row.oneCycle,
    totalSteps: row.losses.length + 1,
  });
  return () => schedule.step();
}

/** Muon is for matrices alone. */
const trained = ({ optimizer }: DescentRow, w: Tensor, b: Tensor): Tensor[] =>
  optimizer === "Muon" ? [w] : [w, b];
const makers = optim as unknown as Readonly<Record<string, Make>>;
// Fifty steps on: rounding of float32 has grown.
const TOLERANCES: Record<"float64" | "float32", Tolerance> = {
  float64: { rtol: 1e-10, atol: 1e-12 },
  float32: { rtol: 1e-4, atol: 1e-4 },
};
// It learns from differences of gradients, which near the minimum are mostly rounding.
const TOLERANCES_OF_LBFGS: typeof TOLERANCES = {
  float64: { rtol: 1e-7, atol: 1e-9 },
  float32: { rtol: 5e-3, atol: 5e-3 },
};

for (const dtype of ["float64", "float32"] as const) {
  describe(`optimizers follow PyTorch's for 50 steps in ${dtype}`, () => {
    test.each(rows.map((row) => [`${row.optimizer}: ${row.note}`, row] as const))("%s", (_, row) => {
      const x = fromOracle(problem.x, dtype);
      const target = fromOracle(problem.target, dtype);
      const w = fromOracle(problem.parameters.w, dtype, true);
      const b = fromOracle(problem.parameters.b, dtype, true);
      const optimizer = new (makers[row.optimizer] as Make)(trained(row, w, b), row.options);
      const tolerance = (row.optimizer === "LBFGS" ? TOLERANCES_OF_LBFGS : TOLERANCES)[dtype];
      const next = scheduled(row, optimizer);
      const losses: number[] = [];
      let compared = 0;
      for (let step = 1; step <= row.losses.length; step++) {
        const loss = ops.sum(ops.square(ops.sub(ops.tanh(ops.addmm(b, x, w)), target)));
        optimizer.zeroGrad();
        loss.backward();
        if (optimizer instanceof optim.LBFGS) optimizer.step(() => lossOf(optimizer, x, target, w, b));
        else optimizer.step();
        next();
        losses.push(loss.item());
        const after = row.after[String(step)];
        if (after === undefined) continue;
        expectClose(w, after.w, tolerance, `w after step ${step}`);
        expectClose(b, after.b, tolerance, `b after step ${step}`);
        compared++;
      }
      expectNumbersClose(losses, row.losses, tolerance, "losses");
      expect(compared).toBe(Object.keys(row.after).length);
    });
  });
}

describe("compiled, optimizers take the same steps", () => {
  // LBFGS looks at the loss between its steps.
  const compilable = rows.filter(({ optimizer }) => optimizer !== "LBFGS");
  test.each(compilable.map((row) => [`${row.optimizer}: ${row.note}`, row] as const))("%s", (_, row) => {
    const x = fromOracle(problem.x);
    const target = fromOracle(problem.target);
    const [w, b] = [problem.parameters.w, problem.parameters.b].map((value) =>
      fromOracle(value, "float64", true),
    ) as [Tensor, Tensor];
    const optimizer = new (makers[row.optimizer] as Make)(trained(row, w, b), row.options);
    const next = scheduled(row, optimizer);
    let traces = 0;
    const step = compile((input: Tensor, wanted: Tensor) => {
      traces++;
      const loss = ops.sum(ops.square(ops.sub(ops.tanh(ops.addmm(b, input, w)), wanted)));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const losses = row.losses.map(() => {
      const loss = step(x, target).item();
      next();
      return loss;
    });
    expect(traces).toBe(1);
    expectNumbersClose(losses, row.losses, TOLERANCES.float64, "losses");
    const { w: lastW, b: lastB } = row.after["50"] as DescentRow["after"][string];
    expectClose(w, lastW, TOLERANCES.float64, "w");
    expectClose(b, lastB, TOLERANCES.float64, "b");
  });
});

test("the oracle covers every optimizer", () => {
  const covered = new Set(rows.map(({ optimizer }) => optimizer));
  const own = Object.entries(optim).flatMap(([name, value]) =>
    (value as { prototype?: unknown }).prototype instanceof optim.Optimizer ? [name] : [],
  );
  // Descent with a matrix is not PyTorch's: gradient-descent.test.ts.
  expect(own.filter((name) => !covered.has(name))).toEqual(["GradientDescent"]);
  expect(own.length).toBeGreaterThan(12);
});

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
  const tolerance: Tolerance = dtype === "float64" ? TOLERANCES.float64 : { rtol: 1e-3, atol: 1e-4 };

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
