// The identity provider's keys: which tokens they verify, and what its outages mean for whom.
import { exportJWK, generateKeyPair, type JWTPayload } from "jose";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { AuthConfig } from "../../src/funnel/identity.ts";
import { givenClock } from "../support/clock.ts";
import { unique } from "../support/shop.ts";
import { bearing, inAnHour, key, token, unsigned } from "./tokens.ts";

describe("with the provider's key set", () => {
  let pair: Awaited<ReturnType<typeof generateKeyPair>>;
  let publicJwk: Awaited<ReturnType<typeof exportJWK>>;
  beforeAll(async () => {
    pair = await generateKeyPair("ES256", { extractable: true });
    publicJwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  });

  /** A key pair: as its key set shows it, and a signer of tokens. Named only by `kid` if that is given. */
  async function aKey(alg: string, { kid, ...shown }: { kid?: string; alg?: string } = {}) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = {
      ...(await exportJWK(publicKey)),
      ...(kid ? { kid } : {}),
      alg,
      use: "sig",
      ...shown,
    };
    const header = { alg, ...(kid ? { kid } : {}) };
    const sign = (sub: string, claims: JWTPayload = {}) =>
      token({ claims: { sub, exp: inAnHour(), ...claims }, header, signWith: privateKey });
    return { jwk, token: sign };
  }

  /** Given a provider whose key set is this, at an address nothing has cached. */
  function givenProvider(answer: () => Response | Promise<Response>) {
    const url = `https://id.shop/${unique("jwks")}`;
    const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
    onTestFinished(() => spy.mockRestore());
    return { config: { AUTH_JWKS_URL: url } satisfies AuthConfig, asked: spy };
  }
  const keySet = () => Response.json({ keys: [publicJwk] });
  const good = () => token({ header: { alg: "ES256", kid: "k1" }, signWith: pair.privateKey });

  const known = (sub: string) =>
    token({ claims: { sub }, header: { alg: "ES256", kid: "k1" }, signWith: pair.privateKey });

  test("a token of the provider is good, and its keys are fetched once", async () => {
    const { config, asked } = givenProvider(keySet);
    for (let i = 0; i < 3; i += 1) expect(await bearing(config, await good())).toBe("ann");
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("a public key is no shared secret: HS256 signed with it is unauthenticated", async () => {
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

  test("forged key ids make us ask at most seven times in a minute, and stop no one else", async () => {
    const { config, asked } = givenProvider(keySet);
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
    // Those the provider was asked about are refused; of the others nothing can be known.
    expect(answers).toEqual(new Set(["unauthenticated", "unavailable"]));
    expect(asked.mock.calls.length).toBeLessThanOrEqual(1 + 7);
  });

  test("a key that was added a moment after the set was read lets its people in at once", async () => {
    const added = await aKey("ES256", { kid: "k2" });
    let keys = [publicJwk];
    const { config, asked } = givenProvider(() => Response.json({ keys }));
    const clock = givenClock(Date.now());
    expect(await bearing(config, await good())).toBe("ann");
    clock.moveTo(Date.now() + 1);
    keys = [publicJwk, added.jwk];
    expect(await bearing(config, await added.token("bob"))).toBe("bob");
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("a new key is no one's fault while forged ones have used up the questions", async () => {
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

  test("a key that the provider does not have is asked for once in thirty seconds", async () => {
    const { config, asked } = givenProvider(keySet);
    const clock = givenClock(Date.now());
    expect(await bearing(config, await good())).toBe("ann");
    const retired = await aKey("ES256", { kid: "retired" });
    for (let second = 0; second < 60; second += 1) {
      expect(await bearing(config, await retired.token(`${second}`))).toBe("unauthenticated");
      clock.moveTo(Date.now() + 1_000);
    }
    expect(asked).toHaveBeenCalledTimes(1 + 2);
  });

  test("a token that no key could make good costs no question", async () => {
    const { config, asked } = givenProvider(keySet);
    const strict = { ...config, AUTH_ISSUER: "https://id.shop" };
    const stranger = await aKey("ES256", { kid: "k9" });
    expect(await bearing(config, await stranger.token("old", { exp: inAnHour() - 7_200 }))).toBe(
      "unauthenticated",
    );
    expect(await bearing(strict, await stranger.token("foreign", { iss: "https://x.test" }))).toBe(
      "unauthenticated",
    );
    expect(asked).not.toHaveBeenCalled();
  });

  test.each<[string, () => Response]>([
    ["down", () => new Response("", { status: 500 })],
    ["not JSON", () => new Response("<html>")],
    ["no key set", () => Response.json({})],
  ])(
    "a provider that is %s lets nobody in, and says that it is not their fault",
    async (_, answer) => {
      const { config } = givenProvider(answer);
      expect(await bearing(config, await good())).toBe("unavailable");
    },
  );

  test("a provider that is down is asked once a second, however many forged tokens come", async () => {
    const { config, asked } = givenProvider(() => new Response("", { status: 500 }));
    givenClock(Date.now());
    for (let i = 0; i < 20; i += 1) expect(await bearing(config, await good())).toBe("unavailable");
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("a provider that goes down later keeps its people in", async () => {
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

  test("a crowd on a fresh isolate has its keys fetched once", async () => {
    const { config, asked } = givenProvider(async () => {
      await scheduler.wait(50);
      return keySet();
    });
    const token = await good();
    const crowd = await Promise.all(Array.from({ length: 50 }, () => bearing(config, token)));
    expect(new Set(crowd)).toEqual(new Set(["ann"]));
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("a key that was added since the set was read lets its people in, after one question for all", async () => {
    const added = await aKey("ES256", { kid: "k2" });
    let keys = [publicJwk];
    const { config, asked } = givenProvider(async () => {
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
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("a new key while the provider is down is nobody's fault, and nobody else waits for it", async () => {
    const added = await aKey("ES256", { kid: "k2" });
    let answer = async () => keySet();
    const { config, asked } = givenProvider(() => answer());
    const clock = givenClock(Date.now());
    expect(await bearing(config, await good())).toBe("ann");
    clock.moveTo(Date.now() + 40_000);
    answer = async () => new Response("", { status: 500 });
    for (let i = 0; i < 20; i += 1) {
      expect(await bearing(config, await added.token(`x-${i}`))).toBe("unavailable");
      expect(await bearing(config, await known(`y-${i}`))).toBe(`y-${i}`);
    }
    expect(asked).toHaveBeenCalledTimes(2);

    // A provider that hangs: whoever has a known key is not held up by whoever has none.
    clock.moveTo(Date.now() + 6_000);
    const hanging = Promise.withResolvers<Response>();
    answer = () => hanging.promise;
    const waiting = bearing(config, await added.token("late"));
    await vi.waitUntil(() => asked.mock.calls.length === 3);
    expect(await bearing(config, await known("quick"))).toBe("quick");
    hanging.resolve(Response.json({ keys: [publicJwk, added.jwk] }));
    expect(await waiting).toBe("late");
  });

  test("forged tokens make a provider that is down be asked once in five seconds", async () => {
    let up = true;
    const { config, asked } = givenProvider(() =>
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
    expect(asked).toHaveBeenCalledTimes(1 + 3);
  });

  test.each(["RS256", "ES256", "PS256"])(
    "two %s keys: a token that names none is good by either",
    async (alg) => {
      const [one, two, stranger] = [await aKey(alg), await aKey(alg), await aKey(alg)];
      const { config, asked } = givenProvider(() => Response.json({ keys: [one.jwk, two.jwk] }));
      expect(await bearing(config, await one.token("first"))).toBe("first");
      expect(await bearing(config, await two.token("second"))).toBe("second");
      expect(await bearing(config, await stranger.token("third"))).toBe("unauthenticated");
      expect(await bearing(config, await two.token("late", { exp: inAnHour() - 7_200 }))).toBe(
        "unauthenticated",
      );
      expect(asked).toHaveBeenCalledTimes(1 + 1); // the stranger's key may have been new
    },
  );

  test("two keys with one name are both tried", async () => {
    const [one, two] = [await aKey("RS256", { kid: "same" }), await aKey("RS256", { kid: "same" })];
    const { config } = givenProvider(() => Response.json({ keys: [one.jwk, two.jwk] }));
    expect(await bearing(config, await two.token("second"))).toBe("second");
  });

  test("a new key without a name replaces the one before", async () => {
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
    "an Edwards key serves tokens of both names when its set says %s",
    async (named) => {
      for (const alg of ["EdDSA", "Ed25519"]) {
        for (const shown of [{ alg: named }, {}]) {
          const edwards = await aKey(alg, { kid: "e", ...shown });
          const { config } = givenProvider(() => Response.json({ keys: [edwards.jwk] }));
          expect(await bearing(config, await edwards.token("eve"))).toBe("eve");
        }
      }
    },
  );
});
