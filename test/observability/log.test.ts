// The log: which part of an error it contains, and its limit per event.
import { expect, onTestFinished, test, vi } from "vitest";
import { causeOf, log } from "../../src/observability/log.ts";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { KEYS, redis } from "../support/redis.ts";
import { aBuyer, unique } from "../support/shop.ts";

function givenLog(): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  onTestFinished(() => spy.mockRestore());
  return lines;
}

test.each([
  ['ERR no, command was: [["set","user:ann","secret"]]', "Error: ERR no"],
  ['ERR no command was: ["x"]\nmore', "Error: ERR no"],
  ["plain", "Error: plain"],
])("the cause of %j contains the error but not the command", (message, kept) => {
  expect(causeOf(new Error(message))).toBe(kept);
});

test("logs a refused Redis command without user id or note", async () => {
  const lines = givenLog();
  const { id } = await aBuyer(unique("ann@example.com"));
  await redis("DEL", KEYS.rules);
  await redis("SET", KEYS.rules, "no hash");
  onTestFinished(async () => void (await redis("DEL", KEYS.rules)));

  const answer = await admin("PUT", `/denylist/user/${encodeURIComponent(id)}`, {
    body: { note: "a secret note" },
  });

  expect(answer.status).toBe(200);
  expect(lines.join("\n")).toContain("WRONGTYPE");
  expect(lines.join("\n")).not.toContain("ann@example.com");
  expect(lines.join("\n")).not.toContain("secret note");
});

test("writes at most 20 lines of an event at once, then 20 per second, and states how many were dropped", () => {
  const lines = givenLog();
  const clock = givenClock(Date.now());
  const event = unique("event");
  for (let i = 0; i < 100; i += 1) log(event, { count: i });
  expect(lines).toHaveLength(20);
  clock.moveTo(Date.now() + 500);
  for (let i = 0; i < 100; i += 1) log(event);
  expect(lines).toHaveLength(30);
  expect(JSON.parse(lines[20] ?? "")).toEqual({ event, droppedSinceLast: 80 });
  expect(JSON.parse(lines[21] ?? "")).toEqual({ event });
  clock.moveTo(Date.now() + 50);
  log(event);
  expect(JSON.parse(lines.at(-1) ?? "")).toEqual({ event, droppedSinceLast: 90 });
});

test("limits each event on its own", () => {
  const lines = givenLog();
  givenClock(Date.now());
  const [loud, quiet] = [unique("event"), unique("event")];
  for (let i = 0; i < 100; i += 1) log(loud);
  log(quiet);
  expect(lines.at(-1)).toBe(JSON.stringify({ event: quiet }));
});
