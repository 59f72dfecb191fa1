// The names that a pickle of PyTorch's may refer to, those of torch/_weights_only_unpickler.py that tensors and plain
// containers need, and what each gives. All others are refused by name.
import { types } from "node:util";
import { DTYPES, STORAGES } from "./storage.js";
import { Refusal } from "./unpickle.js";
import {
  Callable,
  Dict,
  Items,
  kindOf,
  Named,
  StoredStorage,
  StoredTensor,
  Tuple,
  type Value,
} from "./values.js";

/** @throws Refusal for a name that is not known */
export function find(name: string): Value {
  const known = KNOWN.get(name.replace(/^torch\.cuda\.(?=\w+Storage$)/, "torch."));
  if (known !== undefined) return known;
  const reason = REASONS.find(([pattern]) => pattern.test(name))?.[1] ?? UNKNOWN;
  throw new Refusal(`the name ${JSON.stringify(name.slice(0, 100))} is refused: ${reason}`);
}

const STATE_DICT = 'torch.save(model.state_dict(), "model.pt")';
const UNKNOWN = `only names that tensors and plain containers need are known, and no code is run. Of a whole model save the state dict: ${STATE_DICT}`;

/** Why names are refused that users may well have. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /^torch\.nn\.|^torch\.jit\./,
    `the file holds a whole model, which is code. Load it in Python and save its state dict: ${STATE_DICT}`,
  ],
  [/omplex/, "complex numbers are not read"],
  [/^torch\.(Q\w+Storage|q\w+|quint\w+)$|_rebuild_qtensor|^torch\.per_/, "quantized tensors are not read"],
  [/sparse/i, "sparse tensors are not read; save them with to_dense()"],
  [/^torch\.(float\d|bits|u?int\d|.*Storage)/, "elements of this type are not read"],
  [/^numpy\./, "arrays and scalars of NumPy are not read; save them as tensors, or with item() as numbers"],
];

function refuse(what: string, expected: string, value: Value | undefined): never {
  throw new Refusal(
    `expected ${what} to be ${expected}, got ${value === undefined ? "nothing" : kindOf(value)}`,
  );
}

/** Sizes and strides are whole numbers ≥ 0. */
function whole(what: string, value: Value | undefined): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  return refuse(what, "a whole number ≥ 0", value);
}

function wholes(what: string, value: Value | undefined): readonly number[] {
  if (value instanceof Tuple) return value.items.map((one, d) => whole(`${what}[${d}]`, one));
  return refuse(what, "a tuple", value);
}

function truth(what: string, value: Value | undefined): boolean {
  return typeof value === "boolean" ? value : refuse(what, "True or False", value);
}

function tensorOf(
  [storage, offset, size, stride, requiresGrad = false]: readonly Value[],
  metadata: Value | undefined,
  dtype?: string,
): StoredTensor {
  if (!(storage instanceof StoredStorage)) return refuse("storage", "a storage", storage);
  const shape = wholes("size", size);
  const strides = wholes("stride", stride);
  if (shape.length !== strides.length) {
    throw new Refusal(`expected as many strides as sizes, got ${strides.length} and ${shape.length}`);
  }
  if (metadata instanceof Dict && metadata.pairs.length > 0) {
    throw new Refusal("a tensor with a conjugate or negative bit is refused; save it after resolve_neg()");
  }
  return new StoredTensor({
    dtype: dtype ?? storage.view.dtype,
    storage: storage.view,
    offset: whole("storage_offset", offset),
    shape,
    strides,
    requiresGrad: truth("requires_grad", requiresGrad),
  });
}

function parameterOf([data, requiresGrad = true]: readonly Value[]): StoredTensor {
  if (!(data instanceof StoredTensor)) return refuse("data", "a tensor", data);
  return new StoredTensor({ ...data, requiresGrad: truth("requires_grad", requiresGrad) });
}

