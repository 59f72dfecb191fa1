import { describe, expect, test } from "vitest";
import {
  compile,
  cost,
  grad,
  manualSeed,
  nn,
  noGrad,
  ops,
  optim,
  randn,
  type Tensor,
  tensor,
  vmap,
} from "../../lib/index.js";
import { library, runModule } from "../child.js";

// Large enough that its memory is reused.
const SIZE = 64;

function layers(): nn.Module[] {
  return [
    new nn.Linear(SIZE, SIZE),
    new nn.ReLU(),
    new nn.Linear(SIZE, SIZE),
    new nn.Tanh(),
    new nn.Linear(SIZE, SIZE),
  ];
}

interface Net {
  readonly model: nn.Sequential;
  readonly x: Tensor;
  readonly step: (see?: (loss: Tensor, y: Tensor) => void) => void;
}

function net(
  modules = layers(),
  optimizer = (w: Iterable<nn.Parameter>) => new optim.SGD(w, { lr: 0.1 }),
): Net {
  const model = new nn.Sequential(...modules);
  const descent = optimizer(model.parameters());
  const x = randn([SIZE, SIZE]);
  const step = (see: (loss: Tensor, y: Tensor) => void = () => {}): void => {
    const y = model.forward(x);
    const loss = cost.mse(y, x);
    loss.backward();
    see(loss, y);
    descent.step();
    descent.zeroGrad();
  };
  return { model, x, step };
}

/** Runs more steps, and expects the kept tensors to be unchanged. */
function expectKept({ step }: Net, kept: readonly Tensor[]): void {
  expect(kept.length).toBeGreaterThan(0);
  const before = kept.map((one) => one.data.slice());
  expect(before.every((values) => values.some((value) => value !== 0))).toBe(true);
  for (let i = 0; i < 5; i++) step();
  kept.forEach((one, i) => {
    expect(one.data).toEqual(before[i]);
  });
}

describe("a tensor outside the library keeps its values while later steps reuse the memory of dead results", () => {
  test("gradients, results and the loss", () => {
    const own = net();
    const kept: Tensor[] = [];
    own.step((loss, y) => kept.push(loss, y, ...[...own.model.parameters()].map((w) => w.grad as Tensor)));
    expectKept(own, kept);
  });

  test("gradients in a hook, and the hook's results", () => {
    const own = net();
    const kept: Tensor[] = [];
    const [w] = [...own.model.parameters()] as [nn.Parameter];
    const remove = w.registerHook((dw) => {
      const half = ops.mul(dw, 0.5);
      kept.push(dw, half);
      return half;
    });
    own.step();
    remove();
    expectKept(own, kept);
  });

  test("inputs and results of a layer with a hook", () => {
    const modules = layers();
    const own = net(modules);
    const kept: Tensor[] = [];
    const removes = [
      (modules[2] as nn.Module).registerForwardHook((_, inputs, y) => {
        kept.push(...inputs, y);
      }),
      (modules[2] as nn.Module).registerBackwardHook((_, dx, dy) => {
        kept.push(dx, dy);
      }),
    ];
    own.step();
    for (const remove of removes) remove();
    expect(kept).toHaveLength(4);
    expectKept(own, kept);
  });

  test("inputs and results of a user's layer", () => {
    const kept: Tensor[] = [];
    class Looking extends nn.Linear {
      override forward(x: Tensor): Tensor {
        const y = super.forward(x);
        kept.push(x, y);
        return y;
      }
    }
    const own = net([new nn.Linear(SIZE, SIZE), new nn.ReLU(), new Looking(SIZE, SIZE), new nn.ReLU()]);
    own.step();
    expectKept(own, kept.slice(0, 2));
    noGrad(() => own.model.forward(own.x));
    expectKept(own, kept.slice(-2));
  });

  test("inputs and results of a user's rule", () => {
    const kept: Tensor[] = [];
    const double = ops.defineOp<"x">("double", {
      inputs: ["x"],
      kernel: "add",
      shape: ({ x }) => x,
      params: ({ x }) => [1, x.size, 1, 1],
      buffers: ([x], y) => [x as Tensor, x as Tensor, y],
      vjp: {
        x: ({ dy }) => {
          const dx = ops.mul(dy, 2);
          kept.push(dy, dx);
          return dx;
        },
      },
    });
    class Double extends nn.Module {
      forward(x: Tensor): Tensor {
        return double([x], {});
      }
    }
    const [first, second, ...others] = layers() as [nn.Module, nn.Module, ...nn.Module[]];
    const own = net([first, second, new Double(), ...others]);
    own.step();
    expectKept(own, kept.slice());
  });

  test("gradients that a user's optimizer keeps", () => {
    const kept: Tensor[] = [];
    class Keeping extends optim.SGD {
      protected override update(...given: Parameters<optim.SGD["update"]>): void {
        kept.push(given[1]);
        super.update(...given);
      }
    }
    const own = net(layers(), (w) => new Keeping(w, { lr: 0.1 }));
    own.step();
    expectKept(own, kept.slice());
  });

  test("retained gradients, and gradients of gradients", () => {
    const own = net();
    const kept: Tensor[] = [];
    const y = own.model.forward(own.x);
    y.retainGrad();
    cost.mse(y, own.x).backward({ createGraph: true });
    const grads = [...own.model.parameters()].map((w) => w.grad as Tensor);
    own.model.zeroGrad();
    kept.push(y.grad as Tensor, ...grads);
    ops.sum(ops.square(grads[0] as Tensor)).backward();
    kept.push(...[...own.model.parameters()].flatMap((w) => (w.grad === null ? [] : [w.grad])));
    own.model.zeroGrad();
    expectKept(own, kept);
  });

  test("an earlier gradient that a compiled function drops", () => {
    const own = net();
    const descent = new optim.SGD(own.model.parameters(), { lr: 0.1 });
    const [w] = [...own.model.parameters()] as [nn.Parameter];
    const before = w.data.slice();
    ops.sum(own.model.forward(own.x)).backward();
    compile(() => {
      descent.step();
      descent.zeroGrad();
    })();
    expect(w.data).not.toEqual(before);
  });

  test("results of all samples, under vmap", () => {
    const own = net();
    const y = vmap((x: Tensor) => own.model.forward(x))(own.x);
    cost.mse(y, own.x).backward();
    own.model.zeroGrad();
    expectKept(own, [y]);
  });

  test("gradients of grad(), and a result that two costs share", () => {
    const own = net();
    const g = grad((x: Tensor) => ops.sum(ops.square(own.model.forward(x))))(own.x);
    const y = own.model.forward(own.x);
    cost.mse(y, own.x).backward({ retainGraph: true });
    ops.sum(y).backward();
    expectKept(own, [g, y]);
  });
});

