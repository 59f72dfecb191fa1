// The places from which the packed package is used, one row each. A folder beside this file has the row's programs.
import { join } from "node:path";
import { root } from "../build/helpers.js";

/** A place from which the package is used. */
export interface Row {
  readonly name: string;
  /** Folders of fixtures. A later one overrides files of an earlier one. */
  readonly fixtures: readonly string[];
  /** Packages of npm that the programs need beside Thalweg, with versions or ranges. */
  readonly packages?: Readonly<Record<string, string>>;
  /** The major version of Node that runs the commands, from npm; `"own"`: the one that runs this, and the checkout's tools. */
  readonly node?: string;
  /** What installs the packages. */
  readonly manager?: Manager;
  /** Further arguments of the installation. */
  readonly flags?: readonly string[];
  /** The "type" of the project's package.json. */
  readonly type?: "commonjs" | "module";
  /** Lines for the shell, in order. Commands of the packages and the row's Node are found first. */
  readonly commands: readonly string[];
  /** How many trainings print their losses. 0: the commands need only succeed. */
  readonly trainings?: number;
  /** What the output may say instead of training: an error that tells what to do. */
  readonly orSays?: RegExp;
  /** Why the row cannot be tried everywhere, or need not work. Such a row is tried, and fails nothing. */
  readonly argued?: string;
}

export type Manager = "npm" | "pnpm" | "yarn";

/** The Node of rows that say nothing else: tools' newest versions run on it. */
export const DEFAULT_NODE = "24";

const NODES = ["20", "22", "24", "26"];

// Each with types of Node that it can read: the field typeScriptVersion of @types/node names the oldest TypeScript.
const TYPESCRIPTS = [
  { typescript: "5.0.4", types: "20.17.28" },
  { typescript: "5.1.6", types: "20.19.9" },
  { typescript: "5.2.2", types: "20.19.37" },
  { typescript: "5.3.3", types: "20" },
  { typescript: "5.4.5", types: "20" },
  { typescript: "5.5.4", types: "20" },
  { typescript: "5.6.3", types: "20" },
  { typescript: "5.7.3", types: "20" },
  { typescript: "5.8.3", types: "20" },
  { typescript: "5.9.3", types: "20" },
  { typescript: "6.0.3", types: "20" },
  { typescript: "7.0.2", types: "26" },
];

const nodeRows = NODES.flatMap((node): Row[] => [
  { name: `node ${node} esm`, fixtures: ["esm"], node, commands: ["node main.mjs"] },
  { name: `node ${node} commonjs`, fixtures: ["cjs"], node, commands: ["node main.cjs"] },
]);

// What has no packages of its own is installed once and takes seconds: the tests of every change have these.
const ownRows: Row[] = [
  { name: "own node esm", fixtures: ["esm"], node: "own", commands: ["node main.mjs"] },
  { name: "own node commonjs", fixtures: ["cjs"], node: "own", commands: ["node main.cjs"] },
  {
    name: "own node worker_threads",
    fixtures: ["worker"],
    node: "own",
    commands: ["node main.mjs"],
    trainings: 2,
  },
  { name: "own tsx", fixtures: ["tsx"], node: "own", commands: ["tsx main.ts"] },
  {
    name: "own esbuild external",
    fixtures: ["esm"],
    node: "own",
    commands: [
      "esbuild main.mjs --bundle --platform=node --format=esm --packages=external --outfile=out/main.mjs",
      "node out/main.mjs",
    ],
  },
  {
    name: "own typescript",
    fixtures: ["typescript"],
    node: "own",
    type: "module",
    commands: [
      `tsc --noEmit --project tsconfig.nodenext.json --typeRoots ${join(root, "node_modules", "@types")}`,
    ],
    trainings: 0,
  },
];

