// A safe subset of Markdown for a sale's description: paragraphs, lists, headings, bold, italic, code and
// links. It makes JSX nodes and never markup of its own, so whatever a text holds is escaped.
import type { Child } from "hono/jsx";

const MAX_DEPTH = 4;
/** Whole constructs only; what does not close stays as it was written. */
const INLINE =
  /\*\*(?<bold>[^*]{1,500})\*\*|[*_](?<italic>[^*_\s][^*_]{0,500})[*_]|`(?<code>[^`]{1,500})`|\[(?<label>[^[\]]{1,200})\]\((?<href>[^()\s]{1,500})\)/g;
const BULLET = /^[-*+] +/;
const NUMBER = /^\d{1,3}[.)] +/;
const HEADING = /^#{1,6} +/;
const SAFE_LINK = /^(?:https:\/\/|\/(?!\/)|mailto:)/i;

/** The description as JSX. */
export const Markdown = ({ text }: { text: string }) =>
  text.trim() === "" ? null : <div class="prose">{blocks(text)}</div>;

/** The same text without its marks, for places that show no markup. */
export const plainText = (text: string): string =>
  text
    .replace(INLINE, (...found) => {
      const { bold, italic, code, label } = found.at(-1) as Record<string, string | undefined>;
      return bold ?? italic ?? code ?? label ?? "";
    })
    .replace(/^(?:[-*+]|\d{1,3}[.)]|#{1,6}) +/gm, "")
    .replace(/\s+/g, " ")
    .trim();

function blocks(text: string): Child[] {
  return text
    .replace(/\r\n?/g, "\n")
    .split(/\n{2,}/)
    .map((block) =>
      block
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean),
    )
    .filter((lines) => lines.length > 0)
    .map(block);
}

function block(lines: string[]): Child {
  if (lines.every((line) => BULLET.test(line))) return <ul>{items(lines, BULLET)}</ul>;
  if (lines.every((line) => NUMBER.test(line))) return <ol>{items(lines, NUMBER)}</ol>;
  const [first = ""] = lines;
  if (lines.length === 1 && HEADING.test(first))
    return <h2>{inline(first.replace(HEADING, ""))}</h2>;
  return <p>{lines.flatMap((line, i) => (i === 0 ? inline(line) : [<br />, ...inline(line)]))}</p>;
}

const items = (lines: string[], mark: RegExp): Child[] =>
  lines.map((line) => <li>{inline(line.replace(mark, ""))}</li>);

function inline(text: string, depth = 0): Child[] {
  if (depth === MAX_DEPTH) return [text];
  const nodes: Child[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(text.slice(end, match.index), element(match, depth));
    end = match.index + match[0].length;
  }
  return [...nodes, text.slice(end)];
}

function element(match: RegExpExecArray, depth: number): Child {
  const { bold, italic, code, label, href } = match.groups ?? {};
  if (bold !== undefined) return <strong>{inline(bold, depth + 1)}</strong>;
  if (italic !== undefined) return <em>{inline(italic, depth + 1)}</em>;
  if (code !== undefined) return <code>{code}</code>;
  if (label === undefined || href === undefined || !SAFE_LINK.test(href)) return match[0];
  return (
    <a href={href} rel="noopener nofollow">
      {inline(label, depth + 1)}
    </a>
  );
}
