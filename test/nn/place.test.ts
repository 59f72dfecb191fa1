// An error within a model says which of its modules it comes from, and stays what it was.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  cost,
  DTypeError,
  fit,
  jacobians,
  nn,
  ones,
  ops,
  optim,
  predict,
  ShapeError,
  type Tensor,
  type ThalwegError,
  tensor,
} from "../../lib/index.js";

class Encoder extends nn.Module {
  readonly fc1 = new nn.Linear(3, 4);
  readonly fc2 = new nn.Linear(2, 2);
  forward(x: Tensor): Tensor {
    return this.fc2.forward(ops.relu(this.fc1.forward(x)));
  }
}

class Net extends nn.Module {
  constructor(readonly encoder: nn.Module) {
    super();
  }
  forward(x: Tensor): Tensor {
    return this.encoder.forward(x);
  }
}

const x = ones([5, 3]);
const y = ones([5, 2]);
const message = "Net.encoder.fc2 (Linear): expected x [..., 2], got [5, 4]";

async function errorOf(run: () => unknown): Promise<ThalwegError> {
  try {
    await run();
  } catch (error) {
    return error as ThalwegError;
  }
  throw new Error("nothing was thrown");
}

describe("the place of an error", () => {
  const model = new Net(new Encoder());
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const compiled = compile((input: Tensor) => model.forward(input));

  test.each<[string, () => unknown]>([
    ["op by op", () => model.forward(x)],
    ["in a compiled function", () => compiled(x)],
    ["in fit", () => fit(model, { data: { x, y }, cost: cost.mse, optimizer, epochs: 1 })],
    ["in predict", () => predict(model, x)],
    ["in Jacobians", () => jacobians(model, x)],
    [
      "under hooks",
      () => {
        const hooked = new Net(new Encoder());
        for (const [, module] of hooked.namedModules()) module.registerForwardHook(() => undefined);
        return hooked.forward(x);
      },
    ],
    ["in a copy", () => model.clone().forward(x)],
  ])("is said %s", async (_, run) => {
    for (let i = 0; i < 2; i++) {
      const error = await errorOf(run);
      expect(error).toBeInstanceOf(ShapeError);
      expect([error.name, error.code, error.message]).toEqual(["ShapeError", "ERR_SHAPE", message]);
      expect(error.stack).toContain(message);
      expect(error.stack).toContain("place.test.ts");
    }
  });

  test("is not said of a module by itself", async () => {
    const error = await errorOf(() => new nn.Linear(2, 2).forward(x));
    expect(error.message).toBe("Linear: expected x [..., 2], got [5, 3]");
  });

  test("names the op where one of its inputs is wrong", async () => {
    class Scale extends nn.Module {
      readonly gain = new nn.Parameter(ones([4]));
      forward(input: Tensor): Tensor {
        return ops.mul(input, this.gain);
      }
    }
    const error = await errorOf(() => new nn.Sequential(new nn.Identity(), new Scale()).forward(x));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toMatch(/^Sequential\.1 \(Scale\): mul: /);
  });

  test("is the innermost module's that can be named, and its own names after it", async () => {
    class Hidden extends nn.Module {
      readonly parts = [new nn.Sequential(new nn.ReLU(), new nn.Linear(2, 2))];
      forward(input: Tensor): Tensor {
        return this.parts.reduce((z, part) => part.forward(z), input);
      }
    }
    const error = await errorOf(() => new Net(new nn.Sequential(new Hidden())).forward(x));
    expect(error.message).toBe(
      "Net.encoder.0 (Hidden): Sequential.1 (Linear): expected x [..., 2], got [5, 3]",
    );
  });

  test("is found where modules inherit and call the forward above", async () => {
    class Wide extends nn.Linear {
      constructor() {
        super(2, 2);
      }
      override forward(input: Tensor): Tensor {
        return super.forward(input);
      }
    }
    class Same extends Wide {}
    expect((await errorOf(() => new Net(new Wide()).forward(x))).message).toMatch(/^Net\.encoder \(Wide\): /);
    expect((await errorOf(() => new Net(new Same()).forward(x))).message).toMatch(/^Net\.encoder \(Same\): /);
  });

  test("goes around a forward that is a field", async () => {
    class Field extends nn.Module {
      readonly layer = new nn.Linear(2, 2);
      override forward = (input: Tensor): Tensor => this.layer.forward(input);
    }
    const error = await errorOf(() => new Net(new Field()).forward(x));
    expect(error.message).toBe("Net.encoder.layer (Linear): expected x [..., 2], got [5, 3]");
  });

  test("leaves errors alone that are not the library's", async () => {
    const own = new TypeError("mine");
    class Failing extends nn.Module {
      forward(): Tensor {
        throw own;
      }
    }
    expect(await errorOf(() => new Net(new Failing()).forward(x))).toBe(own);
    expect(own.message).toBe("mine");
  });

  test("is said of a batch of one before batch normalisation", async () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.BatchNorm1d(2));
    const error = await errorOf(() => model.forward(ones([1, 3])));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe(
      "Sequential.1 (BatchNorm1d): expected more than one value for each feature in training, got x [1, 2]",
    );
  });

  test("is said where a module is given or gives no tensor", async () => {
    class Nothing extends nn.Module {
      forward(): Tensor {
        return undefined as never;
      }
    }
    const model = new nn.Sequential(new Nothing(), new nn.ReLU());
    expect((await errorOf(() => new Net(model).forward(x))).message).toBe(
      "Net.encoder (Sequential): expected the output of module 0 to be a tensor, got undefined",
    );
    expect((await errorOf(() => new Net(model).forward(null as never))).message).toBe(
      "Net.encoder (Sequential): expected x to be a tensor, got null",
    );
    expect((await errorOf(() => new nn.Sequential().forward([] as never))).message).toBe(
      "Sequential: expected x to be a tensor, got an array of 0",
    );
  });

  test("is said of another dtype", async () => {
    const error = await errorOf(() =>
      new nn.Sequential(new nn.Linear(1, 1)).forward(tensor([[1]], { dtype: "int32" })),
    );
    expect(error).toBeInstanceOf(DTypeError);
    expect(error.message).toBe(
      "Sequential.0 (Linear): expected x to be float32 as the weights are, got int32",
    );
  });
});
