// Modules as text: as PyTorch prints them, with our names.
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { nn, ops, registerClass, type Tensor } from "../../lib/index.js";
import { CASES } from "./cases.js";

/** Arguments that have other names here. */
const NAMES: Readonly<Record<string, string>> = {
  minVal: "low",
  maxVal: "high",
  unflattenedSize: "sizes",
};

/** What PyTorch prints, in JavaScript's spelling. There is nothing done in place here. */
function ours(repr: string): string {
  return repr
    .replace(/(?:, )?inplace=False/g, "")
    .replace(/Threshold\(threshold=/g, "Threshold(limit=")
    .replace(/(\w+)=/g, (_, name: string) => {
      const own = name.replace(/_(\w)/g, (__, letter: string) => letter.toUpperCase());
      return `${NAMES[own] ?? own}=`;
    })
    .replace(/\bTrue\b/g, "true")
    .replace(/\bFalse\b/g, "false")
    .replace(/\bNone\b/g, "null")
    .replace(/'(\w+)'/g, '"$1"')
    .replace(/(?<!\w)\((\d+(?:, \d+)*),?\)(?!:)/g, "[$1]")
    .replace(/(\d)\.0\b/g, "$1")
    .replace(/e-0(\d)/g, "e-$1");
}

const printed = CASES.filter(
  ([, { own, row }]) => !own.torch.startsWith("references.") && row.repr !== `${own.name}()`,
);

test.each(printed)("%s: is printed as PyTorch prints it", (_, { own, row }) => {
  // PyTorch leaves it out.
  const text = String(own.make()).replace(", includeLastOffset=true", "");
  expect(text).toBe(ours(row.repr));
});

test("what PyTorch prints without its arguments is printed with them", () => {
  expect(String(new nn.CosineSimilarity())).toBe("CosineSimilarity(dim=1, eps=1e-8)");
  expect(String(new nn.Tanh())).toBe("Tanh()");
});

class Net extends nn.Module {
  readonly encoder = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
  readonly heads = new nn.ModuleDict({ left: new nn.Linear(3, 1) });
  constructor(readonly width = 3) {
    super();
  }
  forward(x: Tensor): Tensor {
    return ops.relu(x);
  }
}

const NET = `Net(
  (encoder): Sequential(
    (0): Linear(inFeatures=2, outFeatures=3, bias=true)
    (1): ReLU()
  )
  (heads): ModuleDict(
    (left): Linear(inFeatures=3, outFeatures=1, bias=true)
  )
)`;

describe("a class of the user's", () => {
  test("is printed with all that it holds", () => {
    expect(String(new Net())).toBe(NET);
  });

  test("is printed with its arguments where it is registered", () => {
    class Scaled extends nn.Module {
      constructor(
        readonly factor: number,
        readonly inner: nn.Module,
        readonly more: object,
      ) {
        super();
      }
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    registerClass("Scaled", Scaled, { takes: ["factor", "inner", "more"] });
    expect(String(new Scaled(1e-5, new nn.Tanh(), { names: ["a"] }))).toBe(
      'Scaled(\n  factor=1e-5, more={ names: ["a"] }\n  (inner): Tanh()\n)',
    );
  });

  test("may say what is printed of it", () => {
    class Named extends nn.Tanh {
      override extraRepr(): string {
        return "first\nsecond";
      }
    }
    expect(String(new Named())).toBe("Named(\n  first\n  second\n)");
  });

  test("that holds itself is printed all the same", () => {
    const net = Object.assign(new Net(), { self: null as nn.Module | null });
    net.self = net;
    expect(String(net)).toContain("  (self): Net(…)\n");
  });
});

test("a module that stands in several places is printed with what it holds once", () => {
  const [inner, relu] = [new nn.Sequential(new nn.Linear(2, 2)), new nn.ReLU()];
  expect(String(new nn.Sequential(inner, relu, inner, relu))).toBe(
    [
      "Sequential(",
      "  (0): Sequential(",
      "    (0): Linear(inFeatures=2, outFeatures=2, bias=true)",
      "  )",
      "  (1): ReLU()",
      "  (2): Sequential(…)",
      "  (3): ReLU()",
      ")",
    ].join("\n"),
  );
  let deep: nn.Module = new nn.ReLU();
  for (let level = 0; level < 60; level++) deep = new nn.Sequential(deep, deep);
  expect(inspect(deep).split("\n").length).toBe(4 + 3 * 59);
});

test("a class without a name, and one that says nothing, are printed", () => {
  const kinds = [
    class extends nn.Module {
      forward(x: Tensor): Tensor {
        return x;
      }
    },
  ] as const;
  const anonymous = new kinds[0]();
  expect(String(anonymous)).toBe("Module()");
  anonymous.extraRepr = () => undefined as never;
  expect(inspect(anonymous)).toBe("Module()");
});

test("equal modules of a list are printed once", () => {
  const linear = (): nn.Module => new nn.Linear(2, 2);
  expect(String(new nn.ModuleList([linear(), linear(), new nn.Tanh(), linear()]))).toBe(
    [
      "ModuleList(",
      "  (0-1): 2 x Linear(inFeatures=2, outFeatures=2, bias=true)",
      "  (2): Tanh()",
      "  (3): Linear(inFeatures=2, outFeatures=2, bias=true)",
      ")",
    ].join("\n"),
  );
  expect(String(new nn.ModuleList())).toBe("ModuleList()");
});

describe("console.log", () => {
  test("shows what has the class of a module and is none", () => {
    expect(inspect(Object.create(nn.Linear.prototype))).toBe("[Linear]");
    expect(String(Object.create(nn.Linear.prototype))).toBe("[Linear]");
  });

  test("shows a model as text, and its name where it is nested too deep", () => {
    expect(inspect(new Net())).toBe(NET);
    expect(inspect({ model: new nn.Tanh() })).toBe("{ model: Tanh() }");
    expect(inspect({ model: new Net() })).toBe(`{\n  model: ${NET.replaceAll("\n", "\n  ")}\n}`);
    expect(inspect({ model: new Net() }, { depth: 0 })).toBe("{ model: [Net] }");
  });
});
