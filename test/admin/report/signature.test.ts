// The proof of a report: anyone can check it with the published key, and nobody can change it.
import { expect, test } from "vitest";
import type { SignedReport } from "../../../src/admin/report/document.ts";
import { reportKey } from "../../../src/admin/report/sign.ts";
import { verifyReport } from "../../../src/admin/report/verify-report.ts";
import { admin, call, SIGNING_SECRET } from "../../support/http.ts";
import { aSale, putSale } from "../../support/shop.ts";

const keysOf = async () => (await call<{ keys: never[] }>("GET", "/api/report-keys")).body;

async function givenReport(): Promise<SignedReport> {
  const { id } = await putSale(aSale());
  return (await admin<SignedReport>("GET", `/sales/${id}/audit`)).body;
}

test("is checked with the key that the shop publishes", async () => {
  const signed = await givenReport();
  expect(await verifyReport(signed, await keysOf())).toEqual(signed.report);
});

test("refuses a report that was changed, in its text or in its signed part", async () => {
  const keys = await keysOf();
  const { report, jws } = await givenReport();
  const prettier = { ...report, sale: { ...report.sale, title: "Another sale" } };
  await expect(verifyReport({ report: prettier, jws }, keys)).rejects.toThrow("not the report");

  const [header, , signature] = jws.split(".");
  const payload = btoa(JSON.stringify(prettier)).replace(/[+/=]/g, "");
  const forged = { report: prettier, jws: `${header}.${payload}.${signature}` };
  await expect(verifyReport(forged, keys)).rejects.toThrow("signature verification failed");

  const unsigned = `${btoa('{"alg":"none"}').replace(/=/g, "")}.${payload}.`;
  await expect(verifyReport({ report: prettier, jws: unsigned }, keys)).rejects.toThrow();
  for (const nothing of [null, undefined, {}, { report }, { report, jws: 1 }, "text"]) {
    await expect(verifyReport(nothing, keys)).rejects.toThrow("no signature");
  }
});

test("refuses a report of another shop", async () => {
  const foreign = await reportKey({ SIGNING_SECRET: "another-secret-of-at-least-32-characters" });
  await expect(verifyReport(await givenReport(), { keys: [foreign] })).rejects.toThrow();
});

test("publishes the public half of the key only, the same for everyone", async () => {
  const { status, headers, body } = await call("GET", "/api/report-keys");
  expect(status).toBe(200);
  expect(headers.get("cache-control")).toBe("public, max-age=3600");
  expect(body).toEqual({
    keys: [
      {
        ...{ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig" },
        x: expect.stringMatching(/^[\w-]{43}$/),
        kid: expect.stringMatching(/^[\w-]{43}$/),
      },
    ],
  });
  expect(body).toEqual({ keys: [await reportKey({ SIGNING_SECRET })] });
});
