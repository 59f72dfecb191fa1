// Five steps of each method on random smooth games, as PyTorch's dense Jacobians and the papers' formulas give them.
import { describe, expect, test } from "vitest";
import {
  Game,
  type GameOptions,
  gameJacobian,
  type Players,
  simultaneousGradient,
} from "../../lib/games/index.js";
import { compile, ops, optim, type Tensor, tensor } from "../../lib/index.js";
import { expectClose, expectNumbersClose, fromOracle } from "../oracle/compare.js";
import { type GameRow, readGames } from "../oracle/read.js";

type Run = GameRow["runs"][number];

const { add, concat, cos, matmul, mul, sum, tanh } = ops;

/** L_i = Σ b_i ∘ tanh(M_i·z) + cos(zᵀ·N_i·z) + 0.15·|w_i|² */
function costOf(row: GameRow, i: number): (...w: Tensor[]) => Tensor {
  const [b, m, n] = [row.b, row.m, row.n].map((list) => fromOracle(list[i] as (typeof list)[number])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  return (...w) => {
    const z = concat(w);
    const own = w[i] as Tensor;
    const turned = cos(sum(mul(z, matmul(n, z))));
    return add(add(sum(mul(b, tanh(matmul(m, z)))), turned), mul(0.15, sum(mul(own, own))));
  };
}

function playersOf(row: GameRow, run?: Run): { players: Players<Tensor[]>; w: Tensor[] } {
  let at = 0;
  const w = row.sizes.map((size) => {
    at += size;
    return tensor(row.start.data.slice(at - size, at), { dtype: "float64" });
  });
  const players = w.map((parameters, i) => ({
    parameters,
    ...(row.zeroSum && i === 1 ? {} : { cost: costOf(row, i) }),
    ...(run === undefined ? {} : stepsOf(run, i, parameters)),
  }));
  return { players, w };
}

function stepsOf(run: Run, i: number, parameter: Tensor): { lr: number } | { optimizer: optim.Optimizer } {
  const lr = run.lr[i] as number;
  if (run.optimizer === "plain") return { lr };
  const make = run.optimizer === "Adam" ? optim.Adam : optim.Adagrad;
  return { optimizer: new make([parameter], { lr, ...run.settings }) };
}

const flat = (w: readonly Tensor[]): number[] => w.flatMap(({ data }) => [...data]);
const nameOf = ({ method, options, order, optimizer }: Run): string =>
  [method, JSON.stringify(options), order, optimizer].join(" ");

const TIGHT = { method: "competitive", iterations: 6, tolerance: 1e-13 };

describe.each(readGames().map((row) => [row.name, row] as const))("%s", (_, row) => {
  test("has PyTorch's simultaneous gradient and Jacobian", () => {
    const { players } = playersOf(row);
    expectClose(simultaneousGradient(players), row.field);
    expectClose(gameJacobian(players), row.jacobian);
  });

  test.each(row.runs.map((run) => [nameOf(run), run] as const))("goes where PyTorch goes by %s", (_, run) => {
    // A compiled step is compared on one game, since it takes long to make.
    for (const isCompiled of row.zeroSum ? [false, true] : [false]) {
      const { players, w } = playersOf(row, run);
      const tight = run.method === "competitive" ? TIGHT : {};
      const options = { method: run.method, order: run.order, ...run.options, ...tight } as GameOptions;
      const game = new Game(players, options);
      const step = isCompiled ? compile(() => game.step()) : () => game.step();
      run.after.forEach(({ data }, k) => {
        step();
        expectNumbersClose(flat(w), data, undefined, `step ${k + 1}`);
      });
    }
  });
});

test("every run of the oracle moves its players", () => {
  for (const row of readGames()) {
    for (const run of row.runs) expect(run.after.at(-1)?.data).not.toEqual(row.start.data);
  }
});
