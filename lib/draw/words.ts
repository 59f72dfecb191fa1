// A diagram in words, for those who do not see it.
import { format } from "../tensor/shape.js";
import type { Diagram, DiagramNode } from "./diagram.js";
import type { Direction } from "./style.js";

const WAYS: Readonly<Record<Direction, string>> = {
  right: "from left to right",
  left: "from right to left",
  down: "from top to bottom",
  up: "from bottom to top",
};

const KINDS: Readonly<Record<DiagramNode["kind"], string>> = {
  observed: "observed variable",
  computed: "computed variable",
  module: "module",
  op: "op",
  cost: "cost",
  parameter: "parameters",
  sum: "sum",
};

function sentence(node: DiagramNode, { edges, groups }: Diagram, names: ReadonlyMap<string, string>): string {
  const { id, kind, detail, shape, parameters, group } = node;
  const frame = groups.find((one) => one.id === group)?.name;
  const facts = [
    ...(detail === undefined ? [] : [detail.replaceAll("\n", ", ")]),
    ...(shape === undefined ? [] : [format(shape)]),
    ...parameters.map((held) => `${held.name} ${format(held.shape)}`),
    ...(frame === undefined ? [] : [`in ${frame}`]),
  ];
  const given = edges
    .filter(({ from }) => from === id)
    .map(({ to, times = 1 }) => `${names.get(to)}${times > 1 ? ` ×${times}` : ""}`);
  const about = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
  const goes = given.length === 0 ? "" : ` goes to ${given.join(" and ")}`;
  return `${KINDS[kind]} ${names.get(id)}${about}${goes}.`;
}

/** One sentence for each node: what it is, and where it goes. */
export function describeDiagram(diagram: Diagram, direction: Direction): string {
  // Two calls of one module have one name.
  const counts = new Map<string, number>();
  const names = new Map(
    diagram.nodes.map(({ id, name }) => {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return [id, count === 1 ? name : `${name} (${count})`] as const;
    }),
  );
  return [
    `Data flows ${WAYS[direction]}.`,
    ...diagram.nodes.map((node) => capitalized(sentence(node, diagram, names))),
  ].join(" ");
}

const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
