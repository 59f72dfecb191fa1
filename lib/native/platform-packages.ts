// scripts/describe-platforms.mjs writes the cases from native/platforms.json.

/** A package with the binary for one system. What loads it throws if it is not installed. */
export interface PlatformPackage {
  readonly name: string;
  readonly about: () => { readonly version: string };
  readonly addon: () => unknown;
}

/**
 * The package for a system: "linux-x64", "linux-x64-musl", …
 *
 * Each file's name stands here in full and `require` is made by something called `module`: by that the tracers of
 * deployments (@vercel/nft, thus Next.js) find the files. As `module` is a parameter, bundlers leave the calls alone,
 * which they would turn into errors for want of a loader of such files.
 * @param from The file that the packages are looked for from.
 * @returns null if there is none for that system.
 */
export function platformPackage(
  system: string,
  module: { createRequire(from: string): NodeJS.Require },
  from: string,
): PlatformPackage | null {
  const require = module.createRequire(from);
  switch (system) {
    case "linux-x64":
      return {
        name: "@thalweg/linux-x64",
        about: () => require("@thalweg/linux-x64/package.json"),
        addon: () => require("@thalweg/linux-x64/thalweg.node"),
      };
    case "linux-arm64":
      return {
        name: "@thalweg/linux-arm64",
        about: () => require("@thalweg/linux-arm64/package.json"),
        addon: () => require("@thalweg/linux-arm64/thalweg.node"),
      };
    case "linux-x64-musl":
      return {
        name: "@thalweg/linux-x64-musl",
        about: () => require("@thalweg/linux-x64-musl/package.json"),
        addon: () => require("@thalweg/linux-x64-musl/thalweg.node"),
      };
    case "linux-arm64-musl":
      return {
        name: "@thalweg/linux-arm64-musl",
        about: () => require("@thalweg/linux-arm64-musl/package.json"),
        addon: () => require("@thalweg/linux-arm64-musl/thalweg.node"),
      };
    case "darwin-arm64":
      return {
        name: "@thalweg/darwin-arm64",
        about: () => require("@thalweg/darwin-arm64/package.json"),
        addon: () => require("@thalweg/darwin-arm64/thalweg.node"),
      };
    case "darwin-x64":
      return {
        name: "@thalweg/darwin-x64",
        about: () => require("@thalweg/darwin-x64/package.json"),
        addon: () => require("@thalweg/darwin-x64/thalweg.node"),
      };
    case "win32-x64":
      return {
        name: "@thalweg/win32-x64",
        about: () => require("@thalweg/win32-x64/package.json"),
        addon: () => require("@thalweg/win32-x64/thalweg.node"),
      };
    default:
      return null;
  }
}