test("steps give the same with Sequential, whose results are reused, as without", () => {
  const losses = [true, false].map((sequential) => {
    manualSeed(3);
    const own = net();
    const [a, , b, , c] = own.model.modules as readonly nn.Linear[] as [
      nn.Linear,
      nn.ReLU,
      nn.Linear,
      nn.Tanh,
      nn.Linear,
    ];
    const plain = (x: Tensor): Tensor => c.forward(ops.tanh(b.forward(ops.relu(a.forward(x)))));
    const optimizer = new optim.Adam(own.model.parameters());
    return Array.from({ length: 20 }, () => {
      const loss = cost.mse(sequential ? own.model.forward(own.x) : plain(own.x), own.x);
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      return loss.item();
    });
  });
  expect(losses[0]).toEqual(losses[1]);
  expect(losses[0]?.at(-1)).toBeLessThan(losses[0]?.[0] as number);
});

test("gradients of several backwards add up", () => {
  const { model, x } = net();
  const w = [...model.parameters()][0] as nn.Parameter;
  const backward = (): void => ops.sum(ops.square(model.forward(x))).backward();
  backward();
  const once = (w.grad as Tensor).data.slice();
  model.zeroGrad();
  for (let i = 0; i < 3; i++) backward();
  expect((w.grad as Tensor).data).toEqual(ops.mul(ops.add(tensor(once), tensor(once)), 1.5).data);
});

test("an eager step allocates little new memory", { timeout: 60_000 }, async () => {
  const source = `
    import { compile, cost, nn, optim, randn } from ${JSON.stringify(library)};
    const model = new nn.Sequential(new nn.Linear(512, 512), new nn.ReLU(), new nn.Linear(512, 512));
    const optimizer = new optim.Adam(model.parameters());
    const x = randn([512, 512]);
    const step = () => {
      const loss = cost.mse(model.forward(x), x);
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
    };
    step();
    step();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 10; i++) step();
    console.log((process.memoryUsage().arrayBuffers - before) / 2 ** 20 / 10);
  `;
  const { code, stdout } = await runModule(source, { args: ["--gc-interval=1000000000"] });
  expect(code).toBe(0);
  // Of nine MiB of results, only the model's result and the results of the cost are new memory.
  expect(Number(stdout)).toBeLessThan(4.5);
});
