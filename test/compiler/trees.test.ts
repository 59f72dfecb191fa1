import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  arange,
  compile,
  data,
  nn,
  ops,
  ShapeError,
  type Tensor,
  tensor,
} from "../../lib/index.js";
import { both, named, newOptimizer, samples, trainedByHand, valuesOf } from "../train/two-headed.js";

const a = tensor([1, 2]);
const b = tensor([10, 20]);

describe("a compiled function of lists and objects", () => {
  test("takes them as arguments, and gives them", () => {
    const fn = compile(({ x, y }: { x: Tensor; y: Tensor }, [z]: readonly [Tensor]) => ({
      sum: ops.add(x, y),
      parts: [ops.mul(x, z), { deep: ops.sub(y, z) }] as const,
    }));
    const { sum, parts } = fn({ x: a, y: b }, [tensor([3, 3])]);
    expect(sum.toArray()).toEqual([11, 22]);
    expect(parts[0].toArray()).toEqual([3, 6]);
    expect(parts[1].deep.toArray()).toEqual([7, 17]);
  });

  test("is traced once for each form, and again for none", () => {
    let traces = 0;
    const fn = compile((parts: readonly Tensor[] | { readonly [name: string]: Tensor }) => {
      traces++;
      return Array.isArray(parts)
        ? ops.sub(parts[0] as Tensor, parts[1] as Tensor)
        : ops.sub(
            (parts as Record<string, Tensor>)["q"] as Tensor,
            (parts as Record<string, Tensor>)["p"] as Tensor,
          );
    });
    for (let i = 0; i < 3; i++) {
      expect(fn([a, b]).toArray()).toEqual([-9, -18]);
      expect(fn({ p: a, q: b }).toArray()).toEqual([9, 18]);
      expect(fn({ q: a, p: b }).toArray()).toEqual([-9, -18]);
    }
    expect(traces).toBe(3);
  });

  test("runs on the engine's own thread", async () => {
    const fn = compile(({ x }: { x: Tensor }) => [ops.mul(x, 2)]);
    const [twice] = await fn.runAsync({ x: a });
    expect((twice as Tensor).toArray()).toEqual([2, 4]);
    expect(fn.explain({ x: a })).toContain("mul");
    expect(fn.arenaBytes({ x: a })).toBeGreaterThanOrEqual(0);
  });

  test("goes over sets of several inputs in a loop, as by hand", async () => {
    const { x, y } = samples();
    const order = ops.slice(arange(24, { dtype: "int32" }), 0, { end: 16 });
    const stepOf = (model: ReturnType<typeof named>) => {
      const optimizer = newOptimizer(model);
      return compile((inputs: typeof x, targets: typeof y) => {
        const loss = both(model.forward(inputs), targets);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return { loss };
      });
    };
    const [atOnce, ahead, batchwise] = [named(), named(), named()];
    const losses = stepOf(atOnce).loop([x, y], order, 8);
    expect(losses.shape).toEqual([2, 1]);
    await stepOf(ahead).loopAsync([x, y], order, 8);
    const step = stepOf(batchwise);
    const loader = new data.DataLoader({ x, y }, { batchSize: 8, dropLast: true });
    const each = Array.from(loader, (batch) => step(batch.x, batch.y).loss.item());
    expect(Array.from(losses.data)).toEqual(each);
    expect(valuesOf(atOnce)).toEqual(valuesOf(batchwise));
    expect(valuesOf(ahead)).toEqual(valuesOf(batchwise));
    const eager = valuesOf(trainedByHand(named(), 1, 8, { dropLast: true }));
    valuesOf(atOnce).forEach((value, i) => {
      expect(value).toBeCloseTo(eager[i] as number, 5);
    });
  });

  test("tells what does not fit by its name", () => {
    const fn = compile(({ x, y }: { x: Tensor; y: Tensor }) => ops.add(x, y));
    const order = tensor([0], { dtype: "int32" });
    expect(() => fn({ x: a, y: 1 as never })).toThrow("compile: expected input 0.y to be a tensor");
    expect(() => fn({ x: a, y: 1 as never })).toThrow(ArgumentError);
    expect(() => fn(new nn.Linear(1, 1) as never)).toThrow(
      "compile: expected input 0 to be of tensors, got a module",
    );
    expect(() => fn.loop([{ x: a, y: tensor([1, 2, 3]) }], order, 1)).toThrow(
      new ShapeError("loop: source 0.y has 3 samples, source 0.x has 2"),
    );
    expect(() => fn.loop([{ x: a, y: tensor(1) }], order, 1)).toThrow(
      "loop: expected source 0.y to hold samples, got []",
    );
  });
});
