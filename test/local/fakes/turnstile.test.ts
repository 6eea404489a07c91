// The fake Turnstile must respond like the real siteverify API.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakeTurnstile, startFakeTurnstile } from "../../../src/local/fakes/turnstile.ts";

let turnstile: FakeTurnstile;

beforeAll(async () => {
  turnstile = await startFakeTurnstile();
});

afterAll(() => turnstile.stop());

const aToken = (outcome: string) => `${outcome}.buy.alice.${crypto.randomUUID()}`;

/** Posts the fields, as JSON or as a form. */
async function verify(fields: Record<string, string>, as: "json" | "form" = "json") {
  const { TURNSTILE_SECRET: secret, TURNSTILE_VERIFY_URL: url } = turnstile.vars;
  const all = { secret, ...fields };
  const response = await fetch(url, {
    method: "POST",
    ...(as === "form"
      ? { body: new URLSearchParams(all) }
      : { body: JSON.stringify(all), headers: { "content-type": "application/json" } }),
  });
  return (await response.json()) as Record<string, unknown>;
}

const refused = (code: string) => ({ success: false, "error-codes": [code], messages: [] });

test.each(["json", "form"] as const)("accepts a valid token once (%s)", async (as) => {
  const response = aToken("pass");
  expect(await verify({ response }, as)).toEqual({
    success: true,
    "error-codes": [],
    challenge_ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    hostname: "localhost",
    action: "buy",
    cdata: "alice",
  });
  expect(await verify({ response }, as)).toEqual(refused("timeout-or-duplicate"));
});

test("repeats its response for the same idempotency key only", async () => {
  const [response, idempotency_key] = [aToken("pass"), crypto.randomUUID()];
  const first = await verify({ response, idempotency_key });
  expect(await verify({ response, idempotency_key })).toEqual(first);
  const other = { response, idempotency_key: crypto.randomUUID() };
  expect(await verify(other)).toEqual(refused("timeout-or-duplicate"));
});

test.each([
  [{ secret: "" }, "missing-input-secret"],
  [{ secret: "wrong" }, "invalid-input-secret"],
  [{ response: "" }, "missing-input-response"],
  [{ response: "rubbish" }, "invalid-input-response"],
  [{ response: aToken("fail") }, "invalid-input-response"],
  [{ response: aToken("internal-error") }, "internal-error"],
])("refuses %j with %s", async (fields, code) => {
  expect(await verify({ response: aToken("pass"), ...fields })).toEqual(refused(code));
});

test("answers bad-request to a body that is neither JSON nor a form", async () => {
  const response = await fetch(turnstile.vars.TURNSTILE_VERIFY_URL, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{",
  });
  expect(await response.json()).toEqual(refused("bad-request"));
});

test("closes the connection for `down` and responds late for `slow`", async () => {
  await expect(verify({ response: aToken("down") })).rejects.toThrow();
  const { TURNSTILE_SECRET: secret, TURNSTILE_VERIFY_URL: url } = turnstile.vars;
  const late = fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ secret, response: aToken("slow") }),
    signal: AbortSignal.timeout(100),
  });
  await expect(late).rejects.toThrow("timeout");
});
