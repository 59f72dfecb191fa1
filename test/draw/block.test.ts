import { describe, expect, test } from "vitest";
import { type DrawOptions, draw } from "../../lib/draw/index.js";
import { nn, ops, type Tensor, zeros } from "../../lib/index.js";
import { crossings, isWellFormed, named, shown } from "./figures.js";

class Net extends nn.Module {
  m0 = new nn.Linear(6, 5);
  m1 = new nn.Linear(5, 2);
  forward(x: Tensor): Tensor {
    return this.m1.forward(ops.relu(this.m0.forward(x.flatten(1))));
  }
}

class Residual extends nn.Module {
  a = new nn.Linear(4, 4);
  forward(x: Tensor): Tensor {
    return ops.add(x, ops.tanh(this.a.forward(x)));
  }
}

class Siamese extends nn.Module {
  tower = new nn.Linear(3, 2);
  forward(a: Tensor, b: Tensor): Tensor {
    return ops.mul(this.tower.forward(a), this.tower.forward(b));
  }
}

class Tied extends nn.Module {
  first = new nn.Linear(3, 3);
  second = new nn.Linear(3, 3);
  constructor() {
    super();
    Object.assign(this.second, { weight: this.first.weight });
  }
  forward(x: Tensor): Tensor {
    return this.second.forward(this.first.forward(x));
  }
}

class Nested extends nn.Module {
  stem = new nn.Linear(4, 4);
  blocks = new nn.Sequential(new Residual(), new Residual());
  forward(x: Tensor): Tensor {
    return this.blocks.forward(this.stem.forward(x));
  }
}

class Two extends nn.Module<[inputs: { user: Tensor; item: Tensor }], { score: Tensor; rank: Tensor }> {
  u = new nn.Linear(2, 3);
  i = new nn.Linear(4, 3);
  forward({ user, item }: { user: Tensor; item: Tensor }) {
    const [a, b] = [this.u.forward(user), this.i.forward(item)];
    return { score: ops.add(a, b), rank: ops.mul(a, b) };
  }
}

const plain = { states: false } as const;

