// Small pieces of HTML for the documentation: text with code in it, links, and lists of names with their meaning.
import { html, raw } from "hono/html";

export type Html = ReturnType<typeof raw>;

/** Joins pieces of HTML. */
export const join = (pieces: readonly unknown[]): Html => raw(pieces.join(""));

export const NONE = raw("");

/** Text with `code`. */
export function inline(text: string): Html {
  const parts = text.split("`");
  return join(parts.map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`)));
}

/** The little CommonMark that the document uses: headings, bullets, and paragraphs. */
export function blocks(text: string): Html {
  return join(
    text.split(/\n\n+/).map((block) => {
      if (block.startsWith("## ")) return html`<h2>${block.slice(3)}</h2>`;
      if (!block.startsWith("- ")) return html`<p>${inline(block)}</p>`;
      const items = block
        .replace(/\n {2}/g, " ")
        .split(/\n?^- /m)
        .filter(Boolean);
      return html`<ul>${join(items.map((item) => html`<li>${inline(item)}</li>`))}</ul>`;
    }),
  );
}

export const link = (id: string, text: unknown): Html => html`<a href="#${id}">${text}</a>` as Html;

/** A name, what kind of thing it is, and what it means. */
export interface Entry {
  name: unknown;
  kind?: unknown;
  meaning?: unknown;
  /** The entries inside. */
  inner?: unknown;
}

export const entries = (list: readonly Entry[]): Html =>
  list.length === 0
    ? NONE
    : (html`<dl>${join(
        list.map(
          ({ name, kind = "", meaning = "", inner = "" }) =>
            html`<dt>${name} ${kind}</dt><dd>${meaning}${inner}</dd>`,
        ),
      )}</dl>` as Html);

/** Something that is shown once it is opened. Browsers open it for a link to `id`. */
export const folded = (id: string, title: unknown, content: unknown): Html =>
  html`<details><summary>${title}</summary><div id="${id}" class="inside">${content}</div></details>` as Html;

/** JSON as people read it. The block can be scrolled with the keyboard. */
export const json = (value: unknown, label: string): Html =>
  html`<pre tabindex="0" role="region" aria-label="${label}">${JSON.stringify(value, null, 2)}</pre>` as Html;
