// The cases that all ops of a family have, by what they are about.
import type { Draw } from "../../lib/ops/cases.js";
import type { Domain, Order, Registered } from "../../lib/ops/registry.js";
import { DRAWS, Source } from "./draw.js";

const { floats, integers, ties, truths, values } = DRAWS;

/** A call: the arguments in order, with a `Draw` for each tensor. */
export interface FamilyCase {
  readonly args: readonly unknown[];
  /** As in `About`. */
  readonly order?: Order;
}

export type Cases = Readonly<Record<string, FamilyCase>>;

type Shape = readonly number[];

const EXTREMES = [
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  NaN,
  1e300,
  -1e300,
  1e-300,
  -1e-300,
  5e-324,
  709.5,
  710.5,
  -745.5,
];
const FEW_EXTREMES = [0, -0, 1, -1, 1.5, 2, -3, Infinity, -Infinity, NaN, 1e300, 1e-300];

/** The cases of the family that an op says it belongs to. */
export function familyOf(about: Registered): Cases {
  return {
    ...(about.elementwise === undefined ? {} : elementwise(about, about.elementwise)),
    ...(about.reduces === undefined ? {} : reduction(about.reduces)),
    ...(about.along === undefined ? {} : along(about.along)),
  };
}

/** By the number of inputs: what a case is about, and the inputs' shapes. */
const SHAPES: Readonly<Record<number, Readonly<Record<string, readonly Shape[]>>>> = {
  1: {
    "odd size": [[17]],
    "2-D": [[2, 3]],
    "3-D": [[2, 1, 3]],
    "0-d": [[]],
    "size 1": [[1]],
    empty: [[0, 3]],
  },
  2: {
    "same shape": [[17], [17]],
    "broadcast row": [[2, 3], [3]],
    "broadcast column": [
      [2, 3],
      [2, 1],
    ],
    "broadcast both sides": [
      [2, 1],
      [1, 3],
    ],
    "broadcast leading dims": [[3], [2, 2, 3]],
    "broadcast around a middle dim": [
      [2, 1, 3],
      [2, 1],
    ],
    "0-d right": [[2, 3], []],
    "0-d left": [[], [3]],
    "0-d both": [[], []],
    "size 1": [[1], [1]],
    "size 1 against 0-d": [[1, 1], []],
    "size 1 broadcast": [[1], [3]],
    empty: [[0, 3], [3]],
    "empty against size 1": [[1], [0]],
    "empty column": [
      [2, 0],
      [2, 1],
    ],
  },
  3: {
    "same shape": [[17], [17], [17]],
    "same shape, 2-D": [
      [3, 7],
      [3, 7],
      [3, 7],
    ],
    "broadcast first column": [
      [2, 1],
      [2, 3],
      [2, 3],
    ],
    "broadcast row and column": [[2, 3], [3], [2, 1]],
    "broadcast leading dims": [[2, 2, 1], [3], [2, 1]],
    "0-d first": [[], [2, 3], [3]],
    "0-d but the first": [[3], [], []],
    "0-d all": [[], [], []],
    "size 1": [[1], [1], [1]],
    empty: [[0, 3], [3], []],
  },
};

function elementwise({ name, rest = [[]] }: Registered, domains: readonly Domain[]): Cases {
  const inputs = (shapes: readonly Shape[]): Draw[] =>
    shapes.map((shape, i) => within(domains[i] as Domain, shape));
  const cases: Record<string, FamilyCase> = {};
  for (const further of rest) {
    const suffix = further.map((argument) => `, ${JSON.stringify(argument)}`).join("");
    for (const [note, { args, order }] of Object.entries({
      ...mapped(SHAPES[domains.length] ?? {}, inputs),
      ...special(domains),
    })) {
      cases[note + suffix] = { args: [...args, ...further], ...(order === undefined ? {} : { order }) };
    }
  }
  if (domains.length === 1) return cases;
  const source = new Source(`shapes of ${name}`);
  for (let i = 0; i < 8; i++)
    cases[`random shapes ${i}`] = { args: inputs(broadcasting(source, domains.length)) };
  return cases;
}

const mapped = <T>(
  record: Readonly<Record<string, T>>,
  args: (value: T) => readonly unknown[],
): Record<string, FamilyCase> =>
  Object.fromEntries(Object.entries(record).map(([note, value]) => [note, { args: args(value) }]));

function within(domain: Domain, shape: Shape): Draw {
  if (domain === "floats") return floats(shape);
  if (domain === "ties") return ties(shape);
  if (domain === "truths") return truths(shape);
  return floats(shape, ...domain);
}

