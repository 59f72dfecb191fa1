export { Adam, type AdamOptions } from "./adam.js";
export { clipGradNorm, clipGradValue } from "./clip.js";
export { Optimizer } from "./optimizer.js";
export { SGD, type SGDOptions } from "./sgd.js";
