// Runs the cases of the conformance tests. Each case specifies a request and the exact bytes of its response.
import { expect, test } from "vitest";
import { type Stack, TOKEN } from "../../stack.ts";

interface Case {
  title: string;
  /** Commands to run in Redis before the request. */
  given?: string[][];
  /** Default: POST, or GET without a body. */
  method?: string;
  /** Default: "/". */
  path?: string;
  body?: string | Buffer<ArrayBuffer>;
  headers?: Record<string, string>;
  /** Default: 200. */
  status?: number;
  /** The response body. */
  answer: string;
}

/** Defines one test per case. `stack` is from `useStack`. */
export function conforms(stack: Stack, cases: Case[]): void {
  test.each(cases)("$title", async ({ given = [], path = "/", status = 200, answer, ...sent }) => {
    for (const [name = "", ...args] of given) await stack.direct.call(name, args);
    const { body, method = body === undefined ? "GET" : "POST" } = sent;
    const headers = { authorization: `Bearer ${TOKEN}`, ...sent.headers };
    const request = { method, headers, ...(body !== undefined && { body }) };
    const response = await fetch(stack.bridge.url + path, request);
    expect(await response.text()).toBe(answer);
    expect(response.status).toBe(status);
  });
}
