import { readFile } from "node:fs/promises";
import { compile, cost, data, deserialize, fit, fromJSON, load, loadCheckpoint, loadSync, loadTensors, manualSeed, nn, ones, ops, optim, Predictor, rand, randn, registerClass, save, saveCheckpoint, saveSync, serialize, tensor, type Tensor, zeros } from "thalweg";
import { fromKeras, readNpy, readNpz, readPyTorch, readSafetensors, writeNpy, writeNpz, writePyTorch, writeSafetensors } from "thalweg/interchange";
import { exportOnnx, importOnnx } from "thalweg/onnx";
import { parseEvents, TensorBoard } from "thalweg/tensorboard";
manualSeed(0);
const digits = new nn.Sequential(new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.ReLU(), new nn.Linear(8, 3));

{
  await save(digits.eval(), "digits.safetensors");
  const model = await load("digits.safetensors");
  const x = ones([1, 4]);
  console.log(String(model));
  console.log(String(model.forward(x)) === String(digits.forward(x)), model.training);
}
{
  class Residual extends nn.Module {
    readonly scale: nn.Parameter;
    constructor(
      readonly inner: nn.Module,
      readonly width: number,
    ) {
      super();
      this.scale = new nn.Parameter(ones([width]));
    }
    forward(x: Tensor): Tensor {
      return ops.add(x, ops.mul(this.inner.forward(x), this.scale));
    }
  }

  const model = new Residual(new nn.Linear(4, 4), 4);
  const bytes = serialize(model);
  const filled = deserialize(bytes, new Residual(new nn.Linear(4, 4), 4));
  console.log(filled.stateDict()["inner.bias"]?.toArray().length);

  registerClass("Residual", Residual, { takes: ["inner", "width"] });
  console.log(String(deserialize(serialize(model))));
}
{
  const schema = data.Schema.learn([{ area: 50, rent: 400.5 }, { area: 70, rent: 560.5 }], { target: "rent" });
  const bytes = serialize(new nn.Linear(schema.size, 1), { schema });
  const rents = Predictor.deserialize<number>(bytes);
  console.log(rents.schema.targets, typeof (await rents.predict({ area: 60 })));
}
{
  const torch = { "module.weight": tensor([[1, 2]]), "module.bias": tensor([0, 0]), epoch: tensor(7) };
  saveSync(torch, "torch.safetensors", { metadata: { source: "PyTorch" } });

  const layer = new nn.Linear(2, 1);
  const { tensors, metadata } = await loadTensors("torch.safetensors");
  const rename = (name: string) => name.replace(/^module\./, "");
  console.log(layer.loadStateDict(tensors, { strict: false, rename }), metadata["source"]);
  loadSync("torch.safetensors", layer, { strict: false, rename });
  console.log(layer.weight);
}
{
  const text = JSON.stringify(new nn.PReLU());
  console.log(text);
  console.log(String(fromJSON(JSON.parse(text))));
}
{
  const labels = tensor(Array.from({ length: 40 }, (_, i) => i % 2), { dtype: "int32" });

  /** The same training each time; `more` says how it begins and ends. */
  const train = async (seed: number, more: object): Promise<string> => {
    manualSeed(1);
    const x = randn([40, 3]);
    manualSeed(seed);
    const model = new nn.Sequential(new nn.Linear(3, 8), new nn.Dropout(0.2), new nn.Tanh(), new nn.Linear(8, 2));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    const schedule = new optim.StepLR(optimizer, { stepSize: 2 });
    await fit(model, {
      data: { x, y: labels },
      cost: cost.crossEntropy,
      optimizer,
      epochs: 4,
      batchSize: 8,
      onEpoch: () => schedule.step(),
      // What the callbacks use, besides model and optimizer.
      state: { schedules: [schedule] },
      ...more,
    });
    return JSON.stringify(model.stateDict());
  };

  const whole = await train(2, {});

  const checkpoint = { path: "run.safetensors", every: { steps: 1 } };
  const broken = train(2, {
    checkpoint,
    onCheckpoint: ({ epoch, batch, step }: { epoch: number; batch: number; step: number }) => {
      console.log(`on the device: step ${step}, epoch ${epoch}, mini-batch ${batch}`);
      throw new Error("the machine is switched off");
    },
  });
  await broken.catch((error) => console.log(error.message));

  // Another seed: all that counts is in the checkpoint.
  const resumed = await train(99, { checkpoint, resume: true });
  console.log("the same bits:", resumed === whole);
}
{
  manualSeed(0);
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.LBFGS(model.parameters());
  await saveCheckpoint("by-hand.safetensors", { model, optimizer, extra: { epoch: 3, best: Infinity } });

  const other = new nn.Linear(2, 1);
  const { extra } = await loadCheckpoint("by-hand.safetensors", {
    model: other,
    optimizer: new optim.LBFGS(other.parameters()),
  });
  console.log(extra, other.weight.data[0] === model.weight.data[0]);

  await loadCheckpoint("by-hand.safetensors", {
    model: new nn.Linear(2, 1),
    optimizer: new optim.SGD(other.parameters()),
  }).catch((error) => console.log(error.message));
}
{
  const layer = new nn.Linear(2, 3);
  const options = { dtype: "bfloat16", metadata: { format: "pt" } } as const;
  await writeSafetensors("layer.safetensors", layer.stateDict(), options);
  const { tensors, metadata } = await readSafetensors("layer.safetensors");
  layer.loadStateDict(tensors);
  console.log(Object.keys(tensors), metadata);

  const images = tensor([[0, 0.5], [0.25, 1]]);
  const labels = tensor([3, 1], { dtype: "int32" });
  await writeNpz("digits.npz", { images, labels }, { compressed: true, dtype: { labels: "uint8" } });
  const digits = await readNpz("digits.npz");
  console.log(digits["labels"]?.toArray());

  await writeNpy("images.npy", images, { dtype: "float64" });
  console.log((await readNpy("images.npy")).dtype);
}
{
  const make = () => new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 1));
  const model = make();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: 50 });
  cost.mse(model.forward(tensor([[1, 2]])), tensor([[3]])).backward();
  optimizer.step();
  schedule.step();
  // In Python: run = torch.load("run.pt"); model.load_state_dict(run["model"]); …
  await writePyTorch("run.pt", { model, optimizer, schedule, epoch: 1 });

  // The same for a file that torch.save wrote.
  const run = await readPyTorch<{
    model: nn.StateDict;
    optimizer: optim.TorchOptimizerStateDict;
    schedule: Record<string, unknown>;
    epoch: number;
  }>("run.pt");
  const other = make();
  other.loadStateDict(run.model);
  const resumed = new optim.AdamW(other.parameters());
  resumed.loadStateDict(run.optimizer);
  new optim.CosineAnnealingLR(resumed, { tMax: 1 }).loadStateDict(run.schedule);
  console.log(run.epoch, resumed.lr === optimizer.lr);

  const dense = new nn.Linear(2, 1);
  fromKeras(dense, [tensor([[0.5], [2]]), tensor([1])]); // or await readNpz("weights.npz")
  console.log(dense.forward(tensor([[1, 1]])).toArray());
}
{
  class Classifier extends nn.Module {
    hidden = new nn.Linear(784, 128);
    norm = new nn.BatchNorm1d(128);
    dropout = new nn.Dropout(0.2);
    output = new nn.Linear(128, 10);
    override forward(images: Tensor): Tensor {
      const z = ops.relu(this.norm.forward(this.hidden.forward(images.flatten(1))));
      return ops.softmax(this.output.forward(this.dropout.forward(z)));
    }
  }
  const bytes = exportOnnx(new Classifier(), zeros([1, 28, 28]), {
    path: "classifier.onnx",
    inputNames: ["images"],
    outputNames: ["probabilities"],
  });
  console.log(`${Math.round(bytes.length / 1000)} kB`);
}
{
  manualSeed(0);
  const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 4));
  exportOnnx(net, zeros([1, 4]), { path: "net.onnx" });

  const model = await importOnnx("net.onnx");
  console.log(model.inputs[0]?.shape, Object.keys(model.stateDict()).join(" "));

  const x = rand([64, 4]);
  const labels = ops.argmax(x, { dim: 1 });
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  const step = compile((x: Tensor, labels: Tensor) => {
    optimizer.zeroGrad();
    const loss = cost.crossEntropy(model.forward(x), labels);
    loss.backward();
    optimizer.step();
    return loss;
  });
  model.train();
  const first = step(x, labels).item();
  for (let i = 0; i < 50; i++) step(x, labels);
  console.log(step(x, labels).item() < first / 2);
}
{
  manualSeed(0);
  const x = randn([64, 2]);
  const model = new nn.Linear(2, 1);
  await fit(model, {
    data: { x, y: x.sum({ dim: 1, keepdim: true }) },
    cost: cost.mse,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    epochs: 3,
    tensorBoard: "runs/sum",
  });

  const board = new TensorBoard("runs/by-hand");
  for (let step = 0; step < 3; step++) board.addScalar("loss", 1 / (step + 1), step);
  board.addParameters(model, 3); // histograms of weights and gradients
  board.addImage("noise", rand([28, 28]), 3);
  board.addText("note", "a **first** try", 3);
  board.addHparams({ lr: 0.1, optimizer: "SGD" }, { loss: 0.01 });
  board.addGraph(model, tensor([[1, 2]]));
  await board.close();

  const events = parseEvents(await readFile(board.path));
  const tags = events.flatMap(({ summary }) => summary?.value.map(({ tag }) => tag) ?? []);
  console.log([...new Set(tags)].filter((tag) => !tag.startsWith("_")).join(", "));
}
