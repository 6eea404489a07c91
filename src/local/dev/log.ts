// The combined log of `npm run dev`. Each line starts with its source. Lines are colored on a terminal only.
import { stripVTControlCharacters, styleText } from "node:util";

export type Part = "dev" | "redis" | "worker";
export type Level = "info" | "warn" | "error";

const PART_COLORS = { dev: "green", redis: "magenta", worker: "cyan" } as const;
const LEVEL_COLORS = { info: "reset", warn: "yellow", error: "red" } as const;
const PART_WIDTH = 6;

/** Wrangler's messages that duplicate ours or do not apply here. */
const NOISE = [/^Ready on /, /^Updated and ready on /, /^Scheduled Workers are not automatically/];
const WRANGLER_PREFIX = /^\[wrangler:(?<level>\w+)\] /;
const REQUEST =
  /^(?<method>[A-Z]+) (?<path>\S+) (?<status>\d{3}) ?.*?\((?<duration>[\d.]+)(?<unit>m?s)\)$/;

export class DevLog {
  /** False until the instance is ready. Until then, all requests are our own readiness checks. */
  showRequests = false;

  print(part: Part, text: string, level: Level = "info"): void {
    const prefix = styleText(PART_COLORS[part], `${part.padEnd(PART_WIDTH)} │`);
    for (const line of text.trimEnd().split("\n")) {
      process.stdout.write(`${prefix} ${styleText(LEVEL_COLORS[level], line)}\n`);
    }
  }

  /** Prints a line without a prefix, so that it can be copied. */
  plain(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** Prints the error that ends the program. */
  fail(reason: unknown): void {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    process.stderr.write(`\n${styleText("red", text, { stream: process.stderr })}\n`);
  }

  /** Prints a line that the Worker logged. */
  workerLog(level: string, message: string): void {
    this.print("worker", compact(message), asLevel(level));
  }

  /** Prints a line of wrangler's output: builds, reloads, requests. */
  wranglerLine(raw: string): void {
    const text = stripVTControlCharacters(raw).trimEnd();
    const level = WRANGLER_PREFIX.exec(text)?.groups?.level;
    const line = text.replace(WRANGLER_PREFIX, "");
    if (line.trim() === "" || NOISE.some((pattern) => pattern.test(line))) return;
    const request = REQUEST.exec(line)?.groups;
    if (request === undefined) this.print("worker", line, asLevel(level ?? guessLevel(line)));
    else if (this.showRequests) {
      const { method, path, status, duration, unit } = request;
      this.print("worker", `${status} ${method} ${path} ${duration} ${unit}`);
    }
  }
}

function asLevel(level: string): Level {
  return level === "error" || level === "warn" ? level : "info";
}

function guessLevel(line: string): Level {
  return /\[ERROR\]/.test(line) ? "error" : "info";
}

/** Formats `{"event":"a.b","orderId":"x"}` as `a.b orderId=x`. Returns any other text unchanged. */
export function compact(message: string): string {
  const fields = parseObject(message);
  if (typeof fields?.event !== "string") return message;
  const { event, ...rest } = fields;
  const pairs = Object.entries(rest).map(([name, value]) => `${name}=${formatValue(value)}`);
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

function formatValue(value: unknown): string {
  return typeof value === "string" && /^\S+$/.test(value) ? value : JSON.stringify(value);
}
