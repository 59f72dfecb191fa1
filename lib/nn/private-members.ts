// What a copy made from outside cannot have: private members and bound functions, found in the text of classes.

const NAME = "#[\\p{ID_Start}$_][\\p{ID_Continue}$]*";
/** Where a member is asked for: `this.#name`, or `#name in this`. */
const USED = new RegExp(`\\.\\s*(${NAME})|(${NAME})\\s+in\\b`, "gu");
/** Where a member is the class's own, and not of its objects. */
const STATIC = new RegExp(
  `\\bstatic\\s+(?:async\\s+)?(?:\\*\\s*)?(?:(?:get|set|accessor)\\s+)?(${NAME})`,
  "gu",
);
/** What compilers for older targets make of such members: memory of their own, by WeakMap. */
const LOWERED = /_class_?private_?(?:field|method)|__private(?:Get|Set|Add|Method)\b|_assertClassBrand/i;

const known = new WeakMap<object, string | null>();

/** The text of a class or function. */
function textOf(value: unknown): string {
  return typeof value === "function" ? Function.prototype.toString.call(value) : "";
}

function privateMember(text: string): string | null {
  const shared = new Set(Array.from(text.matchAll(STATIC), ([, name]) => name));
  for (const [, asked, tested] of text.matchAll(USED)) {
    const name = asked ?? (tested as string);
    if (!shared.has(name)) return name;
  }
  return LOWERED.test(text) ? "by WeakMap" : null;
}

/** One of the members beginning with # that the class of this prototype gives its objects; null for none. */
export function ownPrivateMember(prototype: object): string | null {
  const found = known.get(prototype);
  if (found !== undefined) return found;
  const member = privateMember(textOf(Object.getOwnPropertyDescriptor(prototype, "constructor")?.value));
  known.set(prototype, member);
  return member;
}

/** Whether a function is tied to an object: bound, or an arrow function that says `this`. */
export function isTied(value: (...args: never[]) => unknown): boolean {
  if (value.name.startsWith("bound ")) return true;
  const text = textOf(value);
  return (
    /^(?:async\b\s*)?(?:\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u.test(text) && /\bthis\b/.test(text)
  );
}
