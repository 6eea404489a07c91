// The connections of a game day: requests pass unchanged, and each disturbance does to them what its name says.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startWire, type Wire } from "../../../src/local/chaos/wire.ts";

let requests: string[];
let wire: Wire;
let stop: () => Promise<void>;

beforeEach(async () => {
  requests = [];
  const server = createServer(async (request, response) => {
    requests.push(
      `${request.method} ${request.url} ${request.headers["x-test"]} ${await text(request)}`,
    );
    response.writeHead(201, { "x-answer": "yes" }).end("the answer of the service");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  wire = await startWire(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  stop = async () => {
    await wire.stop();
    server.closeAllConnections();
    server.close();
  };
});
afterEach(() => stop());

const post = () =>
  fetch(`${wire.url}/path?query=1`, { method: "POST", headers: { "x-test": "1" }, body: "body" });

test("requests and answers pass unchanged", async () => {
  const response = await post();
  expect([response.status, response.headers.get("x-answer")]).toEqual([201, "yes"]);
  expect(await response.text()).toBe("the answer of the service");
  expect(requests).toEqual(["POST /path?query=1 1 body"]);
});

describe("while a connection is disturbed", () => {
  test("a refused request never reaches the service", async () => {
    wire.disturb({ kind: "refuse" });
    await expect(post()).rejects.toThrow();
    expect(requests).toEqual([]);
  });

  test("the service does the work of a cut answer, of which only half arrives", async () => {
    wire.disturb({ kind: "cut" });
    const arrived = post().then((response) => response.text());
    await expect(arrived).rejects.toThrow();
    expect(requests).toHaveLength(1);
  });

  test("a request that hangs ends once the disturbance does, and later ones pass", async () => {
    wire.disturb({ kind: "hang" });
    const hanging = post();
    const refused = expect(hanging).rejects.toThrow();
    await expect.poll(() => wire.hanging).toBe(1);
    wire.disturb(undefined);
    await refused;
    expect((await post()).status).toBe(201);
  });

  test("a substitute answers in place of the service, and lets through what it does not answer", async () => {
    wire.disturb({
      kind: "substitute",
      answer: (body) => (body === "body" ? { status: 429, body: { error: "busy" } } : undefined),
    });
    const response = await post();
    expect([response.status, await response.json()]).toEqual([429, { error: "busy" }]);
    expect((await fetch(wire.url)).status).toBe(201);
    expect(requests).toHaveLength(1);
  });
});
