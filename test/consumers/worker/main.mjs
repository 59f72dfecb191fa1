import { isMainThread, Worker } from "node:worker_threads";
import * as thalweg from "thalweg";
import { trainAndPrint } from "./train.mjs";

// The worker and the main thread train at once.
if (isMainThread) new Worker(new URL(import.meta.url));
trainAndPrint(thalweg);
