// Sends every answer of the API that a test gets through the OpenAPI document. A test fails if one does not fit.
import { afterEach, expect } from "vitest";
import { app } from "../../src/app.ts";
import worker from "../../src/index.ts";
import { conformanceFaults } from "./conformance.ts";

const faults = new Set<string>();

/** Answers that were checked in this test. Thousands of the same one say nothing new. */
const checked = new Set<string>();

async function check(method: string, url: string, response: Response): Promise<void> {
  const { status, headers } = response;
  const isJson = /[/+]json/.test(headers.get("content-type") ?? "");
  const text = isJson && response.body ? await response.clone().text() : "";
  const { pathname: path } = new URL(url);
  const key = `${method} ${path} ${status} ${text}`;
  if (checked.has(key)) return;
  checked.add(key);
  // Not JSON.parse, whose calls some tests count.
  const body = text === "" ? undefined : await new Response(text).json();
  for (const fault of conformanceFaults({ method, path, status, headers, body })) faults.add(fault);
}

type Fetch = typeof app.fetch;

const checking =
  (fetch: Fetch): Fetch =>
  async (request, ...rest) => {
    // Read before: a request whose body was used cannot be read any more.
    const { method, url } = request;
    const response = await fetch(request, ...rest);
    await check(method, url, response);
    return response;
  };

// Tests send requests to the Worker, or to the app with other bindings.
worker.fetch = checking(worker.fetch);
app.fetch = checking(app.fetch);

afterEach(() => {
  const found = [...faults];
  faults.clear();
  checked.clear();
  expect(found, "answers that do not fit /openapi.json").toEqual([]);
});
