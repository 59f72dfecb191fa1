// The options of a schedule as a table: of each its bounds, its default, and PyTorch's name where it is not ours in
// snake_case. The constructor reads them by it, and so does loadStateDict.
import { ArgumentError } from "../../errors.js";
import {
  type Bounds,
  checkChoice,
  checkFlag,
  checkNumber,
  checkOptions,
  describe,
  describeList,
} from "../../options.js";
import { snake } from "../state-dict.js";

/** How one option is read: undefined is its default, or refused where it has none. */
export interface Option<T> {
  readonly read: (where: string, name: string, value: unknown) => T;
  /** By which name it is in a state dict, where that is another. */
  readonly torch?: string;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;

export type SettingsOf<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer T> ? T : never;
};

export const number = (bounds: Bounds, standard?: number, torch?: string): Option<number> => ({
  read: (where, name, value) => checkNumber(where, name, value ?? standard, bounds),
  ...(torch === undefined ? {} : { torch }),
});

/** A number that may be left out. */
export const optional = (bounds: Bounds): Option<number | undefined> => ({
  read: (where, name, value) => (value === undefined ? undefined : checkNumber(where, name, value, bounds)),
});

export const flag = (standard: boolean): Option<boolean> => ({
  read: (where, name, value) => checkFlag(where, name, value ?? standard),
});

export const choice = <T extends string>(standard: T, choices: readonly T[]): Option<T> => ({
  read: (where, name, value) => checkChoice(where, name, value ?? standard, choices),
});

/** A list of epochs. */
export const epochs = (torch?: string): Option<readonly number[]> => ({
  read: (where, name, value) => {
    if (!Array.isArray(value)) {
      throw new ArgumentError(`${where}: expected ${name} to be a list of epochs, got ${describe(value)}`);
    }
    return value.map((epoch, i) => checkNumber(where, `${name}[${i}]`, epoch, { min: 0, integer: true }));
  },
  ...(torch === undefined ? {} : { torch }),
});

/** @throws OptionError, ArgumentError */
export function readSettings<Table extends OptionTable>(
  where: string,
  table: Table,
  options: unknown,
): SettingsOf<Table> {
  checkOptions(where, options, Object.keys(table));
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const settings = Object.entries(table).map(([name, { read }]) => [name, read(where, name, given[name])]);
  return Object.fromEntries(settings) as SettingsOf<Table>;
}

/**
 * The one value of a list in PyTorch's state dicts, which have one for each group.
 * @throws ArgumentError where it is not the same for all
 */
export function commonValue(where: string, name: string, list: unknown): unknown {
  if (Array.isArray(list) && list.length > 0 && list.every((value) => value === list[0])) return list[0];
  throw new ArgumentError(
    `${where}: expected ${name} to be a list with the same value for each group, got ${describeList(list)}`,
  );
}

const torchName = (name: string, { torch }: Option<unknown>): string => torch ?? snake(name);

/** The settings by PyTorch's names. */
export function writtenSettings(table: OptionTable, settings: object): Record<string, unknown> {
  const values = settings as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, option]) => {
      const value = values[name];
      if (value === undefined) return [];
      return [[torchName(name, option), Array.isArray(value) ? [...value] : value]];
    }),
  );
}

// What PyTorch's schedules write that follows from the rest, or that no state is in.
const FOLLOWING = new Set(["T_cur", "T_i", "lr_lambdas", "mode_worse", "use_beta1", "verbose"]);

/**
 * The settings of a state dict; those that it does not name as they are now.
 * @param others What else the dict may hold.
 * @throws ArgumentError where it is another schedule's
 */
export function settingsIn<Table extends OptionTable>(
  where: string,
  table: Table,
  now: object,
  state: Readonly<Record<string, unknown>>,
  others: readonly string[],
): SettingsOf<Table> {
  const names = new Map(Object.entries(table).map(([name, option]) => [torchName(name, option), name]));
  const settings: Record<string, unknown> = { ...now };
  for (const [torch, value] of Object.entries(state)) {
    const name = names.get(torch);
    if (name !== undefined) {
      if (value === null) throw new ArgumentError(`${where}: expected ${torch} to have a value, got null`);
      settings[name] = value;
    } else if (!others.includes(torch) && !FOLLOWING.has(torch) && !torch.startsWith("_")) {
      throw new ArgumentError(
        `${where}: unknown state ${torch}; known: ${[...others, ...names.keys()].join(", ")}`,
      );
    }
  }
  return readSettings(where, table, settings);
}
