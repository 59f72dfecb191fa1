// Adds up vitest's JSON reports in a folder, for .ci/run: "812 passed, 0 failed".
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const folder = process.argv[2];
const total = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(folder).sort()) {
  const report = JSON.parse(readFileSync(join(folder, name), "utf8"));
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report;
  // A test file that could not be loaded counts as one failure, though it has no tests.
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  console.log(
    `${name.replace(/\.json$/, "")}: ${passed} passed, ${failed + broken.length} failed, ${skipped} skipped`,
  );
  total.passed += passed;
  total.failed += failed + broken.length;
  total.skipped += skipped;
}
console.log(`${total.passed} passed, ${total.failed} failed`);
