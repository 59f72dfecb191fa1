// Checks the includes of native/: addon is above engine, engine above kernels, and only addon may include Node.
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import process from "node:process";
import { nativeFiles } from "./native-files.mjs";
import { root } from "./toolchain.mjs";

const MAY_INCLUDE = {
  addon: ["addon", "engine", "kernels"],
  engine: ["engine", "kernels"],
  kernels: ["kernels"],
};

const NODE = /^(napi|node|js_native_api|v8|uv)[\w-]*\.h$|^(node|v8|uv|libplatform)\//;

// The only standard headers for sources that are compiled once per instruction set. They define no functions that a
// linker could share between the copies.
const KERNEL_HEADERS = ["stddef.h", "stdint.h", "immintrin.h", "arm_neon.h"];

/** The problem with one #include of a file; null if there is none. */
function problem(file, kind, name) {
  const area = file.split("/")[1];
  if (kind === "<") {
    if (NODE.test(name)) return area === "addon" ? null : "only native/addon knows Node";
    if (area !== "kernels" || file.startsWith("native/kernels/reference/")) return null;
    if (KERNEL_HEADERS.includes(name)) return null;
    return `kernels include no standard header but ${KERNEL_HEADERS.join(", ")}`;
  }
  const target = posix.join(posix.dirname(file), name);
  if (!existsSync(join(root, target))) return `there is no ${target}`;
  const wanted = target.split("/")[1];
  return MAY_INCLUDE[area]?.includes(wanted) ? null : `native/${area} may not include native/${wanted}`;
}

const problems = nativeFiles().flatMap((file) =>
  readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((line, i) => {
      const include = /^\s*#\s*include\s*([<"])([^>"]+)[>"]/.exec(line);
      const found = include === null ? null : problem(file, include[1], include[2]);
      return found === null ? [] : [`${file}:${i + 1}: ${line.trim()}: ${found}`];
    }),
);
for (const line of problems) console.error(line);
if (problems.length > 0) process.exitCode = 1;
