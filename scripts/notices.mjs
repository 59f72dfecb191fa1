// Writes NOTICE: what others have made that is compiled into the addon, linked to it, or installed with the package, and
// under which licences. `--check` compares the file instead. What is linked follows from the files that say how the addon
// is built, what is installed from package.json and the imports of lib/.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

const read = (name) => readFileSync(join(root, name), "utf8");

/** Where it stands how the addon is built for any system. */
const BUILD_FILES = [
  "native/sources.json",
  "binding.gyp",
  ...readdirSync(join(root, "scripts"))
    .filter((name) => name.endsWith(".mjs") && name !== "notices.mjs")
    .map((name) => `scripts/${name}`),
];

const GCC_EXCEPTION = `under the GNU General Public License, version 3 or
later, with the GCC Runtime Library Exception, version 3.1
(https://www.gnu.org/licenses/gcc-exception-3.1.html). By the exception, a program
that such a compiler has compiled may have any licence, with these parts in it.`;

/** Parts of compilers and systems that come into the binaries, and the setting that brings them. */
const RUNTIMES = [
  {
    title: "libstdc++ and libgcc",
    setting: /-static-libstdc\+\+/,
    text: `Parts of GCC's runtime libraries are linked into the addon. They are
${GCC_EXCEPTION}`,
  },
  {
    title: "libc++, libc++abi and libunwind, and Zig's compiler-rt",
    setting: /\bzig\b|-stdlib=libc\+\+/,
    text: read("scripts/licences/zig.txt").trim(),
  },
  {
    title: "MinGW-w64",
    setting: /mingw32|windows-gnu/,
    text: read("scripts/licences/mingw-w64.txt").trim(),
  },
];

/** "@scope/name/file.js" → "@scope/name" */
const packageOf = (name) =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");

/** Packages whose code lib/ imports: a bundled build may contain it. Optional ones are not imported, but asked for. */
function importedPackages() {
  const files = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" });
  const names = files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [
      ...read(join("lib", file)).matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+"([^".][^"]*)";/gm),
    ])
    .map((match) => match[1])
    .filter((name) => !name.startsWith("node:"));
  return names.map(packageOf);
}

function licenceOf(name) {
  const folder = join(root, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (file === undefined) throw new Error(`notices: the package ${name} has no file with its licence`);
  const text = readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
  return { title: `${name} ${version} (${license})`, text };
}

/** The text of NOTICE. */
export function notices() {
  const building = BUILD_FILES.filter((name) => existsSync(join(root, name)))
    .map(read)
    .join("\n");
  const { dependencies = {} } = JSON.parse(read("package.json"));
  const packages = [...new Set([...Object.keys(dependencies), ...importedPackages()])].sort();
  const parts = [
    ...RUNTIMES.filter(({ setting }) => setting.test(building)),
    ...packages.map((name) => licenceOf(name)),
  ];
  const head = `Thalweg is under the MIT licence, which stands in LICENSE. It contains, or is installed
with, what others have made. Written by \`npm run notices\`.
`;
  return [head, ...parts.map(({ title, text }) => `${"-".repeat(80)}\n${title}\n\n${text}\n`)].join("\n");
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  const path = join(root, "NOTICE");
  if (!process.argv.includes("--check")) writeFileSync(path, notices());
  else if (!existsSync(path) || readFileSync(path, "utf8") !== notices()) {
    console.error("NOTICE is not as the build and the dependencies are; npm run notices writes it");
    process.exitCode = 1;
  }
}
