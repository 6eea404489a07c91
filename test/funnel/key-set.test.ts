// The identity provider's key set: which tokens it verifies, and how often it is fetched.
import { beforeAll, expect, test } from "vitest";
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
import { bearing, inAnHour, key, token, unsigned } from "./tokens.ts";

beforeAll(givenProviderKey);

test("accepts tokens of the provider and fetches its keys once", async () => {
  const { config, fetches } = givenProvider(keySet);
  for (let i = 0; i < 3; i += 1) expect(await bearing(config, await good())).toBe("ann");
  expect(fetches).toHaveBeenCalledTimes(1);
});

test("refuses an HS256 token signed with the public key", async () => {
  const { config } = givenProvider(keySet);
  const forged = [JSON.stringify(publicJwk), publicJwk.x ?? "", publicJwk.kid ?? ""];
  for (const secret of forged) {
    const header = { alg: "HS256", kid: "k1" };
    expect(await bearing(config, await token({ header, signWith: key(secret.padEnd(32)) }))).toBe(
      "unauthenticated",
    );
  }
  expect(await bearing(config, unsigned({ alg: "none", kid: "k1" }))).toBe("unauthenticated");
});

test("fetches the keys at most seven times a minute for forged key ids, and identifies other callers", async () => {
  const { config, fetches } = givenProvider(keySet);
  const clock = givenClock(Date.now());
  expect(await bearing(config, await good())).toBe("ann");
  const answers = new Set<string>();
  for (let second = 0; second < 60; second += 1) {
    for (let i = 0; i < 10; i += 1) {
      const header = { alg: "ES256", kid: `forged-${second}-${i}` };
      answers.add(await bearing(config, await token({ header, signWith: pair.privateKey })));
    }
    expect(await bearing(config, await known(`buyer-${second}`))).toBe(`buyer-${second}`);
    clock.moveTo(Date.now() + 1_000);
  }
  // A forged token is refused after a fetch; without one, its key may still be a new one.
  expect(answers).toEqual(new Set(["unauthenticated", "unavailable"]));
  expect(fetches.mock.calls.length).toBeLessThanOrEqual(1 + 7);
});

test("accepts a key at once that was added right after a fetch", async () => {
  const added = await aKey("ES256", { kid: "k2" });
  let keys = [publicJwk];
  const { config, fetches } = givenProvider(() => Response.json({ keys }));
  const clock = givenClock(Date.now());
  expect(await bearing(config, await good())).toBe("ann");
  clock.moveTo(Date.now() + 1);
  keys = [publicJwk, added.jwk];
  expect(await bearing(config, await added.token("bob"))).toBe("bob");
  expect(fetches).toHaveBeenCalledTimes(2);
});

test("answers unavailable for a new key while forged keys have used up the fetches", async () => {
  const [added, forger] = [await aKey("ES256", { kid: "k2" }), await aKey("ES256")];
  let keys = [publicJwk];
  const { config } = givenProvider(() => Response.json({ keys }));
  const clock = givenClock(Date.now());
  expect(await bearing(config, await good())).toBe("ann");
  for (let i = 0; i < 10; i += 1) await bearing(config, await forger.token(`forged-${i}`));
  keys = [publicJwk, added.jwk];
  expect(await bearing(config, await added.token("bob"))).toBe("unavailable");
  clock.moveTo(Date.now() + 15_000);
  expect(await bearing(config, await added.token("bob"))).toBe("bob");
});

test("fetches the keys once in thirty seconds for a key that the provider does not have", async () => {
  const { config, fetches } = givenProvider(keySet);
  const clock = givenClock(Date.now());
  expect(await bearing(config, await good())).toBe("ann");
  const retired = await aKey("ES256", { kid: "retired" });
  for (let second = 0; second < 60; second += 1) {
    expect(await bearing(config, await retired.token(`${second}`))).toBe("unauthenticated");
    clock.moveTo(Date.now() + 1_000);
  }
  expect(fetches).toHaveBeenCalledTimes(1 + 2);
});

