import { describe, expect, test } from "vitest";
import {
  AnomalyError,
  checkpoint,
  cost,
  detectAnomaly,
  type FitOptions,
  fit,
  Generator,
  manualSeed,
  nn,
  ops,
  optim,
  type Tensor,
} from "../../lib/index.js";
import { defaultGenerator } from "../../lib/random/generator.js";

/** The logarithm of what a layer gives. */
class LogOf extends nn.Module {
  readonly layer = new nn.Linear(2, 2);
  readonly norm = new nn.BatchNorm1d(2);
  forward(x: Tensor): Tensor {
    return this.norm.forward(this.log(x));
  }
  log(x: Tensor): Tensor {
    return ops.log(ops.mul(ops.abs(this.layer.forward(x)), -1));
  }
}

class Log extends nn.Module {
  forward(x: Tensor): Tensor {
    return ops.log(ops.mul(ops.abs(x), -1));
  }
}

const generator = new Generator(1);
const x = generator.normal([24, 2]);
const y = generator.normal([24, 2]);

function failing(model: nn.Module, more: Partial<FitOptions> = {}): Promise<AnomalyError> {
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  const run = fit(model, { data: { x, y }, cost: cost.mse, optimizer, batchSize: 6, epochs: 3, ...more });
  return run.then(
    () => expect.unreachable("it is finite"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(AnomalyError);
      return error as AnomalyError;
    },
  );
}

const linear = (): nn.Linear => new nn.Linear(2, 2);

