// Verifies a signed report. Trusts nothing in the document, so anyone can run it on a saved copy with the published key.
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from "jose";
import type { Report, SignedReport } from "./document.ts";

/**
 * Returns the report that was signed.
 * @param document the answer of `GET /api/admin/sales/{saleId}/audit`
 * @param keys the answer of `GET /api/report-keys`
 * @throws with the reason if none of the keys signed it, or if it was changed
 */
export async function verifyReport(document: unknown, keys: JSONWebKeySet): Promise<Report> {
  const { report, jws } = (document ?? {}) as Partial<SignedReport>;
  if (typeof jws !== "string") throw new Error("it has no signature");
  const { payload } = await compactVerify(jws, createLocalJWKSet(keys), { algorithms: ["EdDSA"] });
  const signed = new TextDecoder().decode(payload);
  if (JSON.stringify(report) !== signed) throw new Error("it is not the report that was signed");
  return JSON.parse(signed);
}
