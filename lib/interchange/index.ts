export type { ReadArraysOptions, StoredFloat, Tensors } from "./arrays.js";
export {
  encodeNpy,
  encodeNpz,
  type ReadNpzOptions,
  readNpy,
  readNpz,
  type WriteNpyOptions,
  type WriteNpzOptions,
  writeNpy,
  writeNpz,
} from "./numpy.js";
export {
  encodeSafetensors,
  readSafetensors,
  type WriteSafetensorsOptions,
  writeSafetensors,
} from "./safetensors.js";
