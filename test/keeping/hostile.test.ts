// Files of models that lie: about sizes, classes, what is the same as what.
import process from "node:process";
import { describe, expect, test } from "vitest";
import { toStored } from "../../lib/formats/convert.js";
import { encodeSafetensors } from "../../lib/formats/safetensors.js";
import {
  DataError,
  deserialize,
  deserializeTensors,
  fromJSON,
  nn,
  registerClass,
  serialize,
  type Tensor,
  ThalwegError,
  toJSON,
} from "../../lib/index.js";
import { Dice } from "../errors/hostile.js";
import { readsMutatedFiles } from "../formats/hostile.js";
import { moduleCases } from "../oracle/nets.js";

const CALLS = Number(process.env["THALWEG_FUZZ_CALLS"] ?? 500);

class Wide extends nn.Module {
  readonly layer: nn.Linear;
  constructor(readonly options: { width: number }) {
    super();
    this.layer = new nn.Linear(options.width, options.width);
  }
  forward(x: Tensor): Tensor {
    return this.layer.forward(x);
  }
}
registerClass("Wide", Wide, { options: ({ options }) => options });

/** A file with the tensors of a model and another description. */
function described(description: unknown, model: nn.Module = new nn.Linear(2, 1)): Uint8Array {
  const arrays = new Map(Object.entries(model.stateDict()).map(([name, w]) => [name, toStored(w)]));
  const text = typeof description === "string" ? description : JSON.stringify(description);
  return new Uint8Array(Buffer.concat(encodeSafetensors(arrays, { thalweg: text })));
}

const HEAD = { format: "thalweg", version: 1 };
const LINEAR = { ...HEAD, class: "Linear", options: { inFeatures: 2, outFeatures: 1 } };
let deep: unknown = { class: "Tanh" };
for (let i = 0; i < 500; i++) deep = { class: "Sequential", options: { modules: [{ $module: deep }] } };
const nested = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;

const lies: Readonly<Record<string, readonly [description: unknown, message: string | RegExp]>> = {
  "what is no JSON": ["{", "is not JSON"],
  "no object": [[], "expected a description, got an array of 0"],
  "another version": [
    { ...LINEAR, version: 2 },
    'expected format "thalweg", version 1, got "thalweg", version 2',
  ],
  "a layer larger than the file": [
    { ...HEAD, class: "Linear", options: { inFeatures: 1e9, outFeatures: 1e9 } },
    "has more than 2^53 elements",
  ],
  "a layer somewhat larger than the file": [
    { ...HEAD, class: "Linear", options: { inFeatures: 1e4, outFeatures: 1e4 } },
    "100000000 elements of float32 are more than the arrays of the file warrant",
  ],
  "many layers larger than the file": [
    {
      ...HEAD,
      class: "Sequential",
      options: {
        modules: Array.from({ length: 1000 }, () => ({
          $module: { class: "Linear", options: { inFeatures: 300, outFeatures: 300 } },
        })),
      },
    },
    "are more than the arrays of the file warrant",
  ],
  "a registered class larger than the file": [
    { ...HEAD, class: "Wide", options: { width: 1e5 } },
    "are more than the arrays of the file warrant",
  ],
  "a layer of another shape": [
    { ...LINEAR, options: { inFeatures: 1, outFeatures: 2 } },
    "its tensors are not those of the model that it describes: weight: expected shape [2, 1], got [1, 2]",
  ],
  "a layer of other names": [{ ...HEAD, class: "Tanh" }, "missing: none; unknown: weight, bias"],
  "an unknown class": [
    { ...HEAD, class: "Nothing" },
    'there is no class "Nothing"; call registerClass("Nothing", Nothing)',
  ],
  "a class that every object has": [{ ...HEAD, class: "__proto__" }, 'there is no class "__proto__"'],
  "no class": [HEAD, "expected the name of a class, got undefined"],
  "a class that is no text": [{ ...HEAD, class: 1 }, "expected the name of a class"],
  "options that are none": [{ ...LINEAR, options: 3 }, "expected options, got 3"],
  "an option that does not exist": [
    { ...LINEAR, options: { ...LINEAR.options, bia: true } },
    'did you mean "bias"?',
  ],
  "an option of a class without options": [
    { ...HEAD, class: "Tanh", options: { p: 1 } },
    'Tanh has no option "p"',
  ],
  "a number that is a text": [
    { ...LINEAR, options: { inFeatures: "2" } },
    'expected inFeatures to be a whole number ≥ 1, got "2"',
  ],
  "modules that are none": [
    { ...HEAD, class: "Sequential", options: { modules: 3 } },
    "expected modules of a Sequential to be a list",
  ],
  "a constructor that throws": [
    { ...HEAD, class: "Wide", options: { width: null } },
    "a Wide cannot be made",
  ],
  "modules too deep": [{ ...HEAD, ...(deep as object) }, "it is nested more than 200 deep"],
  "values too deep": [
    `{"format":"thalweg","version":1,"class":"Linear","options":{"inFeatures":${nested}}}`,
    "it is nested more than 200 deep",
  ],
  "the same as one after it": [
    { ...HEAD, class: "Sequential", options: { modules: [{ $module: { same: 1 } }] } },
    "expected the number of a module before it, got 1",
  ],
  "the same as itself": [
    { ...HEAD, class: "Sequential", options: { modules: [{ $module: { same: 0 } }] } },
    "expected the number of a module before it, got 0",
  ],
  "a mark that does not exist": [
    { ...LINEAR, options: { inFeatures: { $eval: "1" } } },
    'unknown mark "$eval"',
  ],
  "a number that is none": [
    { ...LINEAR, options: { inFeatures: { $number: "0x10" } } },
    "expected a number that JSON lacks",
  ],
  "a tensor that is not there": [
    { ...HEAD, class: "NearestNeighbor", options: { weight: { $tensor: "other", dtype: "float32" } } },
    'there is no array "other"',
  ],
  "a tensor of no dtype": [
    { ...HEAD, class: "NearestNeighbor", options: { weight: { $tensor: "weight", dtype: "int8" } } },
    'the tensor "weight": dtype: unknown dtype "int8"',
  ],
  "ties to what is not there": [{ ...LINEAR, tied: { bias: "other" } }, '"bias" cannot be tied to "other"'],
  "ties of other shapes": [{ ...LINEAR, tied: { bias: "weight" } }, '"bias" cannot be tied to "weight"'],
  "a frozen parameter that is not there": [
    { ...LINEAR, frozen: ["x"] },
    'there is no parameter "x" to be frozen',
  ],
  "frozen parameters that are no list": [
    { ...LINEAR, frozen: "bias" },
    "expected frozen to be a list of names",
  ],
  "a mode that is none": [{ ...LINEAR, training: 1 }, "expected training to be true or false"],
  "a mode of what is not there": [{ ...LINEAR, otherMode: ["x"] }, 'there is no module "x"'],
};

