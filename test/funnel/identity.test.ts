// Identification of the caller: valid tokens are accepted, and all kinds of invalid ones refused.
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ORIGIN } from "../support/http.ts";
import { bearing, inAnHour, key, part, shared, token, unsigned, whoAsks } from "./tokens.ts";

describe("with a shared secret", () => {
  test("identifies the subject of a valid token", async () => {
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
    ["exp that is not a number", () => token({ claims: { exp: "never" as never } })],
    ["no sub", () => token({ claims: { sub: undefined as never } })],
    ["empty sub", () => token({ claims: { sub: "" } })],
    ["sub that is a number", () => token({ claims: { sub: 1 as never } })],
    ["sub that is an object", () => token({ claims: { sub: {} as never } })],
    ["sub longer than the limit", () => token({ claims: { sub: "x".repeat(129) } })],
    ["sub that is not well-formed Unicode", () => token({ claims: { sub: "\ud800" } })],
    ["over the size limit", () => token({ claims: { more: "x".repeat(9_000) } })],
    ["truncated", async () => (await token()).slice(0, -5)],
    ["only two parts", async () => (await token()).split(".").slice(0, 2).join(".")],
    [
      "exchanged claims",
      async () => {
        const [header, , signature] = (await token()).split(".");
        return `${header}.${part({ sub: "bob", exp: inAnHour() })}.${signature}`;
      },
    ],
    [
      "unknown critical header",
      async () => {
        const [, claims, signature] = (await token()).split(".");
        return `${part({ alg: "HS256", crit: ["x"], x: 1 })}.${claims}.${signature}`;
      },
    ],
  ];
  test.each(bad)("refuses a token: %s", async (_, make) => {
    expect(await bearing(shared, await make())).toBe("unauthenticated");
  });

  test("checks the issuer and the audience if they are configured", async () => {
    const strict = { ...shared, AUTH_ISSUER: "https://id.shop", AUTH_AUDIENCE: "doorbuster" };
    const good = { iss: "https://id.shop", aud: ["other", "doorbuster"] };
    expect(await bearing(strict, await token({ claims: good }))).toBe("ann");
    for (const claims of [{}, { ...good, iss: "https://evil" }, { ...good, aud: "other" }]) {
      expect(await bearing(strict, await token({ claims }))).toBe("unauthenticated");
    }
  });

  test.each(["Bearer", "bearer", "BEARER"])(
    "accepts spaces and tabs between %s and the token",
    async (scheme) => {
      for (const blanks of [" ", "  ", "\t", " \t  "]) {
        expect(await whoAsks(shared, { authorization: scheme + blanks + (await token()) })).toBe(
          "ann",
        );
      }
    },
  );

  test.each(["Bearer", "Bearer ", "Basic YTpi", "BearerX", "Bearer: x", "DPoP x"])(
    "refuses the scheme %j, with or without a valid token",
    async (scheme) => {
      expect(await whoAsks(shared, { authorization: scheme })).toBe("unauthenticated");
      const authorization = `${scheme}${await token()}`;
      if (scheme !== "Bearer ") {
        expect(await whoAsks(shared, { authorization })).toBe("unauthenticated");
      }
    },
  );

  test("accepts any valid one of several session cookies", async () => {
    const expired = await token({ claims: { exp: inAnHour() - 7_200 } });
    const forged = await token({ signWith: key("another-secret-of-enough-characters") });
    const good = await token();
    for (const cookie of [
      `session=${expired}; session=${good}`,
      `session=${good}; session=${expired}`,
      `session=; session="${good}"`,
      `a=b; session=${forged}; session=${expired}; theme=dark;session=${good}`,
      `session=${"x".repeat(9_000)}; session=${good}`,
      `session=${expired}, session=${good}`, // a repeated header
    ]) {
      expect(await whoAsks(shared, { cookie })).toBe("ann");
    }
    for (const cookie of [
      `session=${expired}; session=${forged}`,
      `xsession=${good}; session-x=${good}`,
      "session; session=; session",
    ]) {
      expect(await whoAsks(shared, { cookie })).toBe("unauthenticated");
    }
  });

  test("accepts a valid session cookie after many expired and malformed ones", async () => {
    const expired = await token({ claims: { exp: inAnHour() - 7_200 } });
    const stale = Array.from({ length: 40 }, (_, i) => `session=${i % 2 ? expired : `x.${i}.z`}`);
    const cookie = [...stale, `session=${await token()}`].join("; ");
    expect(await whoAsks(shared, { cookie })).toBe("ann");
  });

  test("accepts a valid session cookie after many from the shop's other sites", async () => {
    const claims = { iss: "https://id.shop", aud: "shop" };
    const strict = { ...shared, AUTH_ISSUER: claims.iss, AUTH_AUDIENCE: claims.aud };
    const foreign = await token({ claims: { ...claims, iss: "https://forum.shop" } });
    const other = unsigned({ alg: "RS256", kid: "k1" });
    const sessions = [
      ...Array(10).fill(foreign),
      ...Array(10).fill(other),
      await token({ claims }),
    ];
    const cookie = sessions.map((session) => `session=${session}`).join("; ");
    expect(await whoAsks(strict, { cookie })).toBe("ann");
  });

  test("checks at most five signatures of forged session cookies", async () => {
    const checks = vi.spyOn(crypto.subtle, "verify");
    onTestFinished(() => checks.mockRestore());
    const forged = Array.from({ length: 200 }, (_, i) =>
      token({ claims: { sub: `${i}` }, signWith: key(`${i}`.padEnd(32)) }),
    );
    const cookie = (await Promise.all(forged)).map((one) => `session=${one}`).join("; ");
    expect(await whoAsks(shared, { cookie })).toBe("unauthenticated");
    expect(checks).toHaveBeenCalledTimes(5);
  });

  test("refuses an invalid Authorization header even with a valid cookie", async () => {
    const cookie = `session=${await token()}`;
    expect(await whoAsks(shared, { cookie })).toBe("ann");
    expect(await whoAsks(shared, { cookie, authorization: "Bearer x" })).toBe("unauthenticated");
    expect(await whoAsks(shared, { cookie, authorization: "" })).toBe("unauthenticated");
  });

  test("accepts a write with a cookie only from our own pages", async () => {
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
