import type { FilePath } from "../files/path.js";
import { writeAtomically } from "../files/write.js";

/** What a picture shows and how large it is. */
export interface PictureFacts {
  readonly svg: string;
  readonly title: string;
  readonly description: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/**
 * A picture as SVG: one element `<svg>` that stands in a page, or in a file of its own. It needs nothing from outside.
 * @example
 * const picture = draw(new nn.Linear(3, 2), zeros([1, 3]));
 * picture.svg.startsWith("<svg");   // true
 */
export class Picture implements PictureFacts {
  readonly svg: string;
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;

  /** @internal */
  constructor({ svg, title, description, width, height }: PictureFacts) {
    this.svg = svg;
    this.title = title;
    this.description = description;
    this.width = width;
    this.height = height;
  }

  /** The SVG. */
  toString(): string {
    return this.svg;
  }

  /**
   * Writes the SVG to a file, whole or not at all.
   * @throws FileError; ArgumentError unless it is a path or a `file:` URL
   * @example await draw(model, x).toFile("model.svg");
   */
  async toFile(path: FilePath): Promise<void> {
    await writeAtomically("Picture.toFile", path, [new TextEncoder().encode(this.svg)]);
  }
}
