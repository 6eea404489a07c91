// Outages of the identity provider: which tokens are still accepted, and how often its keys are fetched.
import { beforeAll, expect, test, vi } from "vitest";
import { givenClock } from "../support/clock.ts";
import {
  aKey,
  givenProvider,
  givenProviderKey,
  good,
  keySet,
  known,
  pair,
  publicJwk,
} from "./identity-provider.ts";
import { bearing, inAnHour, token } from "./tokens.ts";

beforeAll(givenProviderKey);

test.each<[string, () => Response]>([
  ["down", () => new Response("", { status: 500 })],
  ["not sending JSON", () => new Response("<html>")],
  ["not sending a key set", () => Response.json({})],
])("answers unavailable while the provider is %s", async (_, answer) => {
  const { config } = givenProvider(answer);
  expect(await bearing(config, await good())).toBe("unavailable");
});

test("fetches at most once a second from a provider that is down", async () => {
  const { config, fetches } = givenProvider(() => new Response("", { status: 500 }));
  givenClock(Date.now());
  for (let i = 0; i < 20; i += 1) expect(await bearing(config, await good())).toBe("unavailable");
  expect(fetches).toHaveBeenCalledTimes(1);
});

test("still accepts known keys after the provider goes down", async () => {
  let up = true;
  const { config } = givenProvider(() => (up ? keySet() : new Response("", { status: 500 })));
  expect(await bearing(config, await good())).toBe("ann");
  up = false;
  const clock = givenClock(Date.now());
  clock.moveTo(Date.now() + 3_600_000);
  const later = () =>
    token({
      claims: { sub: "bob", exp: inAnHour() },
      header: { alg: "ES256", kid: "k1" },
      signWith: pair.privateKey,
    });
  expect(await bearing(config, await later())).toBe("bob");
  const header = { alg: "ES256", kid: "forged" };
  const forged = await token({ claims: { exp: inAnHour() }, header, signWith: pair.privateKey });
  expect(await bearing(config, forged)).toBe("unavailable");
  expect(await bearing(config, await later())).toBe("bob");
});

test("answers unavailable for a new key while the provider is down, and delays no one with a known key", async () => {
  const added = await aKey("ES256", { kid: "k2" });
  let answer = async () => keySet();
  const { config, fetches } = givenProvider(() => answer());
  const clock = givenClock(Date.now());
  expect(await bearing(config, await good())).toBe("ann");
  clock.moveTo(Date.now() + 40_000);
  answer = async () => new Response("", { status: 500 });
  for (let i = 0; i < 20; i += 1) {
    expect(await bearing(config, await added.token(`x-${i}`))).toBe("unavailable");
    expect(await bearing(config, await known(`y-${i}`))).toBe(`y-${i}`);
  }
  expect(fetches).toHaveBeenCalledTimes(2);

  // The provider does not answer. A caller with a known key does not wait for the fetch.
  clock.moveTo(Date.now() + 6_000);
  const hanging = Promise.withResolvers<Response>();
  answer = () => hanging.promise;
  const waiting = bearing(config, await added.token("late"));
  await vi.waitUntil(() => fetches.mock.calls.length === 3, { timeout: 60_000 });
  expect(await bearing(config, await known("quick"))).toBe("quick");
  hanging.resolve(Response.json({ keys: [publicJwk, added.jwk] }));
  expect(await waiting).toBe("late");
});

test("fetches once in five seconds from a provider that is down, despite forged tokens", async () => {
  let up = true;
  const { config, fetches } = givenProvider(() =>
    up ? keySet() : new Response("", { status: 500 }),
  );
  const clock = givenClock(Date.now());
  expect(await bearing(config, await good())).toBe("ann");
  up = false;
  const forger = await aKey("ES256", { kid: "forged" });
  clock.moveTo(Date.now() + 40_000);
  for (let second = 0; second < 12; second += 1) {
    for (let i = 0; i < 5; i += 1) {
      expect(await bearing(config, await forger.token(`${second}-${i}`))).toBe("unavailable");
    }
    clock.moveTo(Date.now() + 1_000);
  }
  expect(fetches).toHaveBeenCalledTimes(1 + 3);
});
