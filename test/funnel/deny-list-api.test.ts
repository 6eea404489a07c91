// The operator's API for deny and allow rules: values, bodies, and malformed requests.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, admin, contractFaults, ORIGIN, send } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, suppressLiveStock } from "../support/shop.ts";
import { deny, denyPath } from "./rule-requests.ts";
import { attempt, givenSale, noRules, rules } from "./scene.ts";

beforeAll(pauseQueue);
beforeEach(async () => {
  await emptyRedis();
  await noRules();
  suppressLiveStock();
});

describe("the operator's API", () => {
  test.each([".", "..", "%2e%2e", "a/../b", "what?", "#1", "100%", "a&b=c", "+ +"])(
    "adds and removes a rule for the user %j",
    async (name) => {
      const sale = await givenSale();
      const address = `/denylist/user?value=${encodeURIComponent(name)}`;
      const put = await admin("PUT", address);
      expect([put.status, put.body.value]).toEqual([200, name]);
      expect((await attempt(await aBuyer(name), sale)).code).toBe("blocked");
      expect((await admin("DELETE", address)).status).toBe(204);
      expect((await attempt(await aBuyer(name), sale)).status).toBe(202);
    },
  );

  test("denies the /64 of an IPv6 address, with a warning", async () => {
    const sale = await givenSale();
    const put = await deny("ip", "2001:db8:9:1::1");
    expect(put.body).toMatchObject({ value: "2001:db8:9:1::/64", warnings: [{ path: "value" }] });
    const from = (address: string) => ({ from: address });
    const [near, far] = [from("2001:db8:9:1:ffff::2"), from("2001:db8:9:2::1")];
    expect((await attempt(await aBuyer(), sale, near)).code).toBe("blocked");
    expect((await attempt(await aBuyer(), sale, far)).status).toBe(202);
    expect((await admin("DELETE", denyPath("ip", "2001:db8:9:1::1"))).status).toBe(204);
    expect((await deny("ip", "2001:db8:9:1::1/128")).body).not.toHaveProperty("warnings");
    expect((await attempt(await aBuyer(), sale, near)).status).toBe(202);
  });

  test.each(["0.0.0.0/0", "10.0.0.0/8", "::/0", "2001::/16"])(
    "warns that a rule for %s covers very many people",
    async (network) => {
      const { status, body } = await deny("ip", network);
      expect(status).toBe(200);
      expect(body.warnings).toMatchObject([{ path: "value" }]);
    },
  );

  test.each(["203.0.0.0/16", "2001:db8::/32"])("does not warn about %s", async (network) => {
    expect((await deny("ip", network)).body).not.toHaveProperty("warnings");
  });

  test.each(["application/json", "application/json; charset=utf-8", "text/plain"])(
    "treats an empty body of type %s as no body",
    async (type) => {
      const answer = await send(
        new Request(`${ORIGIN}/api/admin${denyPath("user", "somebody")}`, {
          method: "PUT",
          headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": type },
          body: new Blob([]).stream(),
        }),
      );
      expect(answer).toMatchObject({ status: 200, body: { value: "somebody" } });
    },
  );

  test("accepts a rule without a body, even with Content-Length: 0", async () => {
    const headers = { "content-length": "0" };
    expect((await admin("PUT", denyPath("user", "somebody"), { headers })).status).toBe(200);
  });

  test.each([
    ["ip", "nowhere"],
    ["ip", "10.0.0.0/33"],
    ["ip", "010.0.0.1"],
    ["asn", "AS1"],
    ["country", "DEU"],
    ["user", "u".repeat(129)],
    ["shoe", "size-9"],
  ])("refuses %s %s and stores nothing", async (kind, value) => {
    const answer = await deny(kind, value);
    expect(answer.code).toBe("invalid_request");
    expect(contractFaults(answer)).toEqual([]);
    expect(await rules()).toEqual([]);
    expect((await admin("DELETE", denyPath(kind, value))).status).toBe(404);
  });

  test.each([{ seconds: 0 }, { seconds: 1.5 }, { note: "n".repeat(501) }, { reason: "?" }])(
    "refuses the body %j",
    async (body) => {
      expect((await deny("user", "somebody", body)).code).toBe("invalid_request");
      expect(await rules()).toEqual([]);
    },
  );

  test("stores one rule for one network, however it is written", async () => {
    for (const value of ["198.51.100.9/24", "198.51.100.0/24"]) await deny("ip", value);
    expect(await rules()).toMatchObject([{ kind: "ip", value: "198.51.100.0/24" }]);
    expect((await admin("DELETE", denyPath("ip", "198.51.100.77/24"))).status).toBe(204);
  });
});