describe("a description is refused that says", () => {
  test.each(Object.entries(lies))("%s", (_, [description, message]) => {
    const read = (): unknown => deserialize(described(description));
    expect(read).toThrow(DataError);
    expect(read).toThrow(message);
  });
});

test("a description may tie what the file has once", () => {
  const model = deserialize(
    described({ ...HEAD, class: "Linear", options: { inFeatures: 2, outFeatures: 1 } }),
  );
  expect(String(model)).toBe("Linear(inFeatures=2, outFeatures=1, bias=true)");
});

const models = [
  ...moduleCases().map(({ make }) => make()),
  new nn.Sequential(
    new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3)).eval(),
    new nn.Linear(3, 1),
  ),
];
const files = Object.fromEntries(models.map((model, i) => [`${i}`, serialize(model)]));

readsMutatedFiles({
  name: "models",
  files: { ...files, half: serialize(models.at(-1) as nn.Module, { dtype: "float16" }) },
  read: (bytes) => [deserializeTensors(bytes), String(deserialize(bytes))],
});

const VALUES: readonly unknown[] = [
  ...[
    0,
    1,
    -1,
    2,
    0.5,
    1e9,
    2 ** 31,
    2 ** 53,
    1e308,
    null,
    true,
    false,
    "",
    "x",
    "Linear",
    "ReLU",
    "__proto__",
  ],
  ...[
    [],
    {},
    [[]],
    { $module: { class: "Linear", options: { inFeatures: 3, outFeatures: 3 } } },
    { $tensor: "weight", dtype: "float64" },
  ],
  ...[{ same: 0 }, { $number: "NaN" }, { $number: "-Infinity" }, ["0.weight"], { "0.weight": "1.weight" }],
];

/** The value with one of its parts changed. */
function changed(value: unknown, dice: Dice): unknown {
  if (typeof value !== "object" || value === null || dice.below(4) === 0) return dice.of(VALUES);
  const keys = Object.keys(value);
  if (keys.length === 0) return dice.of(VALUES);
  const key = dice.of(keys);
  const part: unknown = Reflect.get(value, key);
  if (Array.isArray(value)) {
    const copy = [...value];
    if (dice.below(5) === 0) copy.splice(Number(key), 1);
    else copy[Number(key)] = changed(part, dice);
    return copy;
  }
  const others = Object.entries(value).filter(([name]) => name !== key);
  if (dice.below(8) === 0) return Object.fromEntries(others);
  const name =
    dice.below(8) === 0
      ? dice.of(["class", "options", "tied", "frozen", "$module", "bias", "__proto__"])
      : key;
  return Object.fromEntries([...others, [name, changed(part, dice)]]);
}

test(`${CALLS} changed descriptions give models or the library's own errors`, () => {
  const dice = new Dice(`descriptions${process.env["THALWEG_FUZZ_SEED"] ?? ""}`);
  let made = 0;
  for (let i = 0; i < CALLS; i++) {
    const { state, ...description } = JSON.parse(JSON.stringify(toJSON(dice.of(models)))) as nn.ModelJSON;
    // Mostly what it is made of.
    const twice = changed(dice.below(2) === 0 ? description : changed(description, dice), dice);
    const other =
      dice.below(4) === 0 ? changed({ ...description, state }, dice) : Object.assign({ state }, twice);
    try {
      String(fromJSON(other));
      made++;
    } catch (error) {
      if (!(error instanceof ThalwegError)) throw new Error(JSON.stringify(other), { cause: error });
    }
  }
  expect(made).toBeGreaterThan(0);
});
