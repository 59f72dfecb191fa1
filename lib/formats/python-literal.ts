/** A place in a text that is not the Python literal that was expected. */
export class LiteralMistake extends Error {}

export type Literal = null | boolean | number | string | Literal[] | Map<string, Literal>;

// Deeper values are refused: each level takes a frame of the stack.
const MOST_LEVELS = 32;

/**
 * The value of a Python literal: a dict with texts for keys, tuples and lists (both are arrays here), strings, whole
 * numbers, True, False and None. Nothing is executed.
 * @throws LiteralMistake
 */
export function parseLiteral(text: string): Literal {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

const WORDS: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ["True", true],
  ["False", false],
  ["None", null],
]);

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(level: number): Literal {
    if (level > MOST_LEVELS) this.#fail(`values are nested more than ${MOST_LEVELS} deep`);
    const first = this.#peek();
    if (first === "{") return this.#dict(level);
    if (first === "(") return this.#tuple(level);
    if (first === "[") return this.#list("[", "]", () => this.value(level + 1)).values;
    if (first === "'" || first === '"') return this.#string(first);
    return this.#word();
  }

  end(): void {
    if (this.#peek() !== "") this.#fail("expected the end");
  }

  #dict(level: number): Map<string, Literal> {
    const found = new Map<string, Literal>();
    this.#list("{", "}", () => {
      const quote = this.#peek();
      if (quote !== "'" && quote !== '"') this.#fail("expected a text");
      const key = this.#string(quote);
      if (found.has(key)) this.#fail(`the key ${JSON.stringify(key)} stands twice`);
      this.#expect(":");
      found.set(key, this.value(level + 1));
    });
    return found;
  }

  /** A tuple; `(3)` without a comma is the number 3. */
  #tuple(level: number): Literal {
    const { values, commas } = this.#list("(", ")", () => this.value(level + 1));
    return commas === 0 && values.length === 1 ? (values[0] as Literal) : values;
  }

  /** Values between brackets, with commas between them and perhaps after the last. */
  #list<T>(open: string, close: string, read: () => T): { values: T[]; commas: number } {
    this.#expect(open);
    const values: T[] = [];
    let commas = 0;
    while (this.#peek() !== close) {
      if (values.length > commas) this.#fail(`expected a comma or ${close}`);
      values.push(read());
      if (this.#peek() === ",") commas += this.#expect(",");
    }
    this.#expect(close);
    return { values, commas };
  }

  /** A string without escapes: NumPy's names of types have none. */
  #string(quote: string): string {
    const end = this.#text.indexOf(quote, this.#at + 1);
    const content = this.#text.slice(this.#at + 1, end);
    if (end < 0 || /[\\\n]/.test(content)) this.#fail("expected a string without escapes");
    this.#at = end + 1;
    return content;
  }

  #word(): Literal {
    const start = this.#at;
    while (/\w/.test(this.#text[this.#at] ?? "")) this.#at++;
    const word = this.#text.slice(start, this.#at);
    const known = WORDS.get(word);
    if (known !== undefined) return known;
    // Python 2 writes an L after long numbers.
    if (/^(0|[1-9]\d{0,15})L?$/.test(word)) return Number(word.replace("L", ""));
    this.#at = start;
    return this.#fail("expected a value");
  }

  /** The next character that is no space; "" at the end. */
  #peek(): string {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#text[this.#at] ?? "";
  }

  #expect(character: string): number {
    if (this.#peek() !== character) this.#fail(`expected ${character}`);
    this.#at++;
    return 1;
  }

  #fail(what: string): never {
    throw new LiteralMistake(`${what} at character ${this.#at}`);
  }
}
