// A circuit breaker in front of a real HTTP server that becomes slow and recovers, with many callers at once.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { Breaker, BreakerOpen } from "../../src/edge/breaker.ts";

const LIMITS = {
  limitMs: 5_000,
  failuresInRow: 5,
  minimumCalls: 20,
  failureShare: 0.05,
  slowShare: 0.5,
  slowMs: 150,
  openMs: 300,
};
const SLOW_MS = 300;
const CALLERS = 60;

/** A server and its calls. Counted where they start, because a call takes a while to reach the server. Each answer takes `delayMs`. */
async function givenServer() {
  const load = { delayMs: 0, requests: 0, running: 0, most: 0 };
  const server = createServer(async (_, response) => {
    await pause(load.delayMs);
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const ask = async () => {
    load.requests += 1;
    load.running += 1;
    load.most = Math.max(load.most, load.running);
    await (await fetch(url)).arrayBuffer();
    load.running -= 1;
  };
  return { load, ask };
}

/** Callers that ask again as soon as they are answered or refused, until the end of the test. */
function givenCallers(breaker: Breaker, ask: () => Promise<void>) {
  const refused = { count: 0 };
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!isOver) {
      try {
        await breaker.run(LIMITS, ask);
      } catch (error) {
        if (!(error instanceof BreakerOpen)) throw error;
        refused.count += 1;
        await pause(5);
      }
    }
  });
  onTestFinished(async () => {
    isOver = true;
    await Promise.all(callers);
  });
  return refused;
}

test("opens while a server is slow, lets one call through to probe it, and closes without a rush once it recovered", async () => {
  const { load, ask } = await givenServer();
  const breaker = new Breaker("slow-server");
  const isIn = (state: Breaker["state"]) => () => breaker.state === state;
  const patient = { timeout: 60_000, interval: 1 };
  const refused = givenCallers(breaker, ask);

  await vi.waitUntil(() => load.most >= CALLERS / 2, patient);
  load.delayMs = SLOW_MS;
  await vi.waitUntil(isIn("open"), patient);
  await vi.waitUntil(() => load.running === 0, patient); // those that started before it opened
  Object.assign(load, { requests: 0, most: 0 });
  const [refusedBefore, openedAt] = [refused.count, Date.now()];

  await vi.waitUntil(() => load.requests >= 3, patient);
  expect(load.most).toBe(1);
  expect(Date.now() - openedAt).toBeGreaterThan(2 * (LIMITS.openMs + SLOW_MS) - LIMITS.openMs);
  expect(refused.count - refusedBefore).toBeGreaterThan(CALLERS);

  load.delayMs = 20;
  Object.assign(load, { requests: 0, most: 0 });
  let atClose = { ...load };
  await vi.waitUntil(() => {
    if (breaker.state !== "closed") atClose = { ...load };
    return breaker.state === "closed";
  }, patient);
  expect(atClose.most).toBeLessThanOrEqual(8);
  await vi.waitUntil(() => load.most > 8, patient); // everyone is served again
});
