import { type Html, html, type Piece } from "../html.js";

/** A section with its heading, by which it can be linked to. */
export const section = (id: string, title: string, ...content: readonly Piece[]): Html =>
  html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content.map((piece) => html`${piece}\n`)}</section>
`;
