import { data, evaluate, fit, manualSeed, nn, optim } from "thalweg";

manualSeed(0);
const table = await data.readCsv("data/breast_cancer.csv");
const [train, test] = data.split(table, [0.75, 0.25], { stratify: "tumor", seed: 0 });
const schema = data.Schema.learn(train, { target: "tumor" });
const model = new nn.Mlp({ in: schema.size, hidden: 100, out: schema.outputs });
const optimizer = new optim.Adam(model.parameters());
await fit(model, { data: train, schema, optimizer, epochs: 200 });
console.log(await evaluate(model, { data: test, schema, metrics: ["accuracy"] }));
