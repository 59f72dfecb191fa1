// One generation of OpenAI-ES: by this library, and by plain loops in float64.
import { cost, type nn, noGrad, type Tensor, tensor } from "thalweg";
import { ModuleEvolution } from "thalweg/gradient-free";
import { type DataFile, valuesOf } from "../data-file.js";
import { buildNetwork } from "../impl/network.js";
import { pick, type Session } from "../serve.js";
import { type EvolutionSettings, SEED } from "./jobs.js";

const loss = (model: nn.Module, x: Tensor, y: Tensor): Tensor => cost.crossEntropy(model.forward(x), y);

function settingsOf({ header }: DataFile): EvolutionSettings {
  if (header.evolution === undefined) throw new Error("the data file holds no settings of an evolution");
  return header.evolution;
}

const parametersOf = (model: nn.Module): number[] => model.parameters().flatMap(({ data }) => [...data]);

/** `chunk` generations in one native call, as `minimizeModule` has them and JAX's scan. */
export function evolutionSession(file: DataFile, chunk: number): Session {
  const { population, verified, sigma, lr, momentum } = settingsOf(file);
  const common = { sigma, lr, momentum, optimizer: "sgd", seed: SEED } as const;
  const { model, x, y, batch } = buildNetwork(file, "float32");
  const all = { data: { x, y }, batchSize: batch, populationSize: population };
  const evolution = new ModuleEvolution(model, loss, { ...all, ...common });
  let mean = Number.NaN;
  return {
    run: async (steps) => {
      mean = (await evolution.run(steps)).at(-1)?.mean ?? Number.NaN;
    },
    verify: async () => {
      const { model: other, xs, ys } = buildNetwork(file, "float32");
      const data = { x: xs[0] as Tensor, y: ys[0] as Tensor };
      // All at once, so that the numbers are drawn in the order in which the file has them.
      await new ModuleEvolution(other, loss, {
        data,
        populationSize: verified,
        chunk: verified,
        ...common,
      }).run(1);
      return pick(parametersOf(other));
    },
    loss: () => mean,
    fixedSteps: chunk,
  };
}

/** The first generation, with the steps of the file: one candidate after the other. */
export function evolutionReference(file: DataFile): Session {
  const { verified: population, sigma, lr } = settingsOf(file);
  const { model, xs, ys } = buildNetwork(file, "float64");
  const pairs = population / 2;
  const named = [...model.namedParameters()];
  const steps = named.map((_, k) => valuesOf(file, `e${k}`, Float32Array));
  const lossAt = (pair: number, sign: number): number => {
    const moved = named.map(([name, { data, shape, size }], k) => {
      const own = steps[k] as Float32Array;
      const values = Float64Array.from(data, (w, i) => w + sign * (own[pair * size + i] as number));
      return [name, tensor(values, { shape })] as const;
    });
    return model.withParameters(Object.fromEntries(moved), () =>
      loss(model, xs[0] as Tensor, ys[0] as Tensor).item(),
    );
  };
  const verify = (): number[] => {
    const indices = Array.from({ length: pairs }, (_, i) => i);
    const losses = noGrad(() => [...indices.map((i) => lossAt(i, 1)), ...indices.map((i) => lossAt(i, -1))]);
    const order = losses.map((_, i) => i).sort((a, b) => (losses[a] as number) - (losses[b] as number));
    const u = new Float64Array(population);
    order.forEach((candidate, rank) => {
      u[candidate] = rank / (population - 1) - 0.5;
    });
    const weights = indices.map(
      (i) => ((u[i] as number) - (u[pairs + i] as number)) / (population * sigma * sigma),
    );
    const after = named.flatMap(([, { data, size }], k) =>
      Array.from(data, (w, i) => {
        const own = steps[k] as Float32Array;
        const g = weights.reduce((sum, weight, pair) => sum + weight * (own[pair * size + i] as number), 0);
        return w - lr * g;
      }),
    );
    return pick(after);
  };
  return { run: () => {}, verify };
}
