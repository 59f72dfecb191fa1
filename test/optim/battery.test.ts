// What holds for every optimizer: each that lib/optim exports is here with the cases of its file.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  compile,
  DTypeError,
  manualSeed,
  OptionError,
  ones,
  ops,
  type optim,
  randn,
  reviveTensors,
  ShapeError,
  type Tensor,
  ThalwegError,
  zeros,
} from "../../lib/index.js";
import { KINDS, Run, weightsOf } from "./cases.js";

const STEPS = 6;

describe.each(KINDS.map((kind) => [kind.name, kind] as const))("%s", (name, kind) => {
  const { resumed, asks = {}, cases } = kind.description;
  const known = Object.keys(kind.make([ones([2, 2])]).groups[0]?.settings as object);

  test("has each of its options in one of its cases", () => {
    const used = new Set(cases().flatMap((options) => Object.keys(options)));
    expect(["lr", ...known].filter((option) => !used.has(option))).toEqual([]);
  });

  test("goes on to the bit from its state dict, wherever it stops", () => {
    const runs = (from?: Run): Run => {
      const ofB = { lr: 2 * resumed.lr };
      return new Run(kind, {
        options: resumed,
        ofB,
        ...(from === undefined ? {} : { weights: weightsOf(from) }),
      });
    };
    const whole = runs();
    const others: Run[] = [];
    for (let i = 0; i < STEPS; i++) {
      const other = runs(whole);
      const state = JSON.stringify(whole.optimizer.stateDict());
      other.optimizer.loadStateDict(JSON.parse(state, reviveTensors) as optim.OptimizerStateDict);
      others.push(other);
      for (const run of [whole, ...others]) run.step();
    }
    for (const run of others) {
      expect(run.now()).toEqual(whole.now());
      expect(JSON.stringify(run.optimizer.stateDict())).toBe(JSON.stringify(whole.optimizer.stateDict()));
    }
  });

  // What asks for the loss between its steps has no compiled step.
  if (!asks.closure) {
    test("takes the same steps compiled, to the bit", () => {
      for (const options of [resumed, ...cases()]) {
        const [eager, compiled] = [new Run(kind, { options }), new Run(kind, { options })];
        const step = compile((dw: Tensor, db: Tensor) => {
          compiled.w.grad = dw;
          compiled.b.grad = db;
          compiled.optimizer.step();
          return ops.neg(compiled.w);
        });
        for (let i = 0; i < STEPS; i++) {
          eager.loss();
          const gradients = [eager.w, eager.b].map(({ grad }) => ops.mul(grad as Tensor, 1));
          eager.optimizer.step();
          step(gradients[0] as Tensor, gradients[1] as Tensor);
          expect(compiled.now()).toEqual(eager.now());
        }
      }
    });
  }

  if (!asks.closure && !asks.matrices) {
    test("moves each group by its own learning rate", () => {
      const [one, two] = [1, 2].map((factor) => {
        const run = new Run(kind, { options: resumed, ofB: { lr: factor * resumed.lr } });
        run.step();
        return run;
      });
      expect(one?.w.toArray()).toEqual(two?.w.toArray());
      expect(one?.b.toArray()).not.toEqual(two?.b.toArray());
    });
  }

  test("moves nothing without a gradient, and does not count it as a step", () => {
    const run = new Run(kind, { options: resumed });
    const before = run.now();
    (run.optimizer.step as (closure: () => Tensor) => void).call(run.optimizer, () => zeros([]));
    expect(run.now()).toEqual(before);
    // What evaluates the loss itself counts how often it did.
    if (!asks.closure) expect(run.optimizer.stateDict().state).toEqual({});
    run.step();
    const once = new Run(kind, { options: resumed });
    once.step();
    expect(run.now()).toEqual(once.now());
  });

  if (known.includes("maximize")) {
    test("climbs by maximize as it descends by the negative gradient", () => {
      const [up, down] = [true, false].map(
        (maximize) => new Run(kind, { options: { ...resumed, maximize } }),
      );
      for (let i = 0; i < STEPS; i++) {
        up?.step();
        const { optimizer, w, b } = down as Run;
        down?.loss();
        for (const p of [w, b]) p.grad = ops.neg(p.grad as Tensor);
        optimizer.step();
      }
      expect(down?.now()).toEqual(up?.now());
    });
  }

  test("refuses gradients that do not fit, and changes nothing", () => {
    const run = new Run(kind, { options: resumed });
    const step = (gradient: unknown) => (): void => {
      const closure = (): Tensor => {
        for (const p of run.optimizer.parameters) p.grad = ops.mul(p.detach(), 0.5);
        (run.optimizer.parameters.at(-1) as Tensor).grad = gradient as Tensor;
        return zeros([], { dtype: "float64" });
      };
      closure();
      (run.optimizer.step as (closure: () => Tensor) => void).call(run.optimizer, closure);
    };
    const before = run.now();
    const last = run.optimizer.parameters.at(-1) as Tensor;
    expect(step(zeros([7], { dtype: "float64" }))).toThrow(ShapeError);
    expect(step(zeros(last.shape))).toThrow(DTypeError);
    expect(run.now()).toEqual(before);
  });

  test("refuses options that are misspelt or wrong, by its name", () => {
    for (const option of ["lr", ...known]) {
      const misspelt = (): unknown => new Run(kind, { options: { ...resumed, [`${option}s`]: 1 } });
      expect(misspelt).toThrow(OptionError);
      expect(misspelt).toThrow(`${name}: unknown option "${option}s"; `);
      const wrong = (): unknown => new Run(kind, { options: { ...resumed, [option]: "wrong" } });
      expect(wrong).toThrow(ThalwegError);
      expect(wrong).toThrow(new RegExp(`^${name}: `));
    }
    for (const wrong of [1, [], [1], [zeros([2], { dtype: "int32" })], null]) {
      expect(() => kind.make(wrong)).toThrow(ThalwegError);
      expect(() => kind.make(wrong)).toThrow(new RegExp(`^${name}: `));
    }
    expect(() => kind.make([ones([2, 2])], { lr: -1 })).toThrow(
      new ArgumentError(`${name}: expected lr to be a number ≥ 0, got -1`),
    );
  });

  test("refuses the state dict of another, and changes nothing", () => {
    const run = new Run(kind, { options: resumed });
    run.step();
    const before = JSON.stringify(run.optimizer.stateDict());
    const { state, paramGroups } = run.optimizer.stateDict();
    const odd = { state, paramGroups: paramGroups.map((group) => ({ ...group, odd_option: 1 })) };
    expect(() => run.optimizer.loadStateDict(odd)).toThrow(OptionError);
    expect(() => run.optimizer.loadStateDict({ state, paramGroups: [] })).toThrow(ArgumentError);
    expect(JSON.stringify(run.optimizer.stateDict())).toBe(before);
  });

  test("trains a layer of float32", () => {
    manualSeed(0);
    const w = ops.mul(randn([3, 4]), 0.1);
    w.requiresGrad = true;
    const goal = ops.mul(randn([3, 4]), 0.1);
    const optimizer = kind.make([w], { lr: resumed.lr });
    const loss = (): Tensor => {
      optimizer.zeroGrad();
      const value = ops.sum(ops.square(ops.sub(w, goal)));
      value.backward();
      return value;
    };
    const before = loss().item();
    for (let i = 0; i < 30; i++) {
      loss();
      (optimizer.step as (closure: () => Tensor) => void).call(optimizer, loss);
    }
    expect(loss().item()).toBeLessThan(before);
    expect(w.dtype).toBe("float32");
  });
});
