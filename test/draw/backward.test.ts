import { describe, expect, test } from "vitest";
import { type DrawOptions, draw } from "../../lib/draw/index.js";
import { shortNumber } from "../../lib/draw/matrix-text.js";
import {
  ArgumentError,
  chain,
  cost,
  defineFunction,
  Generator,
  type GeneratorState,
  grad,
  jvp,
  nn,
  ops,
  rand,
  randn,
  type Tensor,
  tensor,
  zeros,
} from "../../lib/index.js";
import { defaultGenerator } from "../../lib/random/generator.js";
import { isWellFormed, shown } from "./figures.js";

const row = (tensor: Tensor): string =>
  `(${Array.from(tensor.data as Iterable<number>, shortNumber).join(", ")})`;
const rows = (matrix: Tensor, columns: number): string[] => {
  const values = Array.from(matrix.data as Iterable<number>, shortNumber);
  return Array.from(
    { length: values.length / columns },
    (_, i) => `(${values.slice(i * columns, (i + 1) * columns).join(", ")})`,
  );
};

describe("a diagram of what flows back", () => {
  const modules = [new nn.Linear(3, 2), new nn.Tanh(), new nn.Linear(2, 2)] as const;
  const net = new nn.Sequential(...modules);
  const x = tensor([[0.5, -1, 2]]);
  const target = tensor([[1, 0]]);

  test("has the gradients and Jacobians of the chain rule", () => {
    const picture = draw(net, x, { style: "backward", cost: cost.mse, target });
    const { texts } = shown(picture);
    const { links, cost: c } = chain(modules, x, (y) => cost.mse(y, target));
    for (const { state, jacobians } of links) {
      expect(texts).toContain(`= ${row(state)}`);
      const [f] = [state.size];
      for (const line of rows(jacobians.state, f)) expect(texts).toContain(line);
    }
    const weight = links[2]?.jacobians.weights["weight"] as Tensor;
    for (const line of rows(weight, 4)) expect(texts).toContain(line);
    expect(texts).toContain(`= ${shortNumber(c.item())}`);
    expect(texts).toContain("∂C/∂z₁ = ∂C/∂z₂ · ∂z₂/∂z₁");
    expect(texts).toContain("[1 × 3] = [1 × 2]·[2 × 3]");
    expect(isWellFormed(picture.svg)).toBe(true);
  });

  test("adds up the gradients of branches", () => {
    class Residual extends nn.Module {
      a = new nn.Linear(2, 2);
      forward(z: Tensor): Tensor {
        return ops.add(z, ops.tanh(this.a.forward(z)));
      }
    }
    const model = new Residual();
    const z = tensor([[0.3, -0.7]]);
    const of = (y: Tensor) => ops.sum(ops.square(y));
    const { texts } = shown(draw(model, z, { style: "backward", cost: of }));
    expect(texts).toContain(`= ${row(grad((v: Tensor) => of(model.forward(v)))(z))}`);
    expect(texts).toContain("∂C/∂x += ∂C/∂ȳ · ∂ȳ/∂x");
  });

  describe("with several costs", () => {
    class Heads extends nn.Module<[x: Tensor], { a: Tensor; b: Tensor }> {
      body = new nn.Linear(2, 2);
      forward(z: Tensor) {
        const h = ops.tanh(this.body.forward(z));
        return { a: ops.square(h), b: ops.exp(h) };
      }
    }
    const model = new Heads();
    const z = tensor([[0.3, -0.7]]);
    const target = { a: tensor([[1, 0]]), b: tensor([[0, 1]]) };
    const costs = { a: cost.mse, b: cost.l1 };
    const total = (a: number, b: number) => (v: Tensor) => {
      const y = model.forward(v);
      return ops.add(ops.mul(cost.mse(y.a, target.a), a), ops.mul(cost.l1(y.b, target.b), b));
    };

    test("adds them and their gradients up by their weights", () => {
      const costWeights = { a: 2, b: 0.5 };
      const ds = tensor([[0.1, -0.2]]);
      const picture = draw(model, z, {
        style: "backward",
        cost: costs,
        target,
        costWeights,
        perturbation: ds,
      });
      const { texts, edges, figures } = shown(picture);
      const of = total(2, 0.5);
      const [, dc] = jvp(of, [z], [ds]);
      expect(figures).toContainEqual(expect.objectContaining({ kind: "sum", name: "C" }));
      expect(edges).toEqual(expect.arrayContaining(["a → C₁", "b → C₂", "C₁ → C", "C₂ → C"]));
      expect(texts).toContain("= 2·C₁ + 0.5·C₂");
      expect(texts).toContain(`= ${shortNumber(of(z).item())}`);
      expect(texts).toContain(`= ${row(grad(of)(z))}`);
      expect(texts).toEqual(expect.arrayContaining(["∂C/∂C₁ = 2", "∂C/∂C₂ = 0.5"]));
      expect(texts).toContain(`dC = ${shortNumber(dc.item())}`);
      expect(texts).toContain(`dC₁ = ${shortNumber(jvp(total(1, 0), [z], [ds])[1].item())}`);
      expect(picture.description).toContain("Sum C (= 2·C₁ + 0.5·C₂).");
      expect(isWellFormed(picture.svg)).toBe(true);
    });

    test("counts each once where no weights are given, also without numbers", () => {
      const { texts } = shown(draw(model, z, { style: "backward", cost: costs, target, values: false }));
      expect(texts).toContain("= C₁ + C₂");
      expect(texts).toEqual(expect.arrayContaining(["∂C/∂C₁ = 1", "∂C/∂C₂ = 1"]));
      expect(texts.some((text) => /[(]0/.test(text))).toBe(false);
    });

    test("lets nothing flow from a cost of weight 0, whose slope may be infinite", () => {
      const infinite = (y: Tensor) => ops.sum(ops.sqrt(ops.mul(y, 0)));
      const { texts } = shown(
        draw(model, z, {
          style: "backward",
          cost: { a: cost.mse, b: infinite },
          target,
          costWeights: { a: 3, b: 0 },
        }),
      );
      expect(texts).toContain(`= ${row(grad(total(3, 0))(z))}`);
      expect(texts).toEqual(expect.arrayContaining(["= 3·C₁ + 0·C₂", "∂C/∂C₂ = 0"]));
      expect(texts.filter((text) => /NaN|∂C\/∂b /.test(text))).toEqual([]);
    });

    test("takes lists, of one too, in lines of three", () => {
      class Many extends nn.Module<[x: Tensor], Tensor[]> {
        forward(v: Tensor) {
          return [1, 2, 3, 4].map((factor) => ops.mul(v, factor));
        }
      }
      const goal = tensor([[0, 0]]);
      const options = {
        style: "backward",
        open: true,
        cost: Array(4).fill(cost.mse),
        target: Array(4).fill(goal),
      } as const;
      const { texts } = shown(draw(new Many(), z, options));
      expect(texts).toEqual(expect.arrayContaining(["= C₁ + C₂ + C₃", "+ C₄"]));
      class One extends nn.Module<[x: Tensor], Tensor[]> {
        forward = (v: Tensor) => [ops.tanh(v)];
      }
      const one = {
        style: "backward",
        open: true,
        cost: [cost.mse],
        target: [goal],
        costWeights: [4],
      } as const;
      expect(shown(draw(new One(), z, one)).texts).toContain("= 4·C₁");
    });

    test.each([
      [{ target: {} }, "target to be tensors"],
      [{ target: { a: 1 } }, "target"],
      [{ cost: { a: cost.mse } }, "cost"],
      [{ cost: [cost.mse, cost.l1] }, "cost"],
      [{ cost: cost.mse, target: z, costWeights: [1] }, "costWeights"],
      [{ costWeights: { c: 1 } }, "costWeights"],
      [{ costWeights: { a: -1 } }, "costWeights"],
      [{ cost: undefined }, "target only with a cost"],
      [{ cost: undefined, target: undefined, costWeights: [1] }, "costWeights only with a cost"],
      [{ cost: (y: Tensor) => y, target: undefined, costWeights: [1] }, "costWeights only with targets"],
    ])("refuses %o", (more, word) => {
      const options = { style: "backward", cost: costs, target, ...more };
      const wrong = () => draw(model, z, options as DrawOptions);
      expect(wrong).toThrow(ArgumentError);
      expect(wrong).toThrow(word);
    });
  });

  test("pushes a perturbation through to the cost", () => {
    const ds = tensor([[0.1, 0, -0.2]]);
    const { texts } = shown(draw(net, x, { style: "backward", cost: cost.mse, target, perturbation: ds }));
    const [, dc] = jvp((v) => cost.mse(net.forward(v), target), [x], [ds]);
    const [, dz] = jvp((v) => modules[0].forward(v), [x], [ds]);
    expect(texts).toContain(`dC = ${shortNumber(dc.item())}`);
    expect(texts).toContain(`= ${row(dz)}`);
    expect(texts).toContain("[2 × 1] = [2 × 3]·[3 × 1]");
  });

  test("says the shapes alone where the net is large, and the lengths of gradients if asked", () => {
    const large = new nn.Sequential(new nn.Linear(20, 30), new nn.ReLU(), new nn.Linear(30, 10));
    const input = randn([1, 20]);
    const label = tensor([3], { dtype: "int32" });
    const options = { style: "backward", cost: cost.crossEntropy, target: label } as const;
    const { texts } = shown(draw(large, input, options));
    expect(texts).toContain("∂z₁/∂weight [30 × 600]");
    expect(texts.filter((text) => /^= [^∂]/.test(text))).toEqual([]);
    const gradient = grad((v: Tensor) => cost.crossEntropy(large.forward(v), label))(input);
    const length = Math.sqrt(ops.sum(ops.square(gradient)).item());
    expect(shown(draw(large, input, { ...options, values: true })).texts).toContain(
      `= length ${shortNumber(length)}`,
    );
  });

  test("begins at the output without a cost, and draws gradients of the opened ops too", () => {
    const { texts } = shown(draw(new nn.Linear(2, 2), zeros([1, 2]), { style: "backward", open: true }));
    expect(texts).toContain("∂C/∂x = ∂C/∂ȳ · ∂ȳ/∂x");
    expect(texts).toContain("∂ȳ/∂weight [2 × 4]");
  });

  test("has the values of ops that read parameters alone, and of modules that draw", () => {
    class Noise extends nn.Module {
      forward(z: Tensor): Tensor {
        return ops.mul(z, rand([1, 2]));
      }
    }
    class Scaled extends nn.Module {
      lin = new nn.Linear(2, 2);
      noise = new Noise();
      logs = new nn.Parameter(tensor([0.5, -0.5]));
      forward(z: Tensor): Tensor {
        return this.noise.forward(ops.mul(this.lin.forward(z), ops.exp(this.logs)));
      }
    }
    const model = new Scaled();
    const z = tensor([[1, 2]]);
    const state = defaultGenerator.getState();
    const { texts } = shown(draw(model, z, { style: "backward" }));
    expect(defaultGenerator.getState()).toEqual(state);
    expect(texts).toContain(`ȳ = ${row(model.forward(z))}`);
  });

  test.each([{ open: true } as const, {}])("has the values of draws that are opened: %o", (open) => {
    class Noisy extends nn.Module {
      lin = new nn.Linear(2, 2);
      own = new Generator(5);
      forward(z: Tensor): Tensor {
        const [first, second] = [randn([1, 2]), rand([1, 2])];
        const made = new Generator(3).standardGamma(ops.exp(z));
        const noise = ops.add(ops.mul(this.own.normal([1, 2]), second), made);
        return ops.add(ops.mul(this.lin.forward(z), first), noise);
      }
    }
    const model = new Noisy();
    const z = tensor([[0.5, -1]]);
    const of = (y: Tensor) => ops.sum(ops.square(y));
    const states = () => [defaultGenerator.getState(), model.own.getState()];
    const before = states();
    const { texts } = shown(draw(model, z, { style: "backward", cost: of, ...open }));
    expect(states()).toEqual(before);
    const [first, second] = before as [GeneratorState, GeneratorState];
    expect(texts).toContain(`ȳ = ${row(model.forward(z))}`);
    defaultGenerator.setState(first);
    model.own.setState(second);
    expect(texts).toContain(`= ${row(grad((v: Tensor) => of(model.forward(v)))(z))}`);
  });

  test.each([{ open: true } as const, {}])("lets no gradient through what cuts it: %o", (open) => {
    class Cut extends nn.Module {
      lin = new nn.Linear(2, 2);
      forward(z: Tensor): Tensor {
        const y = this.lin.forward(z);
        return ops.add(ops.mul(y, ops.gelu(y).detach()), straight(z));
      }
    }
    // Rounds, with the derivative of what does not.
    const straight = defineFunction("straight", { forward: (v) => ops.round(v), vjp: ({ dy }) => [dy] });
    const model = new Cut();
    const z = tensor([[0.7, -1.3]]);
    const of = (y: Tensor) => ops.sum(ops.square(y));
    const { texts } = shown(draw(model, z, { style: "backward", cost: of, ...open }));
    expect(texts).toContain(`= ${row(grad((v: Tensor) => of(model.forward(v)))(z))}`);
  });

  test("has no derivative where an index or a bool goes in or out", () => {
    class Tagger extends nn.Module<[x: Tensor, ids: Tensor], { y: Tensor; k: Tensor }> {
      table = new nn.Embedding(4, 2);
      lin = new nn.Linear(2, 3);
      forward(z: Tensor, ids: Tensor) {
        const y = this.lin.forward(ops.add(z, this.table.forward(ids)));
        return { y, k: ops.argmax(y, { dim: 1 }) };
      }
    }
    const model = new Tagger();
    const input = [tensor([[0.5, -1]]), tensor([2], { dtype: "int32" })];
    for (const values of [true, false]) {
      const { texts } = shown(draw(model, input, { style: "backward", values }));
      expect(texts.filter((text) => /∂k|\/∂(k|x₂)/.test(text))).toEqual([]);
      expect(texts.some((text) => text.startsWith("∂z₁/∂weight"))).toBe(true);
    }
    const texts = shown(draw(model, input, { style: "backward", values: true })).texts;
    expect(texts).toContain("x₂ = (2)");
  });

  test("has the values of what an op reads in another shape", () => {
    class Flat extends nn.Module {
      lin = new nn.Linear(2, 2);
      forward(z: Tensor): Tensor {
        return ops.tanh(this.lin.forward(z).reshape([2]));
      }
    }
    const model = new Flat();
    const z = tensor([[1, 2]]);
    const { texts } = shown(draw(model, z, { style: "backward", values: true }));
    expect(texts).toContain(`ȳ = ${row(model.forward(z))}`);
  });

  test("leaves parameters and modes as they were", () => {
    const before = JSON.stringify(net);
    draw(net, x, { style: "backward", cost: cost.mse, target, perturbation: x });
    expect(JSON.stringify(net)).toBe(before);
    expect(net.parameters().every(({ grad: own }) => own === null)).toBe(true);
  });
});
