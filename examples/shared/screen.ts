import { clearScreenDown, moveCursor } from "node:readline";

/** Text that is drawn over its last drawing. Where there is no terminal, each text is printed after the other. */
export class Screen {
  #lines = 0;
  readonly #stream = process.stdout;

  get isTerminal(): boolean {
    return this.#stream.isTTY;
  }

  draw(text: string): void {
    if (this.isTerminal && this.#lines > 0) {
      moveCursor(this.#stream, 0, -this.#lines);
      clearScreenDown(this.#stream);
    }
    this.#stream.write(`${text}\n`);
    this.#lines = text.split("\n").length;
  }

  /** What is drawn stays; the next text comes after it. */
  keep(): void {
    this.#lines = 0;
  }
}
