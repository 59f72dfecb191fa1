import { ArgumentError } from "../../errors.js";
import { decodeNpy, encodeNpy } from "../../formats/npy.js";
import { decodeNpz, encodeNpz } from "../../formats/npz.js";
import type { Kind } from "./kind.js";
import { zipNames } from "./zip-names.js";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** The name of the only array of a file that gives it none. */
const ONLY = "array";

export const npy: Kind = {
  extensions: ["npy"],
  matches: (bytes) => MAGIC.every((byte, i) => bytes[i] === byte),
  inspect(bytes, source) {
    const arrays = new Map([[ONLY, decodeNpy(bytes, source)]]);
    return { format: `NumPy ${bytes[6]}.${bytes[7]}`, facts: {}, arrays, texts: {}, tables: [] };
  },
  read: (bytes, source) => ({ arrays: new Map([[ONLY, decodeNpy(bytes, source)]]), metadata: {} }),
  write({ arrays }) {
    const [entry] = arrays;
    if (entry === undefined || arrays.size > 1) {
      throw new ArgumentError(`convert: a .npy file has one array, got ${arrays.size}; .npz has several`);
    }
    return encodeNpy("convert", ...entry);
  },
};

export const npz: Kind = {
  extensions: ["npz"],
  matches(bytes) {
    const names = zipNames(bytes);
    return names.length > 0 && names.every((name) => name.endsWith(".npy"));
  },
  inspect: (bytes, source) => ({
    format: "NumPy archive",
    facts: {},
    arrays: decodeNpz(bytes, source).arrays,
    texts: {},
    tables: [],
  }),
  read: (bytes, source) => decodeNpz(bytes, source),
  write: ({ arrays }) => encodeNpz("convert", arrays),
};
