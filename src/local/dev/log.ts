// The one log of `npm run dev`: every line says which part it is from; colours only on a terminal.
import { stripVTControlCharacters, styleText } from "node:util";

export type Part = "dev" | "redis" | "worker";
export type Level = "info" | "warn" | "error";

const PART_COLOURS = { dev: "green", redis: "magenta", worker: "cyan" } as const;
const LEVEL_COLOURS = { info: "reset", warn: "yellow", error: "red" } as const;
const PART_WIDTH = 6;

/** Said by wrangler, already said by us, or of no use here. */
const NOISE = [/^Ready on /, /^Updated and ready on /, /^Scheduled Workers are not automatically/];
const WRANGLER_PREFIX = /^\[wrangler:(?<level>\w+)\] /;
const REQUEST =
  /^(?<method>[A-Z]+) (?<path>\S+) (?<status>\d{3}) ?.*?\((?<duration>[\d.]+)(?<unit>m?s)\)$/;

export class DevLog {
  /** Off until we are ready: before that all requests are our own. */
  showRequests = false;

  say(part: Part, text: string, level: Level = "info"): void {
    const prefix = styleText(PART_COLOURS[part], `${part.padEnd(PART_WIDTH)} │`);
    for (const line of text.trimEnd().split("\n")) {
      process.stdout.write(`${prefix} ${styleText(LEVEL_COLOURS[level], line)}\n`);
    }
  }

  /** A line without prefix, for what people copy. */
  plain(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** Why everything ends. */
  fail(reason: unknown): void {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    process.stderr.write(`\n${styleText("red", text, { stream: process.stderr })}\n`);
  }

  /** A line that the Worker itself logged. */
  workerLog(level: string, message: string): void {
    this.say("worker", compact(message), asLevel(level));
  }

  /** A line that wrangler printed about the Worker: builds, reloads, requests. */
  wranglerLine(raw: string): void {
    const text = stripVTControlCharacters(raw).trimEnd();
    const level = WRANGLER_PREFIX.exec(text)?.groups?.level;
    const line = text.replace(WRANGLER_PREFIX, "");
    if (line.trim() === "" || NOISE.some((pattern) => pattern.test(line))) return;
    const request = REQUEST.exec(line)?.groups;
    if (request === undefined) this.say("worker", line, asLevel(level ?? guessLevel(line)));
    else if (this.showRequests) {
      const { method, path, status, duration, unit } = request;
      this.say("worker", `${status} ${method} ${path} ${duration} ${unit}`);
    }
  }
}

function asLevel(level: string): Level {
  return level === "error" || level === "warn" ? level : "info";
}

function guessLevel(line: string): Level {
  return /\[ERROR\]/.test(line) ? "error" : "info";
}

/** `{"event":"a.b","orderId":"x"}` reads `a.b orderId=x`; what is not such an object stays as it is. */
export function compact(message: string): string {
  const fields = parseObject(message);
  if (typeof fields?.event !== "string") return message;
  const { event, ...rest } = fields;
  const pairs = Object.entries(rest).map(([name, value]) => `${name}=${shown(value)}`);
  return [event, ...pairs].join(" ");
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  return typeof value === "string" && /^\S+$/.test(value) ? value : JSON.stringify(value);
}
