// What happens in a recorded run, as a tree: calls of modules, sections, and ops that are made of others.
import type { Composition, Stretch } from "../context/trace.js";
import type { ModuleCall, RecordedRun } from "../nn/record.js";
import type { Section } from "./flow.js";

export interface Happening extends Stretch {
  readonly call?: ModuleCall;
  readonly section?: Section;
  readonly composition?: Composition;
  readonly within: Happening[];
}

/** Those that nothing is around, with what is within them, from their depths. */
export function happeningsOf(run: RecordedRun<unknown>, sections: readonly Section[]): Happening[] {
  const all: Happening[] = [
    ...run.calls.map((call) => ({ ...pick(call), call, within: [] })),
    ...sections.map((section) => ({ ...pick(section), section, within: [] })),
    ...run.compositions.map((one) => ({ ...pick(one), composition: one, within: [] })),
  ].sort((a, b) => a.order - b.order);
  const roots: Happening[] = [];
  const above: Happening[] = [];
  for (const one of all) {
    while (above.length > 0 && (above.at(-1) as Happening).depth >= one.depth) above.pop();
    (above.at(-1)?.within ?? roots).push(one);
    above.push(one);
  }
  return roots;
}

const pick = ({ begin, end, order, depth }: Stretch): Stretch => ({
  begin,
  end,
  order,
  depth,
});
