/** The entry that an option names. @throws Error that lists the names if there is no such entry. */
export function choose<T>(option: string, name: string, entries: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(entries, name)) return entries[name] as T;
  throw new Error(`--${option}: expected ${Object.keys(entries).join(" or ")}, got ${name}`);
}
