/** For each platform of native/platforms.json, functions that `require` its package's two files. */
type OwnRequires = Readonly<
  Record<string, { about(): { readonly version: string }; addon(): unknown } | undefined>
>;

/**
 * In CommonJS, scripts/build.mjs writes these functions from native/platforms.json: Next.js 15 and 16 put a binary into
 * a deployment only if a plain `require` names the whole path. In ES modules the list is empty.
 */
export const ownRequires: OwnRequires = {};
