// A safe subset of Markdown for sale descriptions: paragraphs, lists, headings, tables, bold, italic, code, links
// and images. It creates JSX nodes, never raw HTML, so every text is escaped.
import type { Child } from "hono/jsx";
import { useWords } from "./views/page-context.tsx";

const MAX_DEPTH = 4;
/** Matches complete constructs; an unclosed one stays literal. `_` inside a word is literal. */
const INLINE =
  /!\[(?<alt>[^[\]]{0,200})\]\((?<src>https:\/\/[^()\s]{1,500})\)|\*\*(?<bold>[^*]{1,500})\*\*|\*(?<star>[^*\s][^*]{0,500})\*|(?<![\p{L}\p{N}_])_(?<underscore>[^_\s][^_]{0,500})_(?![\p{L}\p{N}_])|`(?<code>[^`]{1,500})`|\[(?<label>[^[\]]{1,200})\]\((?<href>[^()\s]{1,500})\)/gu;
const MARKS = { ul: /^[-*+] +/, ol: /^\d{1,3}[.)] +/, h2: /^#{1,6} +/ };
/** The delimiter row of a table, which sets the alignment of its columns. */
const TABLE_LINE = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;
const SAFE_LINK = /^(?:https:\/\/|\/|mailto:)/i;
const TABLE_LINES = new RegExp(TABLE_LINE.source, "gm");
/** A placeholder for this site's origin, to resolve relative links. */
const HERE = "https://here.invalid";

/** Allows HTTPS and mailto links and same-site paths. URL parsing as in browsers catches `/\`, which means `//`. */
function isSafeLink(href: string): boolean {
  if (!SAFE_LINK.test(href)) return false;
  const url = URL.parse(href, HERE);
  return url !== null && (!href.startsWith("/") || url.origin === HERE);
}

/** The description as JSX. */
export const Markdown = ({ text }: { text: string }) =>
  text.trim() === "" ? null : <div class="prose">{blocks(text)}</div>;

/** The same text without Markdown syntax, for link previews. */
export const plainText = (text: string): string =>
  text
    .replace(INLINE, (...found) => {
      const groups = found.at(-1) as Record<string, string | undefined>;
      const { alt, bold, star, underscore, code, label } = groups;
      return alt ?? bold ?? star ?? underscore ?? code ?? label ?? "";
    })
    .replace(TABLE_LINES, "")
    .replace(/(?<!\\)\|/g, " ")
    .replace(/^(?:[-*+]|\d{1,3}[.)]|#{1,6}) +/gm, "")
    .replace(/\s+/g, " ")
    .trim();

type Kind = keyof typeof MARKS | "p" | "table";

/** Consecutive lines of one kind, without their Markdown markers. */
interface Block {
  kind: Kind;
  lines: string[];
}

function kindOf(line: string): Exclude<Kind, "table"> {
  const [kind] = Object.entries(MARKS).find(([, mark]) => mark.test(line)) ?? ["p"];
  return kind as keyof typeof MARKS | "p";
}

function blocks(text: string): Child[] {
  const found: Block[] = [];
  let broken = true;
  const lines = text.split(/\r\n?|\n/);
  for (const [i, line] of lines.entries()) {
    const trimmed = line.trim();
    const table = found.at(-1)?.kind === "table" && !broken;
    if (isTableHead(trimmed, lines[i + 1]?.trim() ?? ""))
      found.push({ kind: "table", lines: [trimmed] });
    else if (table && trimmed.includes("|")) found.at(-1)?.lines.push(trimmed);
    else if (trimmed !== "") addLine(found, line, trimmed, broken);
    broken = trimmed === "";
  }
  return found.map(block);
}

const isTableHead = (line: string, next: string): boolean =>
  line.includes("|") &&
  next.includes("|") &&
  TABLE_LINE.test(next) &&
  cells(line).length === cells(next).length;

/** The cells of a table row; `\|` is a literal pipe. */
const cells = (line: string): string[] =>
  line
    .replace(/^\||(?<!\\)\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

/** Adds a line. `broken`: it follows an empty line, which ends a paragraph but not a list. */
function addLine(found: Block[], line: string, trimmed: string, broken: boolean): void {
  const last = found.at(-1);
  const kind = kindOf(trimmed);
  const text = kind === "p" ? trimmed : trimmed.replace(MARKS[kind], "");
  const isList = last?.kind === "ul" || last?.kind === "ol";
  if (kind === "p" && isList && !broken && /^\s/.test(line)) {
    last.lines.push(`${last.lines.pop()} ${text}`);
  } else if (kind === last?.kind && kind !== "h2" && (isList || !broken)) last.lines.push(text);
  else found.push({ kind, lines: [text] });
}

function block({ kind, lines }: Block): Child {
  if (kind === "table") return <Table lines={lines} />;
  if (kind === "ul") return <ul>{items(lines)}</ul>;
  if (kind === "ol") return <ol>{items(lines)}</ol>;
  if (kind === "h2") return <h2>{inline(lines.join(" "))}</h2>;
  return <p>{lines.flatMap((line, i) => (i === 0 ? inline(line) : [<br />, ...inline(line)]))}</p>;
}

/** A focusable region, so that a wide table can be scrolled by keyboard. */
const Table = ({ lines: [head = "", line = "", ...rows] }: { lines: string[] }) => {
  const aligned = cells(line).map((mark) =>
    mark.endsWith(":") ? (mark.startsWith(":") ? "middle" : "end") : undefined,
  );
  const row = (text: string) => aligned.map((side, i) => [side, cells(text)[i] ?? ""] as const);
  return (
    <section class="wide-table" aria-label={useWords().page.table} tabindex={0}>
      <table>
        <tr>
          {row(head).map(([side, text]) => (
            <th class={side}>{inline(text)}</th>
          ))}
        </tr>
        {rows.map((text) => (
          <tr>
            {row(text).map(([side, cell]) => (
              <td class={side}>{inline(cell)}</td>
            ))}
          </tr>
        ))}
      </table>
    </section>
  );
};

const items = (lines: string[]): Child[] => lines.map((line) => <li>{inline(line)}</li>);

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
  const { alt, src, bold, star, underscore, code, label, href } = match.groups ?? {};
  const italic = star ?? underscore;
  if (src !== undefined) return <img src={src} alt={alt} loading="lazy" />;
  if (bold !== undefined) return <strong>{inline(bold, depth + 1)}</strong>;
  if (italic !== undefined) return <em>{inline(italic, depth + 1)}</em>;
  if (code !== undefined) return <code>{code}</code>;
  if (label === undefined || href === undefined || !isSafeLink(href)) return match[0];
  return (
    <a href={href} rel="noopener nofollow">
      {inline(label, depth + 1)}
    </a>
  );
}
