// The implementations: how each is started, and whether it can run here.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { errorText, open } from "./process.js";
import type { Hello } from "./protocol.js";

const folder = import.meta.dirname;
const tsx = import.meta.resolve("tsx");
const SETUP = "npm run bench:peers";

interface Candidate {
  readonly name: string;
  readonly command: (python: string) => readonly string[];
  /** It is not timed on steps with more operations than this, which would take half a minute or more each. */
  readonly maxFlops?: number;
  /** This library in another way, which takes part without being asked for. */
  readonly isOurs?: boolean;
}

// --expose-gc: to collect the garbage of the preparation, which is not part of the steps' memory.
const node = (...args: string[]) => [process.execPath, "--expose-gc", "--import", tsx, ...args];
const inPeers = (file: string) => join(folder, "peers", file);
const inPython =
  (file: string, ...args: string[]) =>
  (python: string) => [python, inPeers(file), ...args];
const tfjs = (name: string, more: { maxFlops?: number } = {}): Candidate => ({
  name,
  command: () => node(inPeers("tfjs_peer.mjs"), name),
  ...more,
});

export const OURS = "thalweg";
const ours = (name: string) => () => node(join(folder, "impl", "thalweg.ts"), name);

const CANDIDATES: readonly Candidate[] = [
  { name: OURS, command: ours(OURS), isOurs: true },
  { name: "thalweg-js", command: ours("thalweg-js"), isOurs: true },
  { name: "torch-eager", command: inPython("torch_peer.py", "torch-eager") },
  { name: "torch-compile", command: inPython("torch_peer.py", "torch-compile") },
  { name: "jax-jit", command: inPython("jax_peer.py", "jax-jit") },
  { name: "jax-scan", command: inPython("jax_peer.py", "jax-scan") },
  { name: "jax-es-jit", command: inPython("jax_evolution_peer.py", "jax-es-jit") },
  { name: "jax-es-scan", command: inPython("jax_evolution_peer.py", "jax-es-scan") },
  { name: "numpy", command: inPython("numpy_peer.py") },
  tfjs("tfjs-wasm", { maxFlops: 3e10 }),
  tfjs("tfjs-cpu", { maxFlops: 3e9 }),
  tfjs("tfjs-node"),
  { name: "tensorflow", command: inPython("tensorflow_peer.py", "tensorflow") },
  { name: "tensorflow-xla", command: inPython("tensorflow_peer.py", "tensorflow-xla") },
  { name: "jax-js", command: () => node(inPeers("jax_js_peer.mjs")) },
  { name: "torch-foreach", command: inPython("torch_peer.py", "torch-foreach") },
  { name: "torch-fused", command: inPython("torch_peer.py", "torch-fused") },
  { name: "torch-mkl", command: inPython("torch_peer.py", "torch-mkl") },
  { name: "torch-onednn", command: inPython("torch_peer.py", "torch-onednn") },
  { name: "torch-ppo", command: inPython("torch_ppo_peer.py") },
  { name: "jax-ppo", command: inPython("jax_ppo_peer.py") },
  { name: "pycma", command: inPython("pycma_peer.py") },
  { name: "scipy", command: inPython("scipy_peer.py") },
];

export const PEERS: readonly string[] = CANDIDATES.filter(({ isOurs }) => isOurs !== true).map(
  ({ name }) => name,
);

/** The float64 steps against which all implementations are verified. */
export const REFERENCE_COMMAND: readonly string[] = node(join(folder, "impl", "reference.ts"));

export interface Implementation extends Hello {
  readonly command: readonly string[];
  readonly maxFlops: number;
}

export interface Skip {
  readonly impl: string;
  /** The job that it was left out of; null if it was left out of all jobs. */
  readonly where: string | null;
  readonly reason: string;
}

/** The Python of `npm run bench:peers`, or THALWEG_BENCH_PYTHON; null if there is none. */
export function findPython(): string | null {
  const python = process.env["THALWEG_BENCH_PYTHON"] ?? join(folder, ".venv", "bin", "python");
  return existsSync(python) ? python : null;
}

/** Starts each implementation once, to find out whether it runs and which modes it has. */
export async function findImplementations(
  peers: readonly string[],
  settings: Settings,
): Promise<{ found: Implementation[]; skipped: Skip[] }> {
  const found: Implementation[] = [];
  const skipped: Skip[] = [];
  const python = findPython();
  for (const { name, command, maxFlops = Number.POSITIVE_INFINITY, isOurs } of CANDIDATES) {
    if (isOurs !== true && !peers.includes(name)) continue;
    const words = command(python ?? "");
    if (words[0] === "") {
      skipped.push({ impl: name, where: null, reason: `needs Python packages: ${SETUP} installs them` });
      continue;
    }
    const child = open(words, settings);
    try {
      found.push({ ...(await child.hello()), name, command: words, maxFlops });
    } catch (error) {
      skipped.push({ impl: name, where: null, reason: explain(errorText(error)) });
    } finally {
      await child.close();
    }
  }
  return { found, skipped };
}

function explain(reason: string): string {
  const missing = /No module named '([\w.]+)'|Cannot find (?:package|module) '([^']+)'/.exec(reason);
  if (missing === null) return reason;
  const name = missing[1] ?? missing[2];
  return name === "@tensorflow/tfjs-node"
    ? `${name} is not installed: it downloads TensorFlow's library; ${SETUP} -- --tfjs-node tries`
    : `${name} is not installed: ${SETUP} installs it`;
}

/** The settings with which every process is started. */
export interface Settings {
  readonly threads: number;
  /** `taskset` and its arguments, if not all cores may be used. */
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The same number of threads for all implementations: by the variables that each library reads and, if there are more
 * cores, by pinning to that many, since XLA uses all cores that it may.
 */
export function settingsFor(threads: number): { settings: Settings; note: string | null } {
  const count = String(threads);
  const env = {
    OMP_NUM_THREADS: count,
    MKL_NUM_THREADS: count,
    OPENBLAS_NUM_THREADS: count,
    VECLIB_MAXIMUM_THREADS: count,
    TF_NUM_INTRAOP_THREADS: count,
    JAX_PLATFORMS: "cpu",
    // Compiles in its own process: compile workers would outlive it.
    TORCHINDUCTOR_COMPILE_THREADS: "1",
    TF_CPP_MIN_LOG_LEVEL: "2",
  };
  const cores = allowedCores();
  if (cores === null || cores.length <= threads)
    return { settings: { threads, prefix: [], env }, note: null };
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
  } catch {
    return {
      settings: { threads, prefix: [], env },
      note: `no taskset: JAX may have used ${cores.length} threads`,
    };
  }
  const list = cores.slice(0, threads).join(",");
  return { settings: { threads, prefix: ["taskset", "--cpu-list", list], env }, note: null };
}

/** The cores that this process may use; null if Linux does not tell. */
function allowedCores(): number[] | null {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
    return list.split(",").flatMap((range) => {
      const [first, last] = range.split("-").map(Number) as [number, number?];
      return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i);
    });
  } catch {
    return null;
  }
}
