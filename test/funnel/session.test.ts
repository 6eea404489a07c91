// Who is signed in, for pages that are the same for everybody.
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { call } from "../support/http.ts";
import { redisCost } from "../support/redis.ts";
import { AUTH_SECRET, aBuyer } from "../support/shop.ts";

interface Session {
  user: { id: string; email?: string } | null;
}

const session = (token?: string) =>
  call<Session>("GET", "/api/session", token === undefined ? {} : { token });

test("names the buyer of the token, and is never stored", async () => {
  const { token, id } = await aBuyer();
  const { status, body, headers } = await session(token);
  expect([status, body]).toEqual([200, { user: { id } }]);
  expect(headers.get("cache-control")).toBe("private, no-store");
});

test("names the buyer's address if the token does", async () => {
  const token = await new SignJWT({ email: "ada@example.com" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject("auth0|5f7c")
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(AUTH_SECRET));
  expect((await session(token)).body).toEqual({
    user: { id: "auth0|5f7c", email: "ada@example.com" },
  });
});

test.each([undefined, "forged"])("says that nobody is signed in: %s", async (token) => {
  expect(await session(token)).toMatchObject({ status: 200, body: { user: null } });
});

test("costs no Redis command", async () => {
  givenClock(Date.now()); // frozen, so that no refresh becomes due while commands are counted
  const { token } = await aBuyer();
  expect((await redisCost(() => session(token))).commands).toBe(0);
});
