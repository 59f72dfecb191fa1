// A differentiable game: each player's cost as a function of what all players chose.
import { type Players, readPlayers, type Seat } from "../games/players.js";
import { type AnyModule, Module } from "../nn/module.js";
import { recordRun, symbolOf } from "../nn/record.js";
import { checkList, checkOptions, isInstance, isPlainObject } from "../options.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import type { Tree } from "../tensor/tree.js";
import { readStates } from "./block.js";
import { indexed } from "./diagram.js";
import { checkCommon, type PictureOptions, pictureOf } from "./draw.js";
import { flowOf, type Given, type Section } from "./flow.js";
import { openingBy } from "./opening.js";
import type { Picture } from "./picture.js";
import { render } from "./render.js";
import type { DrawOptions } from "./style.js";
import { describeDiagram } from "./words.js";

export interface DrawGameOptions extends PictureOptions, Pick<DrawOptions, "states"> {
  /** As for `draw`, with the players' names before those of their modules. Default: 0, each module is one block. */
  readonly open?: DrawOptions["open"];
  /**
   * The tensors of a mini-batch, which the costs get after the players' parameters: a list, or an object with their
   * names in this order. Default: none.
   */
  readonly batch?: readonly Tensor[] | Readonly<Record<string, Tensor>>;
}

const OPTIONS = ["theme", "direction", "title", "id", "open", "states", "batch"];

/**
 * A diagram of a game's players: in a frame for each, what its cost is made of. Parameters that several costs read are
 * drawn once, so that one sees what the players do to each other.
 * @param players as `Game` and `play` take them.
 * @throws ArgumentError, OptionError, and what the costs throw; PackageError without `@dagrejs/dagre`
 * @example
 * const [generator, critic] = [new nn.Linear(2, 3), new nn.Linear(3, 1)];
 * const fake = (from: nn.Module) => from.forward(zeros([16, 2]));
 * const picture = draw.game(
 *   [
 *     {
 *       name: "critic",
 *       parameters: critic,
 *       cost: (d, g, real) => sub(ops.mean(d.forward(fake(g))), ops.mean(d.forward(real))),
 *     },
 *     { name: "generator", parameters: generator, cost: (d, g) => neg(ops.mean(d.forward(fake(g)))) },
 *   ],
 *   { batch: [zeros([16, 3])] },
 * );
 */
export function game<const P extends readonly Tree[]>(
  players: Players<P>,
  options: DrawGameOptions = {},
): Picture {
  const where = "draw.game";
  const seats = readPlayers(where, players);
  checkOptions(where, options, OPTIONS);
  const common = checkCommon(where, options);
  const batch = readBatch(where, options.batch ?? []);
  const named = seats.map((seat, i) => ({ seat, name: players[i]?.name ?? seat.name }));
  const owned = named.map(({ seat, name }) => partsOfPlayer(name, seat.parameters));
  const roots = owned.flatMap(({ modules }) => modules);
  const modules = roots.flatMap(([name, module]) =>
    Array.from(module.namedModules(), ([own, part]) => [own === "" ? name : `${name}.${own}`, part] as const),
  );
  const openingOf = openingBy(where, options.open ?? 0, modules, 1);
  const run = recordRun(
    modules,
    (note) => {
      const symbols = batch.map(({ tensor }) => symbolOf(tensor));
      const chosen = seats.map(({ parameters }) => parameters);
      const sections = named.flatMap(({ seat, name }): Section[] => {
        const { cost } = seat;
        if (cost === null) return [];
        const { result, stretch } = note(
          () => Reflect.apply(cost, undefined, [...chosen, ...symbols]) as unknown,
        );
        const output = checkTensor(where, `the cost of ${seat.name}`, result);
        return [{ kind: "player", name, detail: aimOf(name, named, seats), inputs: [], output, ...stretch }];
      });
      return { symbols, sections };
    },
    false,
  );
  const { symbols, sections } = run.result;
  const given: Given[] = symbols.map((tensor, i) => ({ name: (batch[i] as Given).name, tensor }));
  const tensors = owned.flatMap((own) => own.tensors);
  const { diagram } = flowOf(run, { openingOf, given, results: [], sections, modules: roots, tensors });
  const whole = readStates(where, diagram, options.states);
  return pictureOf(
    render(where, whole, common.direction, {
      title: `A game of ${named.map(({ name }) => name).join(" and ")}`,
      description: describeDiagram(whole, common.direction),
    }),
    common,
  );
}

/** @throws ArgumentError */
function readBatch(where: string, given: unknown): Given[] {
  const entries: [string, unknown][] = isPlainObject(given)
    ? Object.entries(given)
    : checkList(where, "batch to be a list or an object of tensors", given).map((one, i, all) => [
        all.length === 1 ? "x" : indexed("x", i + 1),
        one,
      ]);
  return entries.map(([name, one], i) => ({
    name,
    tensor: checkTensor(where, isPlainObject(given) ? `batch.${name}` : `batch[${i}]`, one),
  }));
}

/** Who does what with a cost. */
function aimOf(name: string, named: readonly { readonly name: string }[], seats: readonly Seat[]): string {
  const other = seats.findIndex(({ cost }) => cost === null);
  const aims = [`minimised by ${name}`, ...(other < 0 ? [] : [`maximised by ${named[other]?.name}`])];
  return aims.join("\n");
}

interface PlayerParts {
  readonly modules: readonly (readonly [name: string, module: AnyModule])[];
  readonly tensors: readonly (readonly [name: string, tensor: Tensor])[];
}

/** The modules and the tensors that a player chooses, by name. */
function partsOfPlayer(name: string, parameters: unknown): PlayerParts {
  if (isInstance(parameters, Module)) return { modules: [[name, parameters as AnyModule]], tensors: [] };
  if (isTensor(parameters)) return { modules: [], tensors: [[name, parameters]] };
  const entries = Array.isArray(parameters)
    ? parameters.map((part: unknown, i): [string, unknown] => [String(i), part])
    : isPlainObject(parameters)
      ? Object.entries(parameters)
      : [];
  const parts = entries.map(([key, part]) => partsOfPlayer(`${name}.${key}`, part));
  return {
    modules: parts.flatMap(({ modules }) => modules),
    tensors: parts.flatMap(({ tensors }) => tensors),
  };
}
