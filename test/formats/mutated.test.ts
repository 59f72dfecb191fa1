import { toTensor } from "../../lib/formats/convert.js";
import { decodeNpy } from "../../lib/formats/npy.js";
import { decodeNpz, encodeNpz } from "../../lib/formats/npz.js";
import { decodeSafetensors } from "../../lib/formats/safetensors.js";
import type { StoredArray } from "../../lib/formats/stored-array.js";
import { openZip } from "../../lib/formats/zip.js";
import { encodeZip } from "../../lib/formats/zip-encode.js";
import oracle from "../oracle/formats.json" with { type: "json" };
import { readsMutatedFiles } from "./hostile.js";

const filesOf = (list: readonly { readonly name: string; readonly file: string }[]) =>
  Object.fromEntries(list.map(({ name, file }) => [name, new Uint8Array(Buffer.from(file, "base64"))]));

const toTensors = (arrays: ReadonlyMap<string, StoredArray>) => {
  for (const [name, array] of arrays) toTensor("load", name, array);
};

/** A zip file with one file. */
const zipped = (name: string, bytes: Uint8Array) =>
  new Uint8Array(Buffer.concat(encodeZip("save", new Map([[name, [bytes]]]), { compressed: true })));

const npys = filesOf(oracle.npy);
const npzs = filesOf(oracle.npz);
const large = { dtype: "uint32", shape: [70_000], bytes: new Uint8Array(280_000) } as const;

readsMutatedFiles({
  name: "safetensors",
  files: filesOf(oracle.safetensors),
  read: (bytes) => toTensors(decodeSafetensors(bytes).arrays),
});

readsMutatedFiles({
  name: "npy",
  files: npys,
  read: (bytes) => toTensor("load", "a", decodeNpy(bytes)),
});

readsMutatedFiles({
  name: "npz",
  marks: ["PK"],
  files: {
    ...npzs,
    "one of zeros": new Uint8Array(
      Buffer.concat(encodeNpz("save", new Map([["a", large]]), { compressed: true })),
    ),
  },
  read: (bytes) => toTensors(decodeNpz(bytes).arrays),
});

// The CRC-32 of a zip file refuses most changes of its contents: here it is right.
readsMutatedFiles({
  name: "npy in a zip file",
  files: npys,
  read: (bytes) => toTensors(decodeNpz(zipped("a.npy", bytes)).arrays),
});

readsMutatedFiles({
  name: "zip",
  marks: ["PK"],
  files: { ...npzs, nested: zipped("folder/a.zip", zipped("b", new Uint8Array(1000))) },
  read: (bytes) => {
    for (const entry of openZip("load", bytes).values()) entry.read();
  },
});
