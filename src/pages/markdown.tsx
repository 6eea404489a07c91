// A safe subset of Markdown for a sale's description: paragraphs, lists, headings, bold, italic, code and
// links. It makes JSX nodes and never markup of its own, so whatever a text holds is escaped.
import type { Child } from "hono/jsx";

const MAX_DEPTH = 4;
/** Whole constructs only; what does not close stays as it was written. `_` inside a word is a letter. */
const INLINE =
  /\*\*(?<bold>[^*]{1,500})\*\*|\*(?<star>[^*\s][^*]{0,500})\*|(?<![\p{L}\p{N}_])_(?<underscore>[^_\s][^_]{0,500})_(?![\p{L}\p{N}_])|`(?<code>[^`]{1,500})`|\[(?<label>[^[\]]{1,200})\]\((?<href>[^()\s]{1,500})\)/gu;
const MARKS = { ul: /^[-*+] +/, ol: /^\d{1,3}[.)] +/, h2: /^#{1,6} +/ };
const SAFE_LINK = /^(?:https:\/\/|\/|mailto:)/i;
/** Stands for our own address, which a text does not know. */
const HERE = "https://here.invalid";

/** Links lead to HTTPS or mail addresses, or to paths of this site: read as browsers do, which take `/\` for `//`. */
function isSafeLink(href: string): boolean {
  if (!SAFE_LINK.test(href)) return false;
  const url = URL.parse(href, HERE);
  return url !== null && (!href.startsWith("/") || url.origin === HERE);
}

/** The description as JSX. */
export const Markdown = ({ text }: { text: string }) =>
  text.trim() === "" ? null : <div class="prose">{blocks(text)}</div>;

/** The same text without its marks, for places that show no markup. */
export const plainText = (text: string): string =>
  text
    .replace(INLINE, (...found) => {
      const groups = found.at(-1) as Record<string, string | undefined>;
      const { bold, star, underscore, code, label } = groups;
      return bold ?? star ?? underscore ?? code ?? label ?? "";
    })
    .replace(/^(?:[-*+]|\d{1,3}[.)]|#{1,6}) +/gm, "")
    .replace(/\s+/g, " ")
    .trim();

type Kind = keyof typeof MARKS | "p";

/** Lines that belong together, without the marks that said so. */
interface Block {
  kind: Kind;
  lines: string[];
}

function kindOf(line: string): Kind {
  const [kind] = Object.entries(MARKS).find(([, mark]) => mark.test(line)) ?? ["p"];
  return kind as Kind;
}

function blocks(text: string): Child[] {
  const found: Block[] = [];
  let broken = true;
  for (const line of text.split(/\r\n?|\n/)) {
    const trimmed = line.trim();
    if (trimmed !== "") addLine(found, line, trimmed, broken);
    broken = trimmed === "";
  }
  return found.map(block);
}

/** `broken`: after an empty line, which ends a paragraph; a list goes on behind it. */
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
  if (kind === "ul") return <ul>{items(lines)}</ul>;
  if (kind === "ol") return <ol>{items(lines)}</ol>;
  if (kind === "h2") return <h2>{inline(lines.join(" "))}</h2>;
  return <p>{lines.flatMap((line, i) => (i === 0 ? inline(line) : [<br />, ...inline(line)]))}</p>;
}

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
  const { bold, star, underscore, code, label, href } = match.groups ?? {};
  const italic = star ?? underscore;
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
