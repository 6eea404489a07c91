// The values of a document as the texts of a form's fields, and back. Pure.

/** The texts of a form by the names of its fields. */
export type Texts = Record<string, string>;

/**
 * `lines`: a text of several lines. `time`: `2026-11-27T09:00`, in UTC. `choice`: one of a list. `truth`: `true` or `false`.
 * `pictures`: one a line, its address and its words.
 */
export type Kind = "text" | "lines" | "number" | "time" | "choice" | "truth" | "pictures";

export type Json = Record<string, unknown>;

/** The value at a path such as `admission.mode`. */
export const valueAt = (document: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (value as Json | undefined)?.[key], document);

/** Sets or, if it is undefined, removes the value at a path. */
export function setAt(document: Json, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop() as string;
  let parent = document;
  for (const key of keys) {
    if (parent[key] === undefined && value === undefined) return;
    parent[key] ??= {};
    parent = parent[key] as Json;
  }
  if (value === undefined) delete parent[last];
  else parent[last] = value;
}

/** An instant in UTC as a field for date and time takes it, without seconds that are zero. */
export const toLocalText = (iso: string): string => iso.slice(0, -1).replace(/(:00)?\.000$/, "");

interface PictureOfList {
  url: string;
  alt?: string | undefined;
}

export function show(kind: Kind, value: unknown): string {
  if (value === undefined) return "";
  if (kind === "pictures") {
    const pictures = value as readonly PictureOfList[];
    return pictures.map(({ url, alt }) => (alt ? `${url} ${alt}` : url)).join("\n");
  }
  return kind === "time" ? toLocalText(String(value)) : String(value);
}

const SECONDS = /T\d\d:\d\d$/;
const WITHOUT_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** The value of a text. A text that is no number or time stays a text, and the schema refuses it. */
export function parse(kind: Kind, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  if (kind === "number") return NUMBER.test(trimmed) ? Number(trimmed) : trimmed;
  if (kind === "truth" && /^(true|false)$/.test(trimmed)) return trimmed === "true";
  if (kind === "pictures") return trimmed.split(/\s*\n\s*/).map(toPicture);
  if (kind !== "time") return text;
  if (!WITHOUT_ZONE.test(trimmed)) return trimmed;
  return `${trimmed}${SECONDS.test(trimmed) ? ":00" : ""}Z`;
}

function toPicture(line: string): PictureOfList {
  const [url = "", ...words] = line.split(/\s+/);
  return words.length > 0 ? { url, alt: words.join(" ") } : { url };
}

const hasLines = (kind: Kind): boolean => kind === "lines" || kind === "pictures";

/** Browsers send a line break as CR LF, and remove it from a field of one line. */
export const toSent = (kind: Kind, text: string): string =>
  hasLines(kind) ? text.replace(/\r\n?/g, "\n") : text.replace(/[\r\n]/g, "");
