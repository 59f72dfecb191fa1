import { optionalPackage } from "../optional-package.js";

/** What diagrams and plots need. */
const PACKAGES = ["@dagrejs/dagre", "vega", "vega-lite"];

/** @throws PackageError for the first package that is not installed */
export function checkPackages(where: string): void {
  for (const name of PACKAGES) optionalPackage<unknown>(where, name);
}
