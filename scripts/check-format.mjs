// Holds the C++ against .clang-format; with --write, formats it. Without clang-format it only prints a note.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { nativeFiles } from "./native-files.mjs";
import { root } from "./toolchain.mjs";

const how = process.argv.includes("--write") ? ["-i"] : ["--dry-run", "--Werror"];
const child = spawnSync("clang-format", [...how, ...nativeFiles()], { cwd: root, stdio: "inherit" });
if (child.error?.code === "ENOENT") {
  console.log("clang-format is not installed: the C++ format was not checked (Debian: clang-format)");
} else if (child.error !== undefined || child.status !== 0) {
  process.exitCode = 1;
}
