import { ArgumentError } from "../../errors.js";
import { toTensor } from "../../formats/convert.js";
import { isArchive } from "../../interchange/pytorch/archive.js";
import { readFlat } from "../../interchange/pytorch/flat.js";
import { isLegacy } from "../../interchange/pytorch/legacy.js";
import { encodePyTorch } from "../../interchange/pytorch/write.js";
import type { Kind } from "./kind.js";

// More values than these are a table of their own in no file that a person reads.
const MOST_FACTS = 200;

export const pytorch: Kind = {
  extensions: ["pt", "pth", "bin"],
  matches: (bytes, path) => (isArchive(bytes) && !path.endsWith(".npz")) || isLegacy(bytes),
  inspect(bytes, source) {
    const { arrays, values } = readFlat(source, bytes);
    const shown = Array.from(values).slice(0, MOST_FACTS);
    const facts = Object.fromEntries(
      shown.map(([name, value]) => [name, typeof value === "bigint" ? String(value) : (value ?? "None")]),
    );
    const left = values.size - shown.length;
    return {
      format: isArchive(bytes) ? "PyTorch archive" : "PyTorch, the form before 1.6",
      facts: left > 0 ? { ...facts, "…": `${left} more values` } : facts,
      arrays,
      texts: {},
      tables: [],
    };
  },
  read: (bytes, source) => ({ arrays: readFlat(source, bytes).arrays, metadata: {} }),
  write({ arrays }) {
    const tensors = Array.from(arrays, ([name, array]) => {
      if (array.dtype === "float16" || array.dtype === "bfloat16") {
        throw new ArgumentError(
          `convert: ${name} is ${array.dtype}, which is not written to .pt here; --dtype float32 widens it`,
        );
      }
      return [name, toTensor("convert", name, array)] as const;
    });
    return [encodePyTorch(Object.fromEntries(tensors))];
  },
};
