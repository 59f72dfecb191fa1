// The time that a method takes outside f, by evaluation: in turns, like all that is timed.
import { setTimeout as sleep } from "node:timers/promises";
import { type Implementation, type Skip, settingsFor } from "../implementations.js";
import type { Pace } from "../measure.js";
import { errorText, type ImplementationProcess, open } from "../process.js";
import { type Row, toRow } from "../row.js";

const DIMENSIONS = [20, 100];
/** Generations of a sample: enough to reach the steady state of f9. */
const GENERATIONS = 200;

interface Turn {
  readonly impl: Implementation;
  readonly child: ImplementationProcess;
  readonly samples: number[];
}

/** Times every method at d = 20 and d = 100, with each implementation that has it, on one thread. */
export async function timeOutside(
  implementations: readonly Implementation[],
  options: { pace: Pace; matches: (job: string, impl: string) => boolean },
): Promise<{ rows: Row[]; skipped: Skip[] }> {
  const rows: Row[] = [];
  const skipped: Skip[] = [];
  const methods = new Set(implementations.flatMap(({ outside }) => outside ?? []));
  for (const method of methods) {
    for (const d of DIMENSIONS) {
      const workload = `outside-f-d${d}`;
      const where = `gradient-free ${workload} ${method}`;
      const able = implementations.filter(
        ({ name, outside }) => outside?.includes(method) === true && options.matches(where, name),
      );
      const turns = await takeTurns(able, { method, d }, options.pace, (impl, reason) =>
        skipped.push({ impl, where, reason }),
      );
      const job = { workload, optimizer: method, mode: "gradient-free", batch: 1, flops: null } as const;
      rows.push(...turns.map(({ impl, samples }) => toRow(job, 1, null, { impl, samples, peakBytes: null })));
    }
  }
  return { rows, skipped };
}

/** @returns the turns of those that did not fail. */
async function takeTurns(
  able: readonly Implementation[],
  { method, d }: { method: string; d: number },
  pace: Pace,
  fail: (impl: string, reason: string) => void,
): Promise<Turn[]> {
  const { settings } = settingsFor(1);
  const turns: Turn[] = able.map((impl) => ({ impl, child: open(impl.command, settings), samples: [] }));
  const failed = new Set<Turn>();
  const attempt = async (turn: Turn, action: () => Promise<unknown>) => {
    if (failed.has(turn)) return;
    await action().catch((error: unknown) => {
      failed.add(turn);
      fail(turn.impl.name, errorText(error));
    });
  };
  try {
    for (const turn of turns) await attempt(turn, () => turn.child.hello());
    for (let round = 0; round < pace.rounds; round++) {
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
        await sleep(pace.pauseMillis);
        await attempt(turn, async () => {
          const request = { method, d, generations: GENERATIONS, minMillis: pace.sliceMillis };
          turn.samples.push(...(await turn.child.outside(request)));
        });
      }
    }
    return turns.filter((turn) => !failed.has(turn));
  } finally {
    await Promise.all(turns.map(({ child }) => child.close()));
  }
}