const runtimeRows: Row[] = [
  { name: "bun esm", fixtures: ["esm"], packages: { bun: "1" }, commands: ["bun main.mjs"] },
  { name: "bun commonjs", fixtures: ["cjs"], packages: { bun: "1" }, commands: ["bun main.cjs"] },
  { name: "deno esm", fixtures: ["esm"], packages: { deno: "2" }, commands: ["deno run -A main.mjs"] },
  { name: "deno commonjs", fixtures: ["cjs"], packages: { deno: "2" }, commands: ["deno run -A main.cjs"] },
  {
    name: "electron",
    fixtures: ["electron"],
    packages: { electron: "45" },
    commands: ["electron --no-sandbox --ozone-platform=headless main.cjs"],
    argued: "npm has no binary of it: its package downloads one from GitHub when it is first used",
  },
];

const processRows: Row[] = [
  { name: "worker_threads", fixtures: ["worker"], commands: ["node main.mjs"], trainings: 2 },
  { name: "cluster", fixtures: ["cluster"], commands: ["node main.mjs"], trainings: 3 },
  {
    name: "piscina",
    fixtures: ["piscina"],
    packages: { piscina: "5" },
    commands: ["node main.mjs"],
    trainings: 3,
  },
  { name: "tsx", fixtures: ["tsx"], packages: { tsx: "4" }, commands: ["tsx main.ts"] },
  {
    name: "tsx commonjs",
    fixtures: ["tsx"],
    packages: { tsx: "4" },
    type: "commonjs",
    commands: ["tsx main.ts"],
  },
];

const testRunnerRows: Row[] = [
  {
    name: "jest commonjs",
    fixtures: ["jest-cjs"],
    packages: { jest: "30" },
    type: "commonjs",
    commands: ["jest"],
  },
  {
    name: "jest esm",
    fixtures: ["jest-esm"],
    packages: { jest: "30" },
    type: "module",
    commands: ["NODE_OPTIONS=--experimental-vm-modules jest"],
  },
  ...["forks", "threads", "vmForks", "vmThreads"].map((pool) => ({
    name: `vitest ${pool}`,
    fixtures: ["vitest"],
    packages: { vitest: "5" },
    commands: [`vitest run --pool ${pool}`],
  })),
];

const esbuild = (format: "esm" | "cjs", how: "bundled" | "external"): Row => {
  const out = format === "esm" ? "out/main.mjs" : "out/main.cjs";
  const external = how === "external" ? " --external:thalweg" : "";
  return {
    name: `esbuild ${format} ${how}`,
    fixtures: ["esm"],
    packages: { esbuild: "0.28" },
    commands: [
      `esbuild main.mjs --bundle --platform=node --format=${format}${external} --outfile=${out}`,
      `node ${out}`,
    ],
  };
};

const WEBPACK = { webpack: "5", "webpack-cli": "7" };
const ROLLUP = {
  rollup: "4",
  "@rollup/plugin-commonjs": "29",
  "@rollup/plugin-json": "6",
  "@rollup/plugin-node-resolve": "16",
};

const bundlerRows: Row[] = [
  esbuild("esm", "bundled"),
  esbuild("esm", "external"),
  esbuild("cjs", "bundled"),
  esbuild("cjs", "external"),
  {
    name: "webpack bundled",
    fixtures: ["esm", "webpack"],
    packages: WEBPACK,
    commands: ["webpack", "node out/main.cjs"],
  },
  {
    name: "webpack external",
    fixtures: ["esm", "webpack-external"],
    packages: WEBPACK,
    commands: ["webpack", "node out/main.mjs"],
  },
  {
    name: "rollup bundled",
    fixtures: ["esm", "rollup"],
    packages: ROLLUP,
    commands: ["rollup --config", "node out/main.mjs"],
  },
  {
    name: "rollup external",
    fixtures: ["esm", "rollup-external"],
    packages: ROLLUP,
    commands: ["rollup --config", "node out/main.mjs"],
  },
  {
    name: "vite ssr external",
    fixtures: ["esm", "vite-ssr"],
    packages: { vite: "8" },
    commands: ["vite build", "node out/main.mjs"],
  },
  {
    name: "vite ssr bundled",
    fixtures: ["esm", "vite-ssr-bundled"],
    packages: { vite: "8" },
    commands: ["vite build", "node out/main.mjs"],
  },
  {
    name: "ncc",
    fixtures: ["esm"],
    packages: { "@vercel/ncc": "0.45" },
    type: "module",
    // What it makes has the binary, and runs without the package.
    commands: [
      "ncc build main.mjs --out out",
      'away=$(mktemp -d) && cp out/* "$away" && node "$away/index.mjs" && rm -r "$away"',
    ],
  },
];

