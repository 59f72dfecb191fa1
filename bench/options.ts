import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { PEERS as IMPLEMENTATIONS } from "./implementations.js";
import { IMPORT_PEERS } from "./import-time.js";
import { NOISES, type Noise } from "./noise.js";
import { MODES, type Mode } from "./workloads.js";

const PEERS = [...IMPLEMENTATIONS, ...IMPORT_PEERS];

export const USAGE = `usage: npm run bench -- [options]

  --modes LIST     of ${MODES.join(", ")}   (default: all)
  --filter TEXT    only rows "mode workload optimizer implementation" that hold each word of TEXT
  --peers LIST     names with commas between, none or all: whom to compare with   (default: all)
                   ${PEERS.join(", ")}
  --noise LIST     what runs beside each measurement, of ${NOISES.join(", ")}   (default: none)
  --instances N    of each of BBOB's functions in gradient-free      (default: 15)
  --budget N       evaluations of a search, times its dimension      (default: 1000)
  --seeds N        searches of each instance in gradient-free        (default: 1)
  --reuse LIST     files of --json: searches that are in one of them are not done again
  --threads N      how many each may use                     (default: all cores)
  --scaling        training steps and products with 1, 2, 4, … threads, up to --threads: the curve
  --quick          few and short turns: to try it, not to tell by
  --json FILE      write the rows there
  --results        write bench/RESULTS.md, bench/GRADIENT-FREE.md of gradient-free, bench/RL.md of rl, bench/IMPORT.md of
                   import, bench/SPARSE.md of sparse, bench/EVOLUTION.md of evolution, bench/NOISE.md of a run with noise,
                   and bench/SCALING.md of --scaling
  --help           this text`;

export interface Options {
  readonly modes: readonly Mode[];
  readonly filter: readonly string[];
  readonly peers: readonly string[];
  readonly noises: readonly Noise[];
  readonly instances: number | null;
  readonly budget: number | null;
  readonly seeds: number | null;
  readonly reuse: readonly string[];
  readonly threads: number;
  readonly scaling: boolean;
  readonly quick: boolean;
  readonly json: string | null;
  readonly results: boolean;
  readonly help: boolean;
}

/** @throws Error that names the wrong option. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      modes: { type: "string" },
      filter: { type: "string", default: "" },
      peers: { type: "string", default: "all" },
      noise: { type: "string", default: "none" },
      instances: { type: "string" },
      budget: { type: "string" },
      seeds: { type: "string" },
      reuse: { type: "string" },
      threads: { type: "string" },
      scaling: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      results: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    modes: values.modes === undefined ? MODES : listOf("--modes", values.modes, MODES),
    filter: values.filter.split(/[\s/]+/).filter((word) => word !== ""),
    peers:
      values.peers === "all" ? PEERS : values.peers === "none" ? [] : listOf("--peers", values.peers, PEERS),
    noises: listOf("--noise", values.noise, NOISES),
    instances: countOf("--instances", values.instances),
    budget: countOf("--budget", values.budget),
    seeds: countOf("--seeds", values.seeds),
    reuse: values.reuse?.split(",") ?? [],
    threads: countOf("--threads", values.threads) ?? availableParallelism(),
    scaling: values.scaling,
    quick: values.quick,
    json: values.json ?? null,
    results: values.results,
    help: values.help,
  };
}

function countOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`${option}: expected a whole number above 0, got ${text}`);
  }
  return count;
}

function listOf<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  return text.split(",").map((name) => {
    const found = known.find((other) => other === name);
    if (found === undefined) throw new Error(`${option}: unknown "${name}"; there are ${known.join(", ")}`);
    return found;
  });
}
