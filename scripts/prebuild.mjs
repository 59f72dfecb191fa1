// Makes the packages with the binaries, one a system, in prebuilds/<platform>/:
//
//   npm run prebuild -- --target linux-arm64 …       those of these platforms of native/platforms.json
//   npm run prebuild -- --all                        all that can be built here
//   npm run prebuild -- --from <thalweg.node>        of a binary that is there, this system's or with --target
//   npm run prebuild -- --pack <folder>              tarballs of these packages and of the library, to publish
//
// Each binary must run on every system that its package is for (scripts/check-symbols.mjs). The library's tarball lists
// the packages in prebuilds/ as optional dependencies of its own version, and all must be there; --partial takes those
// that are. package.json does not list them, so that a checkout can be installed before they are published.
// --ignore-scripts packs dist/ as it is. --folder names another place than prebuilds/. Without a choice it makes nothing,
// since npm runs it before `npm run build` too.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { problemsOf } from "./check-symbols.mjs";
import { crossBuild, crossPlatforms } from "./cross.mjs";
import { packageName, platformName, platformNamed, platforms } from "./platforms.mjs";
import { loadFailure, root } from "./toolchain.mjs";

const ADDON = "thalweg.node";
const about = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const { values: options } = parseArgs({
  options: {
    target: { type: "string", multiple: true, default: [] },
    all: { type: "boolean", default: false },
    from: { type: "string" },
    pack: { type: "string" },
    partial: { type: "boolean", default: false },
    "ignore-scripts": { type: "boolean", default: false },
    folder: { type: "string", default: join(root, "prebuilds") },
  },
});
const prebuilds = resolve(options.folder);

function run(command, args, cwd = root) {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

/** Builds the addon for a platform. @returns its path. */
async function build({ name }) {
  for (const variable of ["THALWEG_BLAS", "THALWEG_SANITIZE"]) {
    if (process.env[variable])
      throw new Error(`${variable} is set; the binary of a package is the plain one`);
  }
  if (name !== platformName()) return crossBuild(name);
  run(process.execPath, [join("scripts", "install.mjs"), "--force"]);
  const stripped = join(root, "build", ADDON);
  copyFileSync(join(root, "build", "Release", ADDON), stripped);
  if (process.platform === "linux") run("strip", ["--strip-unneeded", stripped]);
  return stripped;
}

/** package.json of the package with a platform's binary. */
function manifestOf({ name, os, cpu, libc }) {
  const shared = ["version", "license", "author", "homepage", "repository", "bugs", "engines"];
  return {
    name: packageName(name),
    description: `The native addon of ${about.name} for ${name}`,
    ...Object.fromEntries(shared.filter((key) => key in about).map((key) => [key, about[key]])),
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc] }),
    main: ADDON,
    exports: { ".": `./${ADDON}`, [`./${ADDON}`]: `./${ADDON}`, "./package.json": "./package.json" },
    files: [ADDON, "NOTICE"],
    // A binary can be loaded only from a file of its own.
    preferUnplugged: true,
    publishConfig: { access: "public" },
  };
}

function writePackage(platform, addon) {
  const problems = problemsOf(addon, platform);
  const failure = platform.name === platformName() ? loadFailure(addon) : null;
  if (failure !== null) problems.push(`does not load: ${failure}`);
  if (problems.length > 0)
    throw new Error(problems.map((problem) => `${addon} ${problem}`).join("\nprebuild: "));

  const folder = join(prebuilds, platform.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(addon, join(folder, ADDON));
  for (const name of ["LICENSE", "NOTICE"]) copyFileSync(join(root, name), join(folder, name));
  writeJson(join(folder, "package.json"), manifestOf(platform));
  const text = `The native addon of [${about.name}](https://www.npmjs.com/package/${about.name}) for ${platform.name}.`;
  writeFileSync(
    join(folder, "README.md"),
    `# ${packageName(platform.name)}\n\n${text} It comes with that package.\n`,
  );
  console.log(`${folder}: ${packageName(platform.name)}@${about.version}`);
}

/** @returns the tarball's path. */
function pack(folder, to, ...args) {
  const [{ filename }] = JSON.parse(
    run("npm", ["pack", "--json", "--pack-destination", to, ...args], folder),
  );
  return join(to, filename);
}

/** The packages in prebuilds/. */
function madePackages() {
  const isMade = ({ name }) => {
    const path = join(prebuilds, name, "package.json");
    if (!existsSync(path)) return false;
    const { version } = JSON.parse(readFileSync(path, "utf8"));
    if (version !== about.version)
      throw new Error(`${join(prebuilds, name)} is of version ${version}, not ${about.version}`);
    return true;
  };
  const made = platforms.filter(isMade);
  const missing = platforms.filter((platform) => !made.includes(platform)).map(({ name }) => name);
  if (missing.length > 0 && !options.partial) {
    throw new Error(`${prebuilds} lacks ${missing.join(", ")}; --partial packs without`);
  }
  return made;
}

/** Packs the library, which lists the packages that are made, and these. */
function packAll(to) {
  const made = madePackages();
  mkdirSync(to, { recursive: true });
  const staging = mkdtempSync(join(tmpdir(), "thalweg-pack-"));
  try {
    const tarball = pack(root, staging, ...(options["ignore-scripts"] ? ["--ignore-scripts"] : []));
    run("tar", ["-xzf", tarball, "-C", staging]);
    const optionalDependencies = Object.fromEntries(
      made.map(({ name }) => [packageName(name), about.version]),
    );
    writeJson(join(staging, "package", "package.json"), { ...about, optionalDependencies });
    const packed = join(to, basename(tarball));
    run("tar", ["-czf", packed, "-C", staging, "package"]);
    console.log(packed);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  for (const { name } of made) console.log(pack(join(prebuilds, name), to));
}

async function prebuild() {
  if (!options.all && options.target.length === 0 && options.from === undefined && options.pack === undefined)
    return console.log("prebuild: makes packages with binaries by --all, --target, --from or --pack");
  if (options.pack !== undefined) return packAll(resolve(options.pack));
  const targets = options.target.length > 0 ? options.target : [platformName()];
  const chosen = (options.all ? [platformName(), ...crossPlatforms] : targets).map(platformNamed);
  if (options.from !== undefined && chosen.length > 1) throw new Error("--from is for one platform");
  for (const platform of chosen) writePackage(platform, options.from ?? (await build(platform)));
}

try {
  await prebuild();
} catch (error) {
  console.error(`prebuild: ${error.message}`);
  process.exitCode = 1;
}