describe("a block diagram", () => {
  test("shows modules, the ops between them and their shapes, without anything declared", () => {
    const net = shown(draw(new Net(), zeros([1, 2, 3]), plain));
    expect(net.edges).toEqual(["x → reshape", "reshape → m0", "m0 → relu", "relu → m1", "m1 → ȳ"]);
    expect(named(net, "observed")).toEqual(["x"]);
    expect(named(net, "computed")).toEqual(["ȳ"]);
    expect(named(net, "module")).toEqual(["m0", "m1"]);
    expect(net.texts).toEqual(
      expect.arrayContaining(["[1, 2, 3]", "weight [5, 6]", "bias [5]", "Linear", "[1, 5]"]),
    );
  });

  test("has a state before each module", () => {
    const net = shown(draw(new Net(), zeros([1, 2, 3])));
    expect(named(net, "computed")).toEqual(["z₁", "z₂", "ȳ"]);
    expect(net.edges).toEqual(expect.arrayContaining(["reshape → z₁", "z₁ → m0", "relu → z₂", "z₂ → m1"]));
  });

  test("branches where forward does", () => {
    const { edges } = shown(draw(new Residual(), zeros([1, 4]), plain));
    expect([...edges].sort()).toEqual(["a → tanh", "add → ȳ", "tanh → add", "x → a", "x → add"].sort());
  });

  test("draws a module twice that is used twice, and its parameters once", () => {
    const net = shown(draw(new Siamese(), [zeros([1, 3]), zeros([1, 3])], plain));
    expect(named(net, "module")).toEqual(["tower", "tower"]);
    expect(named(net, "observed")).toEqual(["x₁", "x₂"]);
    expect(named(net, "parameter")).toEqual(["tower"]);
    expect(net.edges.filter((edge) => edge === "tower → tower")).toHaveLength(2);
    expect(net.texts.filter((text) => text === "weight [2, 3]")).toHaveLength(1);
  });

  test("draws a weight that two modules share once, and the rest at each", () => {
    const net = shown(draw(new Tied(), zeros([1, 3]), plain));
    expect(named(net, "parameter")).toEqual(["first"]);
    expect(net.edges).toEqual(expect.arrayContaining(["first → first", "first → second"]));
    expect(net.texts.filter((text) => text === "weight [3, 3]")).toHaveLength(1);
    expect(net.texts.filter((text) => text === "bias [3]")).toHaveLength(2);
  });

  test("has a state for each result of a module that gives several", () => {
    class Split extends nn.Module<[x: Tensor], readonly [Tensor, Tensor]> {
      a = new nn.Linear(4, 2);
      b = new nn.Linear(4, 2);
      forward(x: Tensor) {
        return [this.a.forward(x), this.b.forward(x)] as const;
      }
    }
    class Joined extends nn.Module {
      split = new Split();
      forward(x: Tensor): Tensor {
        const [a, b] = this.split.forward(x);
        return ops.sub(ops.mul(a, b), a);
      }
    }
    const net = shown(draw(new Joined(), zeros([1, 4]), { open: 1 }));
    const from = net.edges.filter((edge) => edge.startsWith("split → "));
    expect(from.sort()).toEqual(["split → z₁", "split → z₂"]);
    expect(net.edges).toEqual(expect.arrayContaining(["z₁ → mul", "z₂ → mul", "z₁ → sub"]));
    expect(net.edges).not.toContain("z₂ → sub");
    const { edges } = shown(draw(new Joined(), zeros([1, 4]), { ...plain, open: 1 }));
    expect(edges.filter((edge) => edge === "split → mul")).toHaveLength(2);
  });

  test("leads a skip past a module that gives its input back", () => {
    class Skip extends nn.Module {
      drop = new nn.Dropout(0.5);
      lin = new nn.Linear(4, 4);
      forward(x: Tensor): Tensor {
        return ops.add(x, this.lin.forward(this.drop.forward(x)));
      }
    }
    const { edges } = shown(draw(new Skip(), zeros([1, 4]), plain));
    expect([...edges].sort()).toEqual(["add → ȳ", "drop → lin", "lin → add", "x → add", "x → drop"]);
  });

  test("leads a view of the input past a module that gives its input back", () => {
    class Skip extends nn.Module {
      drop = new nn.Dropout(0.5);
      lin = new nn.Linear(4, 4);
      forward(x: Tensor): Tensor {
        const kept = this.drop.forward(x);
        return ops.add(x.reshape([4]), this.lin.forward(kept).reshape([4]));
      }
    }
    const { edges } = shown(draw(new Skip(), zeros([1, 4]), plain));
    const through = ["lin → reshape", "reshape → add", "x → drop", "drop → lin", "x → reshape"];
    expect(edges).toEqual(expect.arrayContaining(through));
    expect(edges).not.toContain("drop → reshape");
  });

  test("draws an op that is made of others as one, unless it is opened to its ops", () => {
    class Gated extends nn.Module {
      lin = new nn.Linear(2, 2);
      forward(x: Tensor): Tensor {
        return ops.mul(ops.gelu(this.lin.forward(x)), ops.softplus(x).detach());
      }
    }
    const closed = shown(draw(new Gated(), zeros([1, 2]), plain));
    expect(named(closed, "op").sort()).toEqual(["detach", "gelu", "mul", "softplus"]);
    expect(closed.edges).toEqual(expect.arrayContaining(["lin → gelu", "softplus → detach", "detach → mul"]));
    const opened = named(shown(draw(new Gated(), zeros([1, 2]), { ...plain, open: true })), "op");
    expect(opened).toEqual(expect.arrayContaining(["erfc", "log1p", "detach"]));
    expect(opened).not.toContain("gelu");
  });

  test("leaves no symbol in a field that forward sets", () => {
    class Keeping extends nn.Module {
      lin = new nn.Linear(4, 4);
      last: Tensor | null = null;
      forward(x: Tensor): Tensor {
        this.last = this.lin.forward(x);
        return Object.assign(this, { more: ops.relu(this.last) }).more;
      }
    }
    const model = new Keeping();
    draw(model, zeros([1, 4]));
    expect(model.last).toBeNull();
    expect(Object.keys(model)).not.toContain("more");
  });

  test("says how often an op reads one thing", () => {
    class Square extends nn.Module {
      forward(x: Tensor): Tensor {
        return ops.mul(x, x);
      }
    }
    const net = shown(draw(new Square(), zeros([1, 4]), { ...plain, open: true }));
    expect(net.edges).toContain("x → mul");
    expect(net.texts.filter((text) => text.includes("×2"))).toEqual(["×2"]);
  });

  test("names inputs and outputs as forward does", () => {
    const input = [{ user: zeros([1, 2]), item: zeros([1, 4]) }] as const;
    const net = shown(draw(new Two(), input, plain));
    expect(named(net, "observed")).toEqual(["user", "item"]);
    expect(named(net, "computed")).toEqual(["score", "rank"]);
    expect(net.edges).toEqual(expect.arrayContaining(["add → score", "mul → rank", "u → add", "i → mul"]));
  });

  test("opens modules by depth, by name, or all", () => {
    const of = (open: DrawOptions["open"]) => {
      const net = shown(
        draw(new Nested(), zeros([1, 4]), { ...plain, ...(open === undefined ? {} : { open }) }),
      );
      return { modules: named(net, "module"), ops: named(net, "op"), frames: net.frames };
    };
    expect(of(0)).toEqual({ modules: ["Nested"], ops: [], frames: [] });
    expect(of(false)).toEqual(of(0));
    expect(of(1)).toEqual({ modules: ["stem", "blocks"], ops: [], frames: [] });
    expect(of(2)).toEqual({ modules: ["stem", "0", "1"], ops: [], frames: ["blocks"] });
    const whole = {
      modules: ["stem", "a", "a"],
      ops: ["tanh", "add", "tanh", "add"],
      frames: ["blocks", "0", "1"],
    };
    expect(of(undefined)).toEqual(whole);
    expect(of(["blocks.1"])).toEqual({
      modules: ["stem", "a"],
      ops: ["tanh", "add", "addmm", "tanh", "add"],
      frames: ["blocks", "0", "1", "a"],
    });
    expect(of(true).modules).toEqual([]);
  });

  test("shows what only passes its input on", () => {
    const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(6, 2), new nn.Identity());
    const { edges } = shown(draw(net, zeros([1, 2, 3]), plain));
    expect(edges).toEqual(["x → 0", "0 → 1", "1 → 2", "2 → ȳ"]);
  });

  test("leaves the model as it was", () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2), new nn.Dropout());
    const before = JSON.stringify(net);
    draw(net, zeros([3, 2]), { open: true });
    expect(JSON.stringify(net)).toBe(before);
    expect(net.training).toBe(true);
    expect(Object.hasOwn(net, "forward")).toBe(false);
  });

  test("says in words what it shows", () => {
    const { description, title } = draw(new Net(), zeros([1, 2, 3]), { ...plain, direction: "down" });
    expect(title).toBe("Block diagram of Net");
    expect(description).toContain("Data flows from top to bottom.");
    expect(description).toContain("Module m0 (Linear, weight [5, 6], bias [5]) goes to relu.");
  });
});