test("fetches no keys for a token that is invalid with any key", async () => {
  const { config, fetches } = givenProvider(keySet);
  const strict = { ...config, AUTH_ISSUER: "https://id.shop" };
  const unknown = await aKey("ES256", { kid: "k9" });
  expect(await bearing(config, await unknown.token("old", { exp: inAnHour() - 7_200 }))).toBe(
    "unauthenticated",
  );
  expect(await bearing(strict, await unknown.token("foreign", { iss: "https://x.test" }))).toBe(
    "unauthenticated",
  );
  expect(fetches).not.toHaveBeenCalled();
});

test("fetches the keys once for many simultaneous requests in a new isolate", async () => {
  const { config, fetches } = givenProvider(async () => {
    await scheduler.wait(50);
    return keySet();
  });
  const token = await good();
  const crowd = await Promise.all(Array.from({ length: 50 }, () => bearing(config, token)));
  expect(new Set(crowd)).toEqual(new Set(["ann"]));
  expect(fetches).toHaveBeenCalledTimes(1);
});

test("accepts a new key after one fetch for all waiting callers", async () => {
  const added = await aKey("ES256", { kid: "k2" });
  let keys = [publicJwk];
  const { config, fetches } = givenProvider(async () => {
    await scheduler.wait(50);
    return Response.json({ keys });
  });
  const clock = givenClock(Date.now());
  expect(await bearing(config, await good())).toBe("ann");
  keys = [publicJwk, added.jwk];
  clock.moveTo(Date.now() + 40_000);
  const crowd = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => bearing(config, await added.token(`buyer-${i}`))),
  );
  expect(crowd).toEqual(crowd.map((_, i) => `buyer-${i}`));
  expect(fetches).toHaveBeenCalledTimes(2);
});

test.each(["RS256", "ES256", "PS256"])(
  "verifies a token without a key id with either of two %s keys",
  async (alg) => {
    const [one, two, unknown] = [await aKey(alg), await aKey(alg), await aKey(alg)];
    const { config, fetches } = givenProvider(() => Response.json({ keys: [one.jwk, two.jwk] }));
    expect(await bearing(config, await one.token("first"))).toBe("first");
    expect(await bearing(config, await two.token("second"))).toBe("second");
    expect(await bearing(config, await unknown.token("third"))).toBe("unauthenticated");
    expect(await bearing(config, await two.token("late", { exp: inAnHour() - 7_200 }))).toBe(
      "unauthenticated",
    );
    expect(fetches).toHaveBeenCalledTimes(1 + 1); // the unknown key may have been new
  },
);

test("tries both of two keys with the same id", async () => {
  const [one, two] = [await aKey("RS256", { kid: "same" }), await aKey("RS256", { kid: "same" })];
  const { config } = givenProvider(() => Response.json({ keys: [one.jwk, two.jwk] }));
  expect(await bearing(config, await two.token("second"))).toBe("second");
});

test("accepts a new key without an id in place of the old one", async () => {
  const [before, after] = [await aKey("RS256"), await aKey("RS256")];
  let keys = [before.jwk];
  const { config } = givenProvider(() => Response.json({ keys }));
  const clock = givenClock(Date.now());
  expect(await bearing(config, await before.token("first"))).toBe("first");
  keys = [after.jwk];
  clock.moveTo(Date.now() + 40_000);
  expect(await bearing(config, await after.token("second"))).toBe("second");
});

test.each(["EdDSA", "Ed25519"])(
  "verifies tokens with either algorithm name when the set names %s",
  async (named) => {
    for (const alg of ["EdDSA", "Ed25519"]) {
      for (const changes of [{ alg: named }, {}]) {
        const edwards = await aKey(alg, { kid: "e", ...changes });
        const { config } = givenProvider(() => Response.json({ keys: [edwards.jwk] }));
        expect(await bearing(config, await edwards.token("eve"))).toBe("eve");
      }
    }
  },
);