const next = (version: string): Row[] => {
  const packages = { next: version, react: "19", "react-dom": "19" };
  const commands = ["next build", "node ask.mjs"];
  return [
    { name: `next ${version} external`, fixtures: ["next", "next-external"], packages, commands },
    {
      name: `next ${version} bundled`,
      fixtures: ["next"],
      packages,
      commands,
      // The folder for deployment has no packages and no binary then.
      orSays: /Next\.js: serverExternalPackages: \["thalweg"\]/,
    },
  ];
};

const installationRows: Row[] = [
  {
    name: "npm --ignore-scripts",
    fixtures: ["esm"],
    flags: ["--ignore-scripts"],
    commands: ["node main.mjs"],
  },
  {
    name: "npm --omit=optional --ignore-scripts",
    fixtures: ["esm"],
    flags: ["--omit=optional", "--ignore-scripts"],
    commands: ["node main.mjs"],
    orSays: /npm install @thalweg\/.*/,
  },
  { name: "pnpm", fixtures: ["esm"], manager: "pnpm", commands: ["node main.mjs"] },
  { name: "yarn pnp esm", fixtures: ["esm"], manager: "yarn", commands: ["yarn node main.mjs"] },
  { name: "yarn pnp commonjs", fixtures: ["cjs"], manager: "yarn", commands: ["yarn node main.cjs"] },
];

interface Mode {
  readonly name: string;
  /** Of the file tsconfig.<config>.json. */
  readonly config: string;
  readonly type: "commonjs" | "module";
  readonly flags?: string;
}

/** The modes of modules that a TypeScript has: the tsconfig and the project's type. */
function modesOf(typescript: string): Mode[] {
  const major = Number.parseInt(typescript, 10);
  // TypeScript 6 warns of it, 7 has it no more.
  const node10 = { name: "node10", config: "node10", type: "commonjs" } as const;
  return [
    ...(major === 5 ? [node10] : []),
    ...(major === 6 ? [{ ...node10, flags: " --ignoreDeprecations 6.0" }] : []),
    { name: "node16 commonjs", config: "node16", type: "commonjs" },
    { name: "node16 esm", config: "node16", type: "module" },
    { name: "nodenext commonjs", config: "nodenext", type: "commonjs" },
    { name: "nodenext esm", config: "nodenext", type: "module" },
    { name: "bundler", config: "bundler", type: "module" },
  ];
}

const typescriptRows = TYPESCRIPTS.flatMap(({ typescript, types }) =>
  modesOf(typescript).map(
    ({ name, config, type, flags = "" }): Row => ({
      name: `typescript ${typescript} ${name}`,
      fixtures: ["typescript"],
      packages: { typescript, "@types/node": types },
      type,
      commands: [`tsc --noEmit --project tsconfig.${config}.json${flags}`],
      trainings: 0,
    }),
  ),
);

// It builds the addon, which takes minutes.
const sourceRows: Row[] = [
  {
    name: "npm --omit=optional",
    fixtures: ["esm"],
    flags: ["--omit=optional"],
    commands: ["node main.mjs"],
  },
];

/** Whether the tests of every change have a row. */
export const isShort = ({ node }: Row) => node === "own";

export const ROWS: readonly Row[] = [
  ...ownRows,
  ...nodeRows,
  ...runtimeRows,
  ...processRows,
  ...testRunnerRows,
  ...bundlerRows,
  ...next("15"),
  ...next("16"),
  ...installationRows,
  ...typescriptRows,
  ...sourceRows,
];