describe("a picture", () => {
  test("has the same bytes each time, and its own ids", () => {
    const [net, x] = [new Net(), zeros([1, 2, 3])];
    const one = draw(net, x).svg;
    expect(draw(net, x).svg).toBe(one);
    const idsOf = (svg: string) => Array.from(svg.matchAll(/ id="([^"]*)"/g), ([, id]) => id);
    const others = idsOf(draw(new Residual(), zeros([1, 4])).svg);
    expect(idsOf(one).filter((id) => others.includes(id))).toEqual([]);
    expect(new Set(idsOf(one)).size).toBe(idsOf(one).length);
    expect(idsOf(draw(net, x, { id: "mine" }).svg).every((id) => id?.startsWith("mine"))).toBe(true);
  });

  test("escapes hostile names", () => {
    const name = `<script>alert("1")</script>]]>&'\u0000\ud800`;
    class Hostile extends nn.Module {
      [name] = new nn.Linear(2, 2);
      forward(x: Tensor): Tensor {
        return (this[name] as nn.Linear).forward(x);
      }
    }
    const picture = draw(new Hostile(), zeros([1, 2]), { title: name });
    expect(isWellFormed(picture.svg)).toBe(true);
    expect(picture.svg).not.toContain("<script");
    expect(picture.svg).not.toContain("\u0000");
    expect(named(shown(picture), "module")).toEqual([`<script>alert("1")</script>]]>&'\ufffd\ufffd`]);
  });

  test("follows the reader's setting, or is light or dark", () => {
    const of = (theme: DrawOptions["theme"]) => draw(new Net(), zeros([1, 2, 3]), theme ? { theme } : {}).svg;
    expect(of("auto")).toContain("@media screen and (prefers-color-scheme:dark)");
    expect(of("light")).not.toContain("<style");
    expect(of("dark")).not.toContain("#ffffff");
    for (const theme of ["auto", "light", "dark"] as const) expect(isWellFormed(of(theme))).toBe(true);
  });

  test.each(["right", "left", "down", "up"] as const)(
    "keeps its figures apart when it goes %s",
    (direction) => {
      const { svg, width, height } = draw(new Nested(), zeros([1, 4]), { direction });
      const circles = Array.from(svg.matchAll(/<circle[^>]* cx="([^"]*)" cy="([^"]*)"/g), ([, x, y]) => [
        Number(x),
        Number(y),
      ]) as [number, number][];
      const along = circles.map(([x, y]) => ({ right: x, left: -x, down: y, up: -y })[direction]);
      expect(along.length).toBeGreaterThan(3);
      expect(along).toEqual([...along].sort((a, b) => a - b));
      for (const [x, y] of circles) expect(x > 0 && x < width && y > 0 && y < height).toBe(true);
    },
  );

  test("draws 300 nodes, with branches that pass many of them", () => {
    class Dense extends nn.Module {
      layers = new nn.ModuleList(Array.from({ length: 100 }, () => new nn.Linear(2, 2)));
      forward(x: Tensor): Tensor {
        const all = [x];
        for (const layer of this.layers) all.push(ops.tanh(layer.forward(all.at(-1) as Tensor)));
        return ops.concat(all, 1);
      }
    }
    const net = shown(draw(new Dense(), zeros([1, 2])));
    expect(net.figures).toHaveLength(203);
    expect(net.edges.filter((edge) => edge.endsWith("→ concat"))).toHaveLength(101);
  });

  test("draws 100 branches that each pass 100 of 300 nodes", () => {
    class Skips extends nn.Module {
      layers = new nn.ModuleList(Array.from({ length: 200 }, () => new nn.Linear(2, 2)));
      forward(x: Tensor): Tensor {
        const all = [x];
        for (const [i, layer] of [...this.layers].entries()) {
          const z = layer.forward(all.at(-1) as Tensor);
          all.push(i < 100 ? z : ops.add(z, all[i - 100] as Tensor));
        }
        return all.at(-1) as Tensor;
      }
    }
    const net = shown(draw(new Skips(), zeros([1, 2])));
    expect(net.figures).toHaveLength(302);
    expect(net.edges).toHaveLength(401);
  });

  test("draws a sum of 67 branches with hardly a crossing, whatever their order", () => {
    class Branches extends nn.Module {
      layers = new nn.ModuleList(Array.from({ length: 67 }, () => new nn.Linear(2, 2)));
      forward(x: Tensor): Tensor {
        const ends = [...this.layers].map((layer) => layer.forward(x));
        return ends.map((_, i) => ends[(i * 37) % 67] as Tensor).reduce((sum, end) => ops.add(sum, end));
      }
    }
    const [net, x] = [new Branches(), zeros([1, 2])];
    const picture = draw(net, x, plain);
    expect(shown(picture).figures).toHaveLength(135);
    expect(shown(picture).edges).toHaveLength(200);
    // Edges that are led straight past the boxes may cross another.
    expect(crossings(picture)).toBeLessThan(5);
    expect(draw(net, x, plain).svg).toBe(picture.svg);
  });
});
