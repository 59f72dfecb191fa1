import { ArgumentError } from "../../errors.js";
import { toTensor } from "../../formats/convert.js";
import { isStoredFloat } from "../../formats/stored-array.js";
import { isArchive } from "../../interchange/pytorch/archive.js";
import { readFlat } from "../../interchange/pytorch/flat.js";
import { isLegacy } from "../../interchange/pytorch/legacy.js";
import { encodePyTorch } from "../../interchange/pytorch/write.js";
import type { Kind } from "./kind.js";
import { zipNames } from "./zip-names.js";

const PICKLE = /(^|\/)data\.pkl$/;

// More values than these are a table of their own in no file that a person reads.
const MOST_FACTS = 200;

export const pytorch: Kind = {
  extensions: ["pt", "pth", "bin"],
  matches: (bytes) => zipNames(bytes).some((name) => PICKLE.test(name)) || isLegacy(bytes),
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
    const floats = new Set(Array.from(arrays.values(), ({ dtype }) => dtype).filter(isStoredFloat));
    const [half] = [...floats].filter((dtype) => dtype === "float16" || dtype === "bfloat16");
    if (half !== undefined && floats.size > 1) {
      throw new ArgumentError(
        `convert: a .pt file gets floats of one dtype here, got ${[...floats].join(" and ")}; --dtype chooses one`,
      );
    }
    const tensors = Array.from(arrays, ([name, array]) => [name, toTensor("convert", name, array)] as const);
    return [encodePyTorch(Object.fromEntries(tensors), half === undefined ? {} : { dtype: half })];
  },
};
