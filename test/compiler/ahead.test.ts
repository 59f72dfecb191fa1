// With one sample per step, a loop computes the next step's products with the first layer's weights while it updates
// these weights. The results have the same bits as single steps, for any number of threads.
import { afterEach, describe, expect, test } from "vitest";
import {
  backendInfo,
  compile,
  cost,
  Generator,
  IndexError,
  nn,
  type optim as Optim,
  optim,
  setThreads,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";

const SAMPLES = 11;
const order = (steps: number): Int32Array => Int32Array.from({ length: steps }, (_, i) => (i * 7) % SAMPLES);

type Make = (parameters: Tensor[]) => Optim.Optimizer<object>;
const RULES: Readonly<Record<string, Make>> = {
  sgd: (w) => new optim.SGD(w, { lr: 0.05 }),
  "sgd with decay": (w) => new optim.SGD(w, { lr: 0.05, weightDecay: 0.01, maximize: true }),
  momentum: (w) => new optim.SGD(w, { lr: 0.02, momentum: 0.9, nesterov: true }),
  adam: (w) => new optim.Adam(w, { lr: 0.002 }),
  amsgrad: (w) => new optim.Adam(w, { lr: 0.002, amsgrad: true, weightDecay: 0.1 }),
};
const DTYPES = ["float32", "float64"] as const;

interface Training {
  readonly loop: (order: Int32Array) => number[];
  readonly parameters: () => number[];
  readonly explain: () => string;
  readonly y: Tensor;
}

/** A network whose first layer has too many weights for one thread alone. */
function training(
  make: Make,
  dtype: (typeof DTYPES)[number],
  inputs: number,
  hidden: number,
  outputs = 5,
): Training {
  const random = new Generator(3);
  const uniform = (shape: number[], size: number) => random.uniform(shape, { low: -size, high: size, dtype });
  const layers = [
    new nn.Linear(inputs, hidden, { dtype }),
    new nn.ReLU(),
    new nn.Linear(hidden, outputs, { dtype }),
  ] as const;
  for (const layer of [layers[0], layers[2]]) {
    for (const parameter of layer.parameters()) {
      parameter.data.set(uniform([...parameter.shape], 2 / Math.sqrt(inputs)).data);
    }
  }
  const model = new nn.Sequential(...layers);
  const optimizer = make(model.parameters());
  const x = uniform([SAMPLES, inputs], 1);
  const y = tensor(Int32Array.from({ length: SAMPLES }, (_, i) => i % 5));
  const step = compile((input: Tensor, target: Tensor): Tensor => {
    const loss = cost.crossEntropy(model.forward(input), target);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  return {
    loop: (samples) => [...step.loop([x, y], tensor(samples), 1).data],
    explain: () => step.explain(zeros([1, inputs], { dtype }), zeros([1], { dtype: "int32" })),
    parameters: () => model.parameters().flatMap((parameter) => [...parameter.data]),
    y,
  };
}

const CASES = Object.entries(RULES).flatMap(([name, make]) =>
  DTYPES.flatMap((dtype) =>
    [
      [600, 60],
      [333, 41],
      [1024, 17],
      [37, 500],
      // All threads share the rows of the second layer.
      [300, 400, 64],
    ].map(([inputs = 0, hidden = 0, outputs = 5]) => ({ name, make, dtype, inputs, hidden, outputs })),
  ),
);

describe("a loop with one sample per step", () => {
  afterEach(() => setThreads(2));

  test.each(CASES)(
    "gives the same bits as single steps: $name, $dtype, $inputs to $hidden to $outputs",
    (one) => {
      const { make, dtype, inputs, hidden, outputs } = one;
      setThreads(2);
      const whole = training(make, dtype, inputs, hidden, outputs);
      const losses = whole.loop(order(20));
      for (const threads of [1, 2, 3]) {
        setThreads(threads);
        const apart = training(make, dtype, inputs, hidden, outputs);
        const parts = Array.from(order(20), (sample) => apart.loop(Int32Array.of(sample))).flat();
        expect(parts).toEqual(losses);
        expect(apart.parameters()).toEqual(whole.parameters());
        const pieces = training(make, dtype, inputs, hidden, outputs);
        const all = order(20);
        expect([pieces.loop(all.subarray(0, 13)), pieces.loop(all.subarray(13))].flat()).toEqual(losses);
        expect(pieces.parameters()).toEqual(whole.parameters());
      }
    },
  );

  // Another provider of matmul does not compute the products ahead.
  test.runIf(backendInfo().matmul === "own")("is explained", () => {
    setThreads(2);
    const text = training(RULES["adam"] as Make, "float32", 600, 60).explain();
    const [, update, product, weights] =
      /^ {6}instruction (\d+) does instruction (\d+) of the next step in the same pass over (\w+)$/m.exec(
        text,
      ) ?? [];
    const line = (number: string | undefined) =>
      text.split("\n").find((one) => one.trimStart().startsWith(`${number} `));
    expect(line(update)).toContain(`adam (beta1 0.9, beta2 0.999, eps 1e-8): ${weights} [60, 600] by`);
    expect(line(product)).toContain(`matmul(x0 [1, 600], ${weights}ᵀ [60, 600])`);
    // The second layer's update reads the result of the first layer's product. It is still in the same phase as the
    // first layer's update.
    const phases = text.split("\n").filter((one) => /^ +\d+ {2}.*\b(thread \d|each its rows)\b/.test(one));
    const second = /^ +(\d+) .*: w\d+ \[5, 60\] by gradient/m.exec(text)?.[1];
    expect(phases.length).toBe(2);
    expect(phases[1]).toMatch(new RegExp(`thread 0: [^;]*\\b${second}\\b.*each its rows.*: ${update}$`));
  });

  test("learns", () => {
    const { loop } = training(RULES["sgd"] as Make, "float32", 600, 60);
    const losses = loop(order(200));
    expect(losses[0]).toBeGreaterThan(0.5);
    expect(Math.max(...losses.slice(-SAMPLES))).toBeLessThan(0.2 * (losses[0] as number));
  });

  test.each([1, 2])("changes nothing after a step with a wrong label, with %d threads", (threads) => {
    setThreads(threads);
    const [good, bad] = [0, 1].map(() => training(RULES["momentum"] as Make, "float32", 600, 60)) as [
      Training,
      Training,
    ];
    const all = order(9);
    good.loop(all.subarray(0, 8));
    bad.y.data[all[8] as number] = 5;
    expect(() => bad.loop(all)).toThrow(IndexError);
    expect(bad.parameters()).toEqual(good.parameters());
  });
});
