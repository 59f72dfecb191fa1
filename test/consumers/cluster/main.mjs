import cluster from "node:cluster";
import process from "node:process";
import * as thalweg from "thalweg";
import { trainAndPrint } from "./train.mjs";

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
  cluster.on("exit", (_, code) => {
    if (code !== 0) process.exitCode = 1;
  });
  trainAndPrint(thalweg);
} else {
  trainAndPrint(thalweg).then(() => cluster.worker.disconnect());
}
