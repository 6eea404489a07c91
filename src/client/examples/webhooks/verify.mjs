// Verifies a webhook of Doorbuster with Node alone, as the Standard Webhooks specification says:
//   ORDER_WEBHOOK_SECRET=whsec_… node verify.mjs < request.txt
// The request is its headers, an empty line, and the body, byte for byte. Two secrets are separated by a comma.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Seconds. A request that somebody recorded is worthless after them. */
const TOLERANCE = 300;
/** Bytes, as the specification says. Anyone can sign with the key of an empty secret. */
const SHORTEST_KEY = 24;

/**
 * Why a request is invalid. Undefined: it is valid.
 * @param headers by their names in lowercase
 * @param {Buffer} body as it arrived
 */
export function faultOf(headers, body, secrets, now = Date.now() / 1000) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (!id || !timestamp || !signatures) return "a header is missing";
  if (!/^\d{1,15}$/.test(timestamp)) return "the timestamp is no number";
  if (Math.abs(now - Number(timestamp)) > TOLERANCE) return "too old, or from the future";
  const given = signatures
    .split(" ")
    .filter((signature) => signature.startsWith("v1,"))
    .map((signature) => Buffer.from(signature.slice("v1,".length)));
  const isSigned = secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    if (key.length < SHORTEST_KEY) return false;
    const hmac = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body);
    const expected = Buffer.from(hmac.digest("base64"));
    return given.some((it) => it.length === expected.length && timingSafeEqual(it, expected));
  });
  return isSigned ? undefined : "no signature matches";
}

/** Reads a request from the standard input, and says whether it is valid. */
function main() {
  const request = readFileSync(0);
  const [end = ""] = /\r?\n\r?\n/.exec(request.toString("latin1")) ?? [];
  const headEnd = end ? request.indexOf(end) : request.length;
  const lines = request.subarray(0, headEnd).toString().split(/\r?\n/);
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const secrets = (process.env.ORDER_WEBHOOK_SECRET ?? "").split(",").map((it) => it.trim());
  const fault = faultOf(headers, request.subarray(headEnd + end.length), secrets);
  console.log(fault === undefined ? "valid" : `invalid: ${fault}`);
  process.exitCode = fault === undefined ? 0 : 1;
}

// Not when it is imported.
if (realpathSync(process.argv[1] ?? ".") === fileURLToPath(import.meta.url)) main();
