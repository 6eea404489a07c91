// Formats outcomes as Upstash does: as JSON, as JSON with base64 strings, or as RESP2.
import type { Context } from "hono";
import { BadRequest } from "./command.ts";

/**
 * The result of one command. Strings are Buffers, so that any bytes survive. Integers are strings of digits, so that
 * none is rounded.
 */
export type Outcome = { result: unknown } | { error: string };

export type Format = "json" | "base64" | "resp2";

declare global {
  interface JSON {
    /** ES2026, in Node since version 21: `stringify` writes this text unchanged. */
    rawJSON(text: string): unknown;
  }
}

/** Reads the response format from the request headers. @throws BadRequest if it is not supported */
export function wantedFormat(c: Context): Format {
  const format = c.req.header("upstash-response-format") ?? "json";
  if (format === "json") return wantsBase64(c) ? "base64" : "json";
  if (format !== "resp2") throw new BadRequest("ERR unsupported response format");
  if (wantsBase64(c)) throw new BadRequest("ERR base64 encoding is not supported in RESP2 format");
  return "resp2";
}

export function wantsBase64(c: Context): boolean {
  return c.req.header("upstash-encoding") === "base64";
}

/** Converts an outcome to its JSON body. */
export function toJson(outcome: Outcome, base64: boolean): object {
  if ("error" in outcome) return outcome;
  return { result: isOk(outcome.result) ? "OK" : encode(outcome.result, base64) };
}

/** Encodes outcomes in RESP2, with `OK` as the only simple string. */
export function toResp2(outcomes: Outcome[]): Buffer<ArrayBuffer> {
  const parts: Buffer[] = [];
  for (const outcome of outcomes) {
    pushResp2(parts, "error" in outcome ? new Error(outcome.error) : outcome.result);
  }
  return Buffer.concat(parts);
}

/** Only a reply that is `OK` is exempt from base64. Clients decode every string inside an array. */
function isOk(reply: unknown): boolean {
  return Buffer.isBuffer(reply) && reply.toString() === "OK";
}

function encode(reply: unknown, base64: boolean): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString(base64 ? "base64" : "utf8");
  if (typeof reply === "string") return integer(reply);
  if (Array.isArray(reply)) return reply.map((item) => encode(item, base64));
  if (reply instanceof Error) return encode(Buffer.from(reply.message), base64); // nested in a script's reply
  return reply;
}

function integer(digits: string): unknown {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : JSON.rawJSON(digits);
}

function pushResp2(parts: Buffer[], reply: unknown): void {
  if (Buffer.isBuffer(reply) && !isOk(reply)) {
    parts.push(Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from("\r\n"));
  } else if (Array.isArray(reply)) {
    parts.push(Buffer.from(`*${reply.length}\r\n`));
    for (const item of reply) pushResp2(parts, item);
  } else parts.push(Buffer.from(`${line(reply)}\r\n`));
}

function line(reply: unknown): string {
  if (isOk(reply)) return "+OK";
  if (typeof reply === "string") return `:${reply}`;
  if (reply instanceof Error) return `-${reply.message}`;
  return "$-1";
}
