/** What loads a package with a binary by plain `require`, by the system's name in native/platforms.json. */
type OwnRequires = Readonly<
  Record<string, { about(): { readonly version: string }; addon(): unknown } | undefined>
>;

/**
 * In CommonJS, `require` of each package with a binary: scripts/build.mjs writes them from native/platforms.json. Some
 * tracers of deployments (those of Next.js 15 and 16) find a binary only by a plain `require` with its name in full. ES
 * modules have none.
 */
export const ownRequires: OwnRequires = {};
