import { openZip } from "../../lib/formats/zip.js";
import { encodeZip } from "../../lib/formats/zip-encode.js";
import { readPyTorch } from "../../lib/interchange/index.js";
import { readsMutatedFiles } from "../formats/hostile.js";
import { bytesOf } from "./files.js";

const filesOf = (...names: string[]) => Object.fromEntries(names.map((name) => [name, bytesOf(name)]));

readsMutatedFiles({
  name: "PyTorch's archives",
  files: filesOf("values.pt", "SGD-CyclicLR.pt", "uint16.pt"),
  read: (bytes) => readPyTorch(bytes),
});

readsMutatedFiles({
  name: "PyTorch's older files",
  files: filesOf("values-older.pth"),
  read: (bytes) => readPyTorch(bytes),
});

/** The entries of an archive, with another pickle. */
const archive = [...openZip("test", bytesOf("values.pt")).values()].map(({ name, read }) => ({
  name,
  bytes: read(),
}));
const isPickle = (name: string): boolean => name.endsWith("/data.pkl");
const withPickle = (pickle: Uint8Array): Uint8Array =>
  new Uint8Array(
    Buffer.concat(
      encodeZip("test", new Map(archive.map(({ name, bytes }) => [name, [isPickle(name) ? pickle : bytes]]))),
    ),
  );

// The CRC-32 of the archive refuses most changes of the pickle: here it is right.
readsMutatedFiles({
  name: "pickles in PyTorch's archives",
  files: { "data.pkl": archive.find(({ name }) => isPickle(name))?.bytes as Uint8Array },
  read: (pickle) => readPyTorch(withPickle(pickle)),
});