describe("the layer where a loss that is not finite begins", () => {
  test.each<[string, () => nn.Module, string]>([
    ["a layer of a list", () => new nn.Sequential(linear(), new Log(), linear()), "1 (Log)"],
    [
      "a layer of a layer",
      () => new nn.Sequential(linear(), new nn.Sequential(linear(), new Log())),
      "1.1 (Log)",
    ],
    ["what a module computes itself", () => new nn.Sequential(linear(), new LogOf(), linear()), "1 (LogOf)"],
    ["the model itself", () => new LogOf(), "LogOf"],
  ])("is named: %s", async (_, make, layer) => {
    for (const more of [{}, { accumulate: 2 }, { sampleWeight: Array.from({ length: 24 }, () => 2) }]) {
      const { message, layer: found } = await failing(make(), more);
      expect(found).toBe(layer);
      expect(message).toContain(
        `batch 1 of ${"accumulate" in more ? 2 : 4} (step 1). It begins in ${layer}: what it is given is finite. The weights are`,
      );
    }
  });

  test.each<[string, Partial<FitOptions>, string]>([
    [
      "the cost",
      { cost: (a, b) => cost.mse(ops.log(ops.mul(ops.abs(a), -1)), b) },
      "the cost: the model's outputs are finite",
    ],
    ["augment", { augment: (a) => ops.log(ops.mul(a, 0)) }, "augment"],
  ])("is none where it begins in %s", async (_, more, place) => {
    const { message, layer } = await failing(linear(), more);
    expect(layer).toBeNull();
    expect(message).toContain(`It begins in ${place}. The`);
  });

  test("is told with the parameter that an earlier step made so", async () => {
    const model = new nn.Sequential(linear(), new nn.Tanh(), linear());
    const more: Partial<FitOptions> = {
      onBatch: ({ batch }) => {
        if (batch === 2) (model.parameters()[2] as nn.Parameter).data[1] = Number.NaN;
      },
    };
    const { message, layer } = await failing(model, more);
    expect(layer).toBe("2 (Linear)");
    expect(message).toContain(
      "batch 3 of 4 (step 3). It begins in 2 (Linear): its weight is not finite since",
    );
  });

  test("is found with the numbers that the step drew, of any generator", async () => {
    // Of 16 draws of each step one is above the limit now and then, and then its logarithm is NaN.
    class Noise extends nn.Module {
      readonly own = new Generator(3);
      constructor(readonly limit: number) {
        super();
      }
      forward(z: Tensor): Tensor {
        const noise = this.own.uniform([1, 2]);
        return ops.add(z, ops.mul(ops.log(ops.sub(this.limit, noise)), 1e-3));
      }
    }
    for (const limit of [0.99, 0.95, 0.9]) {
      const make = (): nn.Sequential => {
        manualSeed(2);
        return new nn.Sequential(new nn.Dropout(0.5), linear(), new Noise(limit), linear());
      };
      const augment = (samples: Tensor): Tensor => ops.add(samples, defaultGenerator.normal([2]));
      const { layer, message } = await failing(make(), { augment, epochs: 50 });
      expect(layer).toBe("2 (Noise)");
      const one = await failing(make(), { augment, epochs: 50, onBatch: () => {} });
      expect(one.message).toBe(message);
    }
  });

  test("leaves weights, statistics, generators and the model's functions as they were", async () => {
    const made = (broken: boolean) => {
      manualSeed(4);
      const norm = new nn.BatchNorm1d(2);
      const model = new nn.Sequential(linear(), norm, new nn.Dropout(0.5), ...(broken ? [new Log()] : []));
      return { model, forward: model.forward };
    };
    const { model, forward } = made(true);
    await failing(model, { seed: 0 });
    const state = Object.values(model.stateDict()).map((one) => [...one.data]);
    const drawn = defaultGenerator.getState();
    const expected = made(true);
    expect(state).toEqual(Object.values(expected.model.stateDict()).map((one) => [...one.data]));
    // A training forks the generator once.
    defaultGenerator.uniform([2], { dtype: "float64" });
    expect(drawn).toEqual(defaultGenerator.getState());
    expect(model.forward).toBe(forward);
    for (const [, module] of model.namedModules()) expect(Object.hasOwn(module, "forward")).toBe(false);
    for (const one of model.parameters()) expect(one.grad).toBeNull();
  });

  test("is found through hooks, checkpoint and a forward of the object's own", async () => {
    const model = new nn.Sequential(linear(), linear(), linear());
    const [, hooked, own] = Array.from(model.namedChildren(), ([, child]) => child as nn.Linear) as [
      nn.Linear,
      nn.Linear,
      nn.Linear,
    ];
    const seen: string[] = [];
    hooked.registerForwardHook((_, __, z) => {
      seen.push("hook");
      return ops.log(ops.mul(ops.abs(z), -1));
    });
    const { forward } = own;
    const replaced = (z: Tensor): Tensor => checkpoint((a: Tensor) => ops.tanh(a), forward.call(own, z));
    own.forward = replaced;
    expect((await failing(model)).layer).toBe("1 (Linear)");
    expect(seen).toContain("hook");
    expect(own.forward).toBe(replaced);
  });

  test("is not known of a model that cannot be looked at, and the error is the same", async () => {
    const still = new Log();
    Object.freeze(still);
    const model = new nn.Sequential(linear(), still);
    const { layer, message } = await failing(model);
    expect(layer).toBeNull();
    expect(message).toContain("(step 1). The weights are");
  });
});

describe("a gradient that is not finite with a finite loss", () => {
  test("shows in the next step, with the parameter that it made so", async () => {
    // The slope of the root is infinite at 0.
    const model = linear();
    const own = (a: Tensor): Tensor => ops.sum(ops.sqrt(ops.mul(ops.abs(a), 0)));
    const { message, layer } = await failing(model, { cost: own });
    expect(message).toMatch(
      /\(step 2\)\. It begins in Linear: its weight is not finite since an earlier step\. /,
    );
    expect(layer).toBe("Linear");
  });
});

test("an AnomalyError of detectAnomaly has no layer", async () => {
  const { layer, message } = await detectAnomaly(() => failing(new nn.Sequential(linear(), new Log())));
  expect(message).toMatch(/^detectAnomaly: log gave NaN/);
  expect(layer).toBeNull();
});
