// What `fit` loads for its options `report` and `watch`.

import { checkPath, type FilePath } from "../files/path.js";
import type { Follower } from "../train/following.js";
import { checkPackages } from "./packages.js";
import { Recorder } from "./recorder.js";
import { RunFile } from "./run-file.js";

/** Records a run for a page. @throws PackageError, FileError */
export function openReport(path: FilePath): Follower {
  checkPackages("fit: report");
  return new Recorder(path);
}

/** Writes a run's file, which grows, into a folder. @throws ArgumentError, FileError */
export const openRunFile = (folder: FilePath): Follower => new RunFile(checkPath("fit: watch", folder));
