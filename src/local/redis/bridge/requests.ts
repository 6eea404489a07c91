// Reads commands from an HTTP request in the forms that Upstash accepts: a JSON body, or the segments of the path.
import { isUtf8 } from "node:buffer";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { type Argument, BadRequest, type Command, toCommand } from "./command.ts";

export type Env = { Bindings: HttpBindings };

const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

/** Matches every body with an integer above 2^53. Exact parsing takes ten times as long, so others skip it. */
const LONG_NUMBER = /\d{16}/;

/** Returns the token from the Authorization header or, without that header, from the query parameter `_token`. */
export function tokenOf(c: Context<Env>): string | undefined {
  const header = c.req.header("authorization");
  return header === undefined ? c.req.query("_token") : /^bearer +(.+)$/i.exec(header)?.[1];
}

/** Parses the body as JSON. @throws BadRequest if it is too large or not JSON */
export async function jsonBody(c: Context<Env>): Promise<unknown> {
  // Hono's `bodyLimit` is not used, because it turns every body into a web stream, which halves the throughput.
  limitSize(Number(c.req.header("content-length") ?? 0));
  const text = await c.req.text();
  limitSize(Buffer.byteLength(text));
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text);
  } catch {
    throw new BadRequest("ERR failed to parse the request body as JSON");
  }
}

/** Returns the decoded path segments: a command and its arguments, or a stream and its channels. */
export function pathWords(c: Context<Env>): string[] {
  const [path = ""] = c.env.incoming.url?.split("?") ?? [];
  try {
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    throw new BadRequest("ERR failed to decode the request path");
  }
}

/** Builds a command from the path segments, then the body as one argument, then the query's names and values. */
export async function pathCommand(c: Context<Env>, words: string[]): Promise<Command> {
  limitSize(Number(c.req.header("content-length") ?? 0));
  const bytes = Buffer.from(await c.req.arrayBuffer());
  limitSize(bytes.length);
  const value: Argument = isUtf8(bytes) ? bytes.toString() : bytes;
  const parameters = new URLSearchParams(c.env.incoming.url?.split("?")[1]);
  parameters.delete("_token");
  const options = [...parameters].flat().filter((word) => word !== "");
  return toCommand([...words, ...(value.length > 0 ? [value] : []), ...options]);
}

function limitSize(bytes: number): void {
  if (bytes <= MAX_REQUEST_BYTES) return;
  const message = `ERR max request size exceeded. Limit: ${MAX_REQUEST_BYTES} bytes, Actual: ${bytes} bytes`;
  throw new BadRequest(message, 413);
}

/** JSON reviver that returns the digits of an integer that a double would round. */
function exactInteger(_: string, value: unknown, context?: { source: string }): unknown {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? context?.source : value;
}
