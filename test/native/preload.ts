import { execFileSync } from "node:child_process";
import process from "node:process";

/** Whether the tests may put something before the C library: glibc's, and no sanitizer was put there already. */
export const canPreload =
  process.platform === "linux" &&
  (process.env["LD_PRELOAD"] ?? "") === "" &&
  "glibcVersionRuntime" in (process.report.getReport() as unknown as { header: object }).header;

/** Compiles a C source to a library that can be preloaded. */
export function compilePreload(source: string, to: string): string {
  execFileSync(process.env["CC"] ?? "gcc", ["-O1", "-shared", "-fPIC", source, "-o", to, "-ldl"]);
  return to;
}
