// A short training: exits with 1 unless a network learns exclusive or. Its argument is a number of threads.
import process from "node:process";
import { backendInfo, cost, manualSeed, nn, optim, setThreads, tensor } from "thalweg";

const [wanted] = process.argv.slice(2);
if (wanted !== undefined) setThreads(Number(wanted));
manualSeed(1);
const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 2));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const y = tensor([0, 1, 1, 0], { dtype: "int32" });
const losses = Array.from({ length: 200 }, () => {
  const loss = cost.crossEntropy(model.forward(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss.item();
});
const { isa, threads } = backendInfo();
const where = `${process.version} ${process.platform} ${process.arch} ${isa} ${threads} threads`;
console.log(`${where}: loss ${losses[0]} to ${losses.at(-1)}`);
if (!(losses.at(-1) < 0.01)) process.exit(1);
