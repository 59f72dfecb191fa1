import { decodeSafetensors, encodeSafetensors } from "../../formats/safetensors.js";
import type { Kind } from "./kind.js";

const HEADER = 8;
const BRACE = 0x7b;

export const safetensors: Kind = {
  extensions: ["safetensors"],
  matches: (bytes) => bytes.length > HEADER && bytes[HEADER] === BRACE,
  inspect(bytes, source) {
    const { arrays, metadata } = decodeSafetensors(bytes, source);
    return { format: "safetensors", facts: metadata, arrays, texts: {}, tables: [] };
  },
  read: (bytes, source) => decodeSafetensors(bytes, source),
  write: ({ arrays, metadata }) => encodeSafetensors(arrays, metadata),
};
