// Models of two inputs and two targets, by name and in lists, with the same numbers, and samples for them.

import { cost, data, manualSeed, nn, ops, optim, randn, type Tensor, tensor } from "../../lib/index.js";

export type Inputs = { readonly image: Tensor; readonly price: Tensor };
export type Outputs = { readonly kind: Tensor; readonly size: Tensor };

/** Two inputs by name, two outputs by name. */
export class Named extends nn.Module<[inputs: Inputs], Outputs> {
  readonly image = new nn.Linear(4, 5);
  readonly price = new nn.Linear(1, 5);
  readonly kind = new nn.Linear(5, 3);
  readonly size = new nn.Linear(5, 1);

  forward({ image, price }: Inputs): Outputs {
    const z = ops.tanh(ops.add(this.image.forward(image), this.price.forward(price)));
    return { kind: this.kind.forward(z), size: this.size.forward(z) };
  }
}

/** The same with lists. */
export class Listed extends nn.Module<[image: Tensor, price: Tensor], readonly [kind: Tensor, size: Tensor]> {
  readonly named = new Named();

  forward(image: Tensor, price: Tensor): readonly [Tensor, Tensor] {
    const { kind, size } = this.named.forward({ image, price });
    return [kind, size];
  }
}

export function named(): Named {
  manualSeed(1);
  return new Named();
}

export function listed(): Listed {
  manualSeed(1);
  return new Listed();
}

export const SAMPLES = 23;

export function samples(count = SAMPLES) {
  manualSeed(3);
  const kinds = Array.from({ length: count }, (_, p) => p % 3);
  return {
    x: { image: randn([count, 4]), price: randn([count, 1]) },
    y: { kind: tensor(kinds, { dtype: "int32" }), size: randn([count, 1]) },
  };
}

export const inLists = ({ x, y }: ReturnType<typeof samples>) => ({
  x: [x.image, x.price] as const,
  y: [y.kind, y.size] as const,
});

export const COSTS = { kind: cost.crossEntropy, size: cost.mse };
export const WEIGHTS = { kind: 0.5, size: 2 };

/** The cost of both targets. */
export const both = (y: Outputs, target: Outputs): Tensor =>
  ops.add(
    ops.mul(cost.crossEntropy(y.kind, target.kind), WEIGHTS.kind),
    ops.mul(cost.mse(y.size, target.size), WEIGHTS.size),
  );

export const newOptimizer = (model: { parameters(): nn.Parameter[] }) =>
  new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });

/** The steps of `fit` without shuffling, written by hand. */
export function trainedByHand(
  model: Named,
  epochs: number,
  batchSize: number,
  options: data.LoaderOptions = {},
): Named {
  const optimizer = newOptimizer(model);
  const loader = new data.DataLoader(samples(), { batchSize, ...options });
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { x, y } of loader) {
      const loss = both(model.forward(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    }
  }
  return model;
}

export const valuesOf = (model: { parameters(): Tensor[] }): number[] =>
  model.parameters().flatMap((one) => Array.from(one.data));
