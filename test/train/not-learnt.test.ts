import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ArgumentError, cost, type FitOptions, fit, nn, optim, randn } from "../../lib/index.js";

const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
beforeEach(() => warn.mockClear());
afterAll(() => warn.mockRestore());

const x = randn([8, 2]);
const data = { x, y: x };
const make = (): nn.Sequential => new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh(), new nn.Linear(3, 2));

type More = Partial<FitOptions>;

const train = (model: nn.Module, parameters: readonly nn.Parameter[], more: More = {}) =>
  fit(model, { data, cost: cost.mse, optimizer: new optim.SGD(parameters, { lr: 0.1 }), ...more });

const last = (model: nn.Sequential): nn.Parameter[] => model.parameters().slice(2);

describe("parameters that the optimizer lacks", () => {
  test("are named once for a model and an optimizer, and the rest learns", async () => {
    const model = make();
    const [first, ...others] = model.parameters().map((one) => [...one.data]);
    const optimizer = new optim.SGD(last(model), { lr: 0.1 });
    for (let i = 0; i < 3; i++) await train(model, last(model), { optimizer });
    expect(warn).toHaveBeenCalledTimes(1);
    const [message, options] = warn.mock.calls[0] as unknown as [string, object];
    expect(message).toMatch(/^fit: the optimizer lacks .*: 0\.weight, 0\.bias; .*freeze/);
    expect(options).toEqual({ type: "TrainingWarning", code: "THALWEG_PARAMETERS_NOT_LEARNT" });
    expect([...(model.parameters()[0] as nn.Parameter).data]).toEqual(first);
    expect(
      model
        .parameters()
        .slice(1)
        .map((one) => [...one.data]),
    ).not.toEqual(others);
    // Another optimizer that lacks them is told of too.
    await train(model, last(model));
    expect(warn).toHaveBeenCalledTimes(2);
  });

  test("are counted where there are many", async () => {
    const model = new nn.Sequential(...Array.from({ length: 6 }, () => new nn.Linear(2, 2)));
    await train(model, model.parameters().slice(10));
    expect(warn.mock.calls[0]?.[0]).toMatch(/: 0\.weight, .*3\.bias, 2 more; /);
  });

  test.each<[string, (model: nn.Sequential) => More]>([
    ["the option freeze", () => ({ freeze: ["0"] })],
    [
      "requiresGrad",
      (model) => {
        for (const one of model.parameters().slice(0, 2)) one.requiresGrad = false;
        return {};
      },
    ],
  ])("are not named where %s says that they stay", async (_, stay) => {
    const model = make();
    await train(model, last(model), stay(model));
    expect(warn).not.toHaveBeenCalled();
  });

  test("are none where the optimizer has all, also with others in it", async () => {
    const model = make();
    await train(model, [...model.parameters(), ...make().parameters()]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("are an error where they are all of the model's", async () => {
    await expect(train(make(), make().parameters())).rejects.toThrow(ArgumentError);
    await expect(train(make(), make().parameters())).rejects.toThrow(/none of the model's parameters/);
    expect(warn).not.toHaveBeenCalled();
  });
});
