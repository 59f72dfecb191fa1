export { Bytes, type BytesOptions } from "./bytes.js";
export { Dataset, type Samples } from "./dataset.js";
export { type IdxArray, parseIdx, readIdx } from "./idx.js";
export { DataLoader, type LoaderOptions } from "./loader.js";
