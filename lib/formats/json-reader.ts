/** A place in a text where it is not the JSON that was expected. */
export class JsonMistake extends Error {}

// Deeper values are refused: each level takes a frame of the stack.
const MOST_LEVELS = 64;

/**
 * Reads JSON in the order in which it is written, one value after the other, as the caller expects them. Unlike
 * `JSON.parse` it refuses a name that stands twice in an object, and `__proto__` is a name like any other.
 * Every method throws a JsonMistake if the text goes on in another way.
 */
export class JsonReader {
  readonly #text: string;
  #at = 0;
  #level = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads an object; calls `read` for each name, to read the value. */
  object(read: (name: string) => void): void {
    const names = new Set<string>();
    this.#list("{", "}", () => {
      const name = this.text();
      if (names.has(name)) this.fail(`the name ${JSON.stringify(name)} stands twice`);
      names.add(name);
      this.#expect(":");
      read(name);
    });
  }

  /** Reads an array; calls `read` for each value. */
  array(read: () => void): void {
    this.#list("[", "]", read);
  }

  /** Reads a string. */
  text(): string {
    this.#skipSpace();
    const start = this.#at;
    if (this.#text[start] !== '"') this.fail("expected a string");
    let end = this.#text.indexOf('"', start + 1);
    while (end > 0 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    if (end < 0) this.fail("a string has no end");
    this.#at = end + 1;
    const raw = this.#text.slice(start, end + 1);
    if (!NEEDS_PARSING.test(raw)) return raw.slice(1, -1);
    try {
      return this.#whole(JSON.parse(raw) as string);
    } catch (error) {
      if (error instanceof JsonMistake) throw error;
      this.#at = start;
      return this.fail("a string has an escape or a control character that JSON does not have");
    }
  }

  /** Reads a number ≥ 0 that is written with digits only, at most 2^53 − 1. */
  wholeNumber(): number {
    this.#skipSpace();
    const start = this.#at;
    let value = 0;
    let code = this.#text.charCodeAt(start);
    for (; code >= ZERO && code < ZERO + 10; code = this.#text.charCodeAt(++this.#at)) {
      value = 10 * value + code - ZERO;
    }
    const digits = this.#at - start;
    const isWhole = digits > 0 && (digits === 1 || this.#text.charCodeAt(start) !== ZERO);
    if (isWhole && Number.isSafeInteger(value) && !OTHER_NUMBERS.includes(code)) return value;
    this.#at = start;
    return this.fail("expected a whole number from 0 to 2^53 - 1");
  }

  /** Reads any value and forgets it. */
  skip(): void {
    this.#skipSpace();
    const first = this.#text[this.#at] ?? "";
    if (first === "{") this.object(() => this.skip());
    else if (first === "[") this.array(() => this.skip());
    else if (first === '"') this.text();
    else this.#literal();
  }

  /** Whether the next value is null; then it is read. */
  null(): boolean {
    this.#skipSpace();
    const isNull = this.#text.startsWith("null", this.#at);
    if (isNull) this.#at += 4;
    return isNull;
  }

  /** Checks that nothing but white space is left. */
  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) this.fail("expected the end");
  }

  fail(what: string): never {
    throw new JsonMistake(`${what} at character ${this.#at}`);
  }

  #list(open: string, close: string, read: () => void): void {
    this.#expect(open);
    if (this.#level++ === MOST_LEVELS) this.fail(`values are nested more than ${MOST_LEVELS} deep`);
    this.#skipSpace();
    if (this.#text[this.#at] !== close) {
      do {
        read();
        this.#skipSpace();
      } while (this.#text[this.#at] === "," && ++this.#at > 0);
    }
    this.#expect(close);
    this.#level--;
  }

  #expect(character: string): void {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) this.fail(`expected ${character}`);
    this.#at++;
  }

  /** Reads true, false, null or a number. */
  #literal(): void {
    const start = this.#at;
    while (/[-+.\w]/.test(this.#text[this.#at] ?? "")) this.#at++;
    const word = this.#text.slice(start, this.#at);
    if (/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?)$/.test(word)) return;
    this.#at = start;
    this.fail("expected a value");
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  /** Whether an odd number of backslashes stands before this place. */
  #isEscaped(place: number): boolean {
    let first = place;
    while (this.#text[first - 1] === "\\") first--;
    return (place - first) % 2 === 1;
  }

  /** Half of a surrogate pair is no character: UTF-8 cannot express it. */
  #whole(text: string): string {
    return /\p{Surrogate}/u.test(text) ? this.fail("a string has half of a surrogate pair") : text;
  }
}

const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const ZERO = 0x30;
// The characters . e E go on with a number that is not written with digits only.
const OTHER_NUMBERS: readonly number[] = [0x2e, 0x65, 0x45];
// Escapes, control characters, which are mistakes, and halves of pairs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none in strings
const NEEDS_PARSING = /[\\\x00-\x1f\ud800-\udfff]/;
