// The training that each consumer does: XOR, by hand and then by `fit` on the engine's own thread. Its numbers are the
// same wherever it runs. The harness puts this file beside each fixture, and as CommonJS under the name train.cjs.

export async function train({ cost, fit, fromTypedArray, manualSeed, nn, optim, tensor }) {
  manualSeed(1);
  const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2));
  const x = fromTypedArray(new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), [4, 2]);
  const y = tensor(new Int32Array([0, 1, 1, 0]));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
  const losses = [];
  for (let step = 0; step < 50; step++) {
    const loss = cost.crossEntropy(model.forward(x), y);
    losses.push(loss.item());
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
  await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 50, batchSize: 2 });
  const fitted = cost.crossEntropy(model.forward(x), y).item();
  return { first: losses[0], last: losses.at(-1), fitted };
}

/** Trains, and prints the losses in the one line that the harness looks for. */
export async function trainAndPrint(thalweg) {
  console.log(JSON.stringify(await train(thalweg)));
}
