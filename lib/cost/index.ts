export { crossEntropy } from "./cross-entropy.js";
export { type Cost, type CostDefinition, type CostOptions, defineCost, type Reduction } from "./define.js";
export { squaredError } from "./squared-error.js";
