// Searches of BBOB's functions: every method on the same functions, instances and starts, with the same budget.
import { FUNCTIONS } from "../bbob/index.js";
import { type Implementation, type Settings, type Skip, settingsFor } from "../implementations.js";
import { errorText, type ImplementationProcess, open } from "../process.js";

/** Values above fopt; a search ends when it has hit the last. */
export const TARGETS: readonly number[] = [1, 1e-3, 1e-8];
export const DIMENSIONS: readonly number[] = [2, 5, 10, 20];

export interface Extent {
  /** Instances of each function, from 1. */
  readonly instances: number;
  /** Evaluations of a search, for each dimension. */
  readonly budget: number;
  /** Searches of each instance. */
  readonly seeds: number;
}

export const FULL_EXTENT: Extent = { instances: 15, budget: 1000, seeds: 1 };
export const QUICK_EXTENT: Extent = { instances: 2, budget: 200, seeds: 1 };

/** One search, as `--json` writes it. */
export interface SearchRow {
  readonly mode: "gradient-free";
  readonly impl: string;
  readonly method: string;
  readonly function: number;
  readonly d: number;
  readonly instance: number;
  /** From 0. */
  readonly seed: number;
  readonly budget: number;
  /** Spent until the last target was hit, the budget was spent, or the method ended by itself. */
  readonly evaluations: number;
  /** Evaluations to each target; null where it was not hit. */
  readonly hits: readonly (number | null)[];
}

interface Task {
  readonly impl: Implementation;
  readonly method: string;
  readonly function: number;
  readonly d: number;
}

// Of two digits, so that no number is a part of another in --filter.
const digits = (n: number) => String(n).padStart(2, "0");
/** The word for a dimension in the name of a task. */
export const namePart = (d: number) => `d=${digits(d)}`;
const nameOf = ({ method, function: id, d }: Task) => `gradient-free f${digits(id)} ${namePart(d)} ${method}`;

/** All tasks, those that take longest first, so that the processes end at the same time. */
function allTasks(implementations: readonly Implementation[]): Task[] {
  return DIMENSIONS.toReversed().flatMap((d) =>
    implementations.flatMap((impl) =>
      (impl.searches ?? []).flatMap((method) =>
        FUNCTIONS.map(({ id }) => ({ impl, method, function: id, d })),
      ),
    ),
  );
}

/** Searches in this many processes at a time, with one thread each: evaluations are counted, not time. */
export async function searchAll(
  implementations: readonly Implementation[],
  options: {
    processes: number;
    extent: Extent;
    /** Those of an earlier run. */
    reused: readonly SearchRow[];
    matches: (job: string, impl: string) => boolean;
    say: (line: string) => void;
    /** Called with the searches so far, as they come. */
    keep: (searches: readonly SearchRow[]) => void;
  },
): Promise<{ searches: SearchRow[]; skipped: Skip[] }> {
  const { extent, matches, say, keep } = options;
  const settings = { ...settingsFor(1).settings, prefix: [] };
  const tasks = allTasks(implementations).filter((task) => matches(nameOf(task), task.impl.name));
  const known = new Map(options.reused.map((row) => [keyOf(row), row]));
  const searches: SearchRow[] = [];
  const skipped: Skip[] = [];
  let begun = 0;
  let done = 0;
  /** A method that fails has no more searches. */
  const failed = new Set<string>();
  const work = async () => {
    const processes = new Processes(settings);
    try {
      for (;;) {
        const task = tasks[begun++];
        if (task === undefined) return;
        done++;
        const series = `${task.method} by ${task.impl.name}`;
        if (failed.has(series)) continue;
        const started = performance.now();
        const rows = await search(task, extent, processes, known).catch(async (error: unknown) => {
          await processes.drop(task.impl);
          if (!failed.has(series)) {
            skipped.push({ impl: task.impl.name, where: nameOf(task), reason: errorText(error) });
          }
          failed.add(series);
          return [];
        });
        searches.push(...rows);
        keep(searches);
        say(`${done}/${tasks.length} ${nameOf(task)} ${task.impl.name}: ${describe(rows, started)}`);
      }
    } finally {
      await processes.close();
    }
  };
  await Promise.all(Array.from({ length: options.processes }, work));
  return { searches, skipped };
}

function describe(rows: readonly SearchRow[], started: number): string {
  const hit = rows.flatMap(({ hits }) => hits).filter((evaluations) => evaluations !== null).length;
  const seconds = (performance.now() - started) / 1000;
  return `${hit} of ${rows.length * TARGETS.length} targets, ${seconds.toFixed(1)} s`;
}

/** All that a search depends on. */
const keyOf = (row: Pick<SearchRow, "impl" | "method" | "function" | "d" | "budget" | "instance" | "seed">) =>
  [row.impl, row.method, row.function, row.d, row.budget, row.instance, row.seed].join(" ");

async function search(
  task: Task,
  extent: Extent,
  processes: Processes,
  known: ReadonlyMap<string, SearchRow>,
): Promise<SearchRow[]> {
  const { impl, method, function: id, d } = task;
  const budget = extent.budget * d;
  const shared = { method, function: id, d, budget };
  const rows: SearchRow[] = [];
  for (let seed = 0; seed < extent.seeds; seed++) {
    for (let instance = 1; instance <= extent.instances; instance++) {
      const described = { impl: impl.name, ...shared, instance, seed };
      const found = known.get(keyOf(described));
      if (found !== undefined) {
        rows.push(found);
        continue;
      }
      const child = await processes.of(impl);
      const runs = await child.search({ ...shared, instances: [instance], seed, targets: TARGETS });
      rows.push(...runs.map((run) => ({ mode: "gradient-free" as const, ...described, ...run })));
    }
  }
  return rows;
}

/** One process of each implementation, started when it is first needed. */
class Processes {
  readonly #open = new Map<string, ImplementationProcess>();
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async of({ name, command }: Implementation): Promise<ImplementationProcess> {
    const running = this.#open.get(name);
    if (running !== undefined) return running;
    const child = open(command, this.#settings);
    this.#open.set(name, child);
    await child.hello();
    return child;
  }

  /** Ends an implementation's process, which may no longer answer. */
  async drop({ name }: Implementation): Promise<void> {
    await this.#open.get(name)?.close();
    this.#open.delete(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((child) => child.close()));
  }
}