function dictOf([items]: readonly Value[]): Dict {
  const dict = new Dict();
  if (items instanceof Dict) dict.pairs.push(...items.pairs);
  else if (Array.isArray(items)) {
    for (const pair of items) {
      const two = pair instanceof Tuple ? pair.items : pair;
      if (!Array.isArray(two) || two.length !== 2) return refuse("an item", "a pair", pair);
      dict.pairs.push(two[0] as Value, two[1] as Value);
    }
  } else if (items !== undefined) return refuse("items", "a dict or a list of pairs", items);
  return dict;
}

function setOf([items]: readonly Value[]): Items {
  const set = new Items();
  const given = items instanceof Tuple ? items.items : (items ?? []);
  if (!Array.isArray(given)) return refuse("items", "a list", items);
  for (const item of given) set.items.push(item);
  return set;
}

/** How protocols below 3 write bytes: as text of the characters 0 to 255. */
function bytesOf([source]: readonly Value[]): Uint8Array {
  if (source === undefined) return new Uint8Array(0);
  if (types.isUint8Array(source)) return Uint8Array.from(source);
  if (typeof source !== "string") return refuse("bytes", "text", source);
  const bytes = Buffer.from(source, "latin1");
  if (bytes.toString("latin1") !== source) return refuse("bytes", "text of the characters 0 to 255", source);
  return new Uint8Array(bytes);
}

/** `cuda`, 0 → cuda:0 */
function deviceOf([kind, index]: readonly Value[]): string {
  if (typeof kind !== "string") return refuse("a device", "text", kind);
  return index === undefined || index === null ? kind : `${kind}:${whole("a device's index", index)}`;
}

/** A subclass of Tensor, or a tensor with attributes, which are left out. */
function fromType([make, kind, args]: readonly Value[]): Value {
  if (!(make instanceof Callable)) return refuse("the function", "a known one", make);
  if (kind !== KNOWN.get("torch.Tensor") && kind !== KNOWN.get("torch.nn.parameter.Parameter")) {
    return refuse("the class", "torch.Tensor or torch.nn.Parameter", kind);
  }
  if (!(args instanceof Tuple)) return refuse("args", "a tuple", args);
  return make.apply(args.items);
}

const FUNCTIONS: Readonly<Record<string, (args: readonly Value[]) => Value>> = {
  "collections.OrderedDict": dictOf,
  "collections.Counter": dictOf,
  "builtins.set": setOf,
  "builtins.frozenset": setOf,
  "builtins.bytes": bytesOf,
  "builtins.bytearray": bytesOf,
  "_codecs.encode": bytesOf,
  "torch.Size": ([sizes]) => new Tuple(wholes("size", sizes)),
  "torch.device": deviceOf,
  "torch.serialization._get_layout": ([name]) =>
    typeof name === "string" ? name : refuse("a layout", "text", name),
  "torch._utils._rebuild_tensor": (args) => tensorOf(args.slice(0, 4), undefined),
  "torch._utils._rebuild_tensor_v2": (args) => tensorOf(args, args[6]),
  "torch._utils._rebuild_tensor_v3": (args) => {
    const dtype = args[6];
    if (!(dtype instanceof Named) || !DTYPES.has(dtype.name)) return refuse("dtype", "one", dtype);
    return tensorOf(args, args[7], dtype.name);
  },
  "torch._utils._rebuild_parameter": parameterOf,
  "torch._utils._rebuild_parameter_with_state": parameterOf,
  "torch.nn.parameter.Parameter": parameterOf,
  "torch._tensor._rebuild_from_type_v2": fromType,
};

/** Names that stand for themselves. */
const NAMED = ["torch.Tensor", ...DTYPES.keys(), ...Object.keys(STORAGES)];

const KNOWN: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...Object.entries(FUNCTIONS).map(([name, apply]) => [name, new Callable(name, apply)] as const),
  ...NAMED.map((name) => [name, new Named(name)] as const),
]);
