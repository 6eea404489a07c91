// Who asks: every way to pretend to be somebody is refused, whichever way tokens are verified.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Config } from "../../src/config.ts";
import { type AuthConfig, identify } from "../../src/funnel/identity.ts";
import type { AppEnv } from "../../src/http.ts";
import { givenClock } from "../support/clock.ts";
import { ORIGIN } from "../support/http.ts";
import { unique } from "../support/shop.ts";

const SECRET = "a-secret-of-the-shop-with-enough-characters";
const shared: AuthConfig = { AUTH_SECRET: SECRET };
const key = (secret = SECRET) => new TextEncoder().encode(secret);

/** What the Worker makes of a request: the user's id, or the code of the refusal. */
async function whoAsks(config: AuthConfig, headers: Record<string, string>, method = "GET") {
  const app = new Hono<AppEnv>().all("/", async (c) => {
    c.set("config", config as Config);
    return c.json(await identify(c, config));
  });
  const ctx = createExecutionContext();
  const answer = await app.request(`${ORIGIN}/`, { method, headers }, env, ctx);
  const identity = (await answer.json()) as Awaited<ReturnType<typeof identify>>;
  return identity.ok ? identity.userId : identity.refusal.reason;
}

const bearing = (config: AuthConfig, token: string) =>
  whoAsks(config, { authorization: `Bearer ${token}` });

interface TokenOptions {
  claims?: JWTPayload;
  header?: { alg?: string; kid?: string };
  signWith?: Parameters<SignJWT["sign"]>[0];
}

const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;

/** A good token for ann, but for what is given. */
function token({ claims = {}, header = {}, signWith = key() }: TokenOptions = {}) {
  const { alg = "HS256", ...rest } = header;
  return new SignJWT({ sub: "ann", exp: inAnHour(), ...claims })
    .setProtectedHeader({ alg, ...rest })
    .sign(signWith);
}

const part = (value: unknown) =>
  btoa(JSON.stringify(value)).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_");
const unsigned = (header: object) => `${part(header)}.${part({ sub: "ann", exp: inAnHour() })}.`;

describe("with a shared secret", () => {
  test("a good token names its subject", async () => {
    expect(await bearing(shared, await token())).toBe("ann");
    expect(await bearing(shared, await token({ claims: { sub: "用户 🎟 'x'" } }))).toBe(
      "用户 🎟 'x'",
    );
  });

  const bad: [string, () => string | Promise<string>][] = [
    ["alg none", () => unsigned({ alg: "none" })],
    ["alg None", () => unsigned({ alg: "None" })],
    ["no alg", () => unsigned({})],
    [
      "alg none with a signature",
      async () => `${unsigned({ alg: "none" })}${(await token()).split(".")[2]}`,
    ],
    ["another secret", () => token({ signWith: key("another-secret-of-enough-characters") })],
    ["another algorithm", () => token({ header: { alg: "HS512" } })],
    ["expired", () => token({ claims: { exp: inAnHour() - 7_200 } })],
    ["not valid yet", () => token({ claims: { nbf: inAnHour() } })],
    ["no exp", () => token({ claims: { exp: undefined as never } })],
    ["exp that is no number", () => token({ claims: { exp: "never" as never } })],
    ["no sub", () => token({ claims: { sub: undefined as never } })],
    ["empty sub", () => token({ claims: { sub: "" } })],
    ["sub that is a number", () => token({ claims: { sub: 1 as never } })],
    ["sub that is an object", () => token({ claims: { sub: {} as never } })],
    ["sub longer than any id", () => token({ claims: { sub: "x".repeat(129) } })],
    ["sub that is not Unicode", () => token({ claims: { sub: "\ud800" } })],
    ["huge", () => token({ claims: { more: "x".repeat(9_000) } })],
    ["cut short", async () => (await token()).slice(0, -5)],
    ["two parts", async () => (await token()).split(".").slice(0, 2).join(".")],
    [
      "claims exchanged",
      async () => {
        const [header, , signature] = (await token()).split(".");
        return `${header}.${part({ sub: "bob", exp: inAnHour() })}.${signature}`;
      },
    ],
    [
      "critical header unknown to us",
      async () => {
        const [, claims, signature] = (await token()).split(".");
        return `${part({ alg: "HS256", crit: ["x"], x: 1 })}.${claims}.${signature}`;
      },
    ],
  ];
  test.each(bad)("%s is unauthenticated", async (_, make) => {
    expect(await bearing(shared, await make())).toBe("unauthenticated");
  });

  test("issuer and audience count when they are configured", async () => {
    const strict = { ...shared, AUTH_ISSUER: "https://id.shop", AUTH_AUDIENCE: "doorbuster" };
    const good = { iss: "https://id.shop", aud: ["other", "doorbuster"] };
    expect(await bearing(strict, await token({ claims: good }))).toBe("ann");
    for (const claims of [{}, { ...good, iss: "https://evil" }, { ...good, aud: "other" }]) {
      expect(await bearing(strict, await token({ claims }))).toBe("unauthenticated");
    }
  });

  test("a header that is there but wrong is not mended by a good cookie", async () => {
    const cookie = `session=${await token()}`;
    expect(await whoAsks(shared, { cookie })).toBe("ann");
    expect(await whoAsks(shared, { cookie, authorization: "Bearer x" })).toBe("unauthenticated");
    expect(await whoAsks(shared, { cookie, authorization: "" })).toBe("unauthenticated");
  });

  test("a cookie writes only from our own pages", async () => {
    const cookie = `session=${await token()}`;
    const from = (origin?: string) => ({ cookie, ...(origin ? { origin } : {}) });
    for (const method of ["POST", "DELETE", "PUT"]) {
      expect(await whoAsks(shared, from(ORIGIN), method)).toBe("ann");
      for (const origin of [
        undefined,
        "https://evil.test",
        `${ORIGIN}.evil.test`,
        "null",
        `${ORIGIN}:444`,
        ORIGIN.replace("https", "http"),
      ]) {
        expect(await whoAsks(shared, from(origin), method)).toBe("forbidden");
      }
    }
    expect(await whoAsks(shared, from("https://evil.test"), "GET")).toBe("ann");
  });
});

describe("with the provider's key set", () => {
  let pair: Awaited<ReturnType<typeof generateKeyPair>>;
  let publicJwk: Awaited<ReturnType<typeof exportJWK>>;
  beforeAll(async () => {
    pair = await generateKeyPair("ES256", { extractable: true });
    publicJwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  });

  /** Given a provider whose key set is this, at an address nothing has cached. */
  function givenProvider(answer: () => Response | Promise<Response>) {
    const url = `https://id.shop/${unique("jwks")}`;
    const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
    onTestFinished(() => spy.mockRestore());
    return { config: { AUTH_JWKS_URL: url } satisfies AuthConfig, asked: spy };
  }
  const keySet = () => Response.json({ keys: [publicJwk] });
  const good = () => token({ header: { alg: "ES256", kid: "k1" }, signWith: pair.privateKey });

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

  test("forged key ids do not make us ask the provider again and again", async () => {
    const { config, asked } = givenProvider(keySet);
    for (let i = 0; i < 20; i += 1) {
      const header = { alg: "ES256", kid: `forged-${i}` };
      const forged = await token({ header, signWith: pair.privateKey });
      expect(await bearing(config, forged)).toBe("unauthenticated");
    }
    expect(asked).toHaveBeenCalledTimes(1);
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
    expect(await bearing(config, forged)).toBe("unauthenticated");
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
});
