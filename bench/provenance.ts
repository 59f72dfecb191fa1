// Under which circumstances results were found.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import type { Implementation } from "./implementations.js";
import { table } from "./table.js";

/** The files that `--results` writes. */
export const KEPT = {
  all: "RESULTS.md",
  gradientFree: "GRADIENT-FREE.md",
  rl: "RL.md",
  import: "IMPORT.md",
  sparse: "SPARSE.md",
  evolution: "EVOLUTION.md",
  noise: "NOISE.md",
  scaling: "SCALING.md",
  consumers: "CONSUMERS.md",
} as const;

const FLAGS = ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve"];

export function processor(): { name: string; flags: string } {
  const name = cpus()[0]?.model ?? "unknown";
  try {
    const words = new Set(
      /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" "),
    );
    return { name, flags: FLAGS.filter((flag) => words.has(flag)).join(", ") };
  } catch {
    return { name, flags: "" };
  }
}

/** The commit of the checkout, and whether tracked files differ from it. */
export function commit(): string {
  try {
    const except = Object.values(KEPT).map((name) => `:!${name}`);
    const git = (...args: string[]) =>
      execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
    const changed = git("status", "--porcelain", "--untracked-files=no", "--", ...except, ":/") !== "";
    return git("rev-parse", "HEAD") + (changed ? ", with changes" : "");
  } catch {
    return "unknown";
  }
}

interface Provenance {
  readonly implementations: readonly Pick<Implementation, "name" | "version">[];
  readonly threads: number;
  /** The machine's peak, in words. */
  readonly peak?: string;
}

/** Rows of a table: the machine, the versions of those that took part, the day. */
export function provenance({ implementations, threads, peak }: Provenance): string[][] {
  const { name, flags } = processor();
  return [
    ["processor", `${name}, ${cpus().length} cores (${flags})`],
    ...(peak === undefined ? [] : [["peak", peak]]),
    ["threads", String(threads)],
    ["Node", process.version],
    ["commit", commit()],
    ["day", new Date().toISOString().slice(0, 10)],
    ...implementations.map((impl) => [impl.name, impl.version]),
  ];
}

/** Options that name files of this machine and change no result, each with its value. */
const FILES = ["--json", "--reuse"];
const isOfFile = (word: string, before: string | undefined) =>
  FILES.some((option) => word === option || word.startsWith(`${option}=`) || before === option);

const quote = (word: string) => (/^[\w./,=-]+$/.test(word) ? word : `"${word}"`);

/** The benchmark's command with these arguments. */
export function commandOf(args: readonly string[]): string {
  const words = args.filter((word, i) => !isOfFile(word, args[i - 1]));
  return `npm run bench${words.length > 0 ? ` -- ${words.map(quote).join(" ")}` : ""}`;
}

/** The end of a file that is kept, or of a part: the circumstances and the command that led to these rows. */
export function circumstances(
  rows: readonly { readonly impl: string }[],
  { implementations, args, ...other }: Provenance & { readonly args: readonly string[] },
): string[] {
  const took = implementations.filter(({ name }) => rows.some(({ impl }) => impl === name));
  return [
    table(["", ""], provenance({ ...other, implementations: took })),
    `\`\`\`sh\n${commandOf(args)}\n\`\`\``,
  ];
}
