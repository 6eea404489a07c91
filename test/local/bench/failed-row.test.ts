// A benchmark row that fails: it is reported, and the other rows are measured and printed.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { renderFailures, renderTimings } from "../../../src/local/bench/render.ts";
import type { Row } from "../../../src/local/bench/row.ts";
import type { Testbed } from "../../../src/local/bench/testbed.ts";
import { timeRows } from "../../../src/local/bench/timing.ts";

let server: Server;
let testbed: Testbed;

beforeEach(async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  server = createServer(({ url }, response) => {
    if (url === "/cut") {
      response.destroy();
      return;
    }
    const body = "a response";
    const headers = { "content-length": body.length };
    response.writeHead(url === "/busy" ? 503 : 200, headers).end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  testbed = { doorbuster: url, comparator: url } as Testbed;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const row = (name: string, path: string): Row => ({
  name,
  requestsPerRound: 40,
  subject: {
    worker: "doorbuster",
    status: 200,
    requests: (_, count) => Array(count).fill({ method: "GET", path }),
  },
});

const failing = (name: string, prepare: Row["prepare"]): Row => ({
  ...row(name, "/"),
  ...(prepare && { prepare }),
});

const FAILURES: [string, Row, string][] = [
  [
    "returns an unexpected status",
    row("bad", "/busy"),
    "GET /busy: expected status 200, got 503 Service Unavailable: a response",
  ],
  ["loses its connection", row("bad", "/cut"), "closed"],
  [
    "cannot be prepared",
    failing("bad", async () => {
      throw new Error("no such sale");
    }),
    "no such sale",
  ],
];

test.each(FAILURES)("measures the other rows when one %s", async (_, bad, reason) => {
  const rows = [row("before", "/"), bad, row("after", "/")];
  const outcomes = await timeRows(testbed, rows, 2);
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true]);
  expect(outcomes[1]).toMatchObject({ reason: expect.stringContaining(reason) });
  const lines = renderTimings(rows, outcomes).split("\n");
  expect(lines.find((line) => line.startsWith("before"))).toMatch(/before +\d/);
  expect(lines.find((line) => line.startsWith("bad"))).toMatch(/bad +failed/);
  expect(lines.find((line) => line.startsWith("after"))).toMatch(/after +\d/);
});

test("finishes the work of a failed row before it starts the next one", async () => {
  const steps: string[] = [];
  const bad = row("bad", "/busy");
  bad.subject.drain = async () => void steps.push("drained");
  const next = failing("next", async () => void steps.push("prepared"));
  await timeRows(testbed, [bad, next], 1);
  expect(steps).toEqual(["drained", "prepared"]);
});

test("lists each failed row with its reason", () => {
  const text = renderFailures([{ name: "sale page (timing)", reason: "expected status 200" }]);
  expect(text).toBe("Failed rows:\n- sale page (timing): expected status 200");
});
