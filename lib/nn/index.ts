export { Flatten } from "./flatten.js";
export { Linear, type LinearOptions } from "./linear.js";
export { Module, type StateDict } from "./module.js";
export { NearestNeighbor } from "./nearest-neighbor.js";
export { Parameter } from "./parameter.js";
export { ReLU } from "./relu.js";
export { Sequential } from "./sequential.js";
export { Sigmoid } from "./sigmoid.js";
export { Tanh } from "./tanh.js";
