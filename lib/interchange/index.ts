export type { StoredFloat } from "../formats/stored-array.js";
export type { ReadArraysOptions, Tensors } from "./arrays.js";
export { type FlaxTree, type FromFlaxOptions, fromFlax } from "./flax.js";
export { fromKeras } from "./keras.js";
export type { LayerDifference } from "./layers.js";
export {
  encodeNpy,
  encodeNpz,
  type ReadNpyOptions,
  type ReadNpzOptions,
  readNpy,
  readNpz,
  type WriteNpyOptions,
  type WriteNpzOptions,
  writeNpy,
  writeNpz,
} from "./numpy.js";
export type { PyTorchValue } from "./pytorch/plain.js";
export { type ReadPyTorchOptions, readPyTorch } from "./pytorch/read.js";
export { encodePyTorch, type WritePyTorchOptions, writePyTorch } from "./pytorch/write.js";
export {
  encodeSafetensors,
  readSafetensors,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from "./safetensors.js";