/** Values that the domains ask for. */
function special(domains: readonly Domain[]): Record<string, FamilyCase> {
  const [domain] = domains as [Domain];
  const areFloats = domains.every((one) => one !== "truths");
  if (domains.length === 2) {
    const pairs = (list: readonly (number | boolean)[]): Draw[] => [
      values(list.flatMap((a) => list.map(() => a))),
      values(list.flatMap(() => [...list])),
    ];
    if (!areFloats) return { "truth table": { args: pairs([true, false]) } };
    return {
      "extreme values": { args: pairs(FEW_EXTREMES), order: 0 },
      ...(domain === "ties"
        ? { "int32, broadcast row": { args: [integers([2, 3], 3), integers([3], 3)] } }
        : {}),
    };
  }
  if (domains.length > 2 || !areFloats) return {};
  const holdsZero = typeof domain === "string" || (domain[0] < 0 && domain[1] > 0);
  return {
    ...(holdsZero ? { "at zero": { args: [values([0, 0.5, -0.5])] } } : {}),
    ...(typeof domain === "string"
      ? {
          wide: { args: [floats([40], -8, 8)] },
          far: { args: [values([500, -500, 30, -30])] },
          saturated: { args: [values([-800, -40, -20, 20, 40, 800])] },
        }
      : {}),
    "extreme values": { args: [values(EXTREMES)], order: 0 },
  };
}

/** That many shapes which broadcast with one another: none need be as large as the result. */
function broadcasting(source: Source, count: number): Shape[] {
  const shape = Array.from({ length: source.below(4) }, () => source.of([1, 2, 3]));
  return Array.from({ length: count }, () => {
    const start = source.below(2) === 0 ? source.below(shape.length + 1) : 0;
    return shape.slice(start).map((size) => (source.next() < 0.6 ? size : 1));
  });
}

/** Along the last of two axes, rows of numbers that meet. */
const EXTREME_ROWS = [
  [1, NaN, 2],
  [Infinity, 1, 2],
  [-Infinity, 1, 2],
  [Infinity, -Infinity, 1],
  [1e300, 1e300, -1e300],
  [1e-300, 1e-300, 0],
  [-Infinity, -Infinity, -Infinity],
];

function reduction({ axes, of }: NonNullable<Registered["reduces"]>): Cases {
  const x = (shape: Shape): Draw => within(of, shape);
  return {
    "all of an odd size": { args: [x([17])] },
    all: { args: [x([2, 3])] },
    "all, keepdim": { args: [x([2, 3]), { keepdim: true }] },
    "first dim": { args: [x([3, 5]), { dim: 0 }] },
    "last dim": { args: [x([3, 5]), { dim: 1 }] },
    "negative dim": { args: [x([2, 3]), { dim: -1 }] },
    "negative dim, keepdim": { args: [x([2, 3]), { dim: -2, keepdim: true }] },
    "middle dim": { args: [x([2, 3, 2]), { dim: 1 }] },
    "0-d": { args: [x([])] },
    "size 1": { args: [x([1]), { dim: 0 }] },
    "a dim of size 1": { args: [x([3, 1]), { dim: 1 }] },
    "empty, the other dim": { args: [x([0, 3]), { dim: 1 }] },
    "empty, the empty dim": { args: [x([0, 3]), { dim: 0 }] },
    "empty, all": { args: [x([0, 3])] },
    ...(axes === "one" ? {} : severalAxes(x)),
    ...(of === "truths"
      ? {
          mixed: {
            args: [
              values([
                [true, false, true],
                [false, false, false],
                [true, true, true],
              ]),
              { dim: 1 },
            ],
          },
          "all true": { args: [values(new Array(17).fill(true))] },
          "all false": { args: [values(new Array(17).fill(false))] },
        }
      : { "extreme values": { args: [values(EXTREME_ROWS), { dim: 1 }], order: 0 as const } }),
  };
}

const severalAxes = (x: (shape: Shape) => Draw): Cases => ({
  "two dims apart": { args: [x([2, 3, 2]), { dim: [0, 2] }] },
  "two dims, negative, out of order": { args: [x([2, 3, 2]), { dim: [-1, 1] }] },
  "two dims, keepdim": { args: [x([2, 3, 2]), { dim: [0, 1], keepdim: true }] },
  "every dim by name": { args: [x([2, 3]), { dim: [0, 1] }] },
});

function along(where: NonNullable<Registered["along"]>): Cases {
  const call = (given: Draw, dim: number): readonly unknown[] => [given, where === "options" ? { dim } : dim];
  return {
    "odd size": { args: call(floats([17]), 0) },
    "last dim": { args: call(floats([3, 5]), 1) },
    "first dim": { args: call(floats([4, 3]), 0) },
    "negative dim": { args: call(floats([2, 5]), -1) },
    "middle dim": { args: call(floats([2, 3, 2]), 1) },
    "negative middle dim": { args: call(floats([2, 3, 2]), -2) },
    "0-d": { args: call(floats([]), 0) },
    "size 1": { args: call(floats([2, 1]), 1) },
    empty: { args: call(floats([0, 3]), 1) },
    "empty dim": { args: call(floats([2, 0]), 1) },
    "extreme values": {
      args: call(
        values([...EXTREME_ROWS, [NaN, 1, -Infinity], [-0, 0, 1e300], [1e300, -1e300, 0], [2, 1, 2]]),
        1,
      ),
      order: 0,
    },
  };
}
