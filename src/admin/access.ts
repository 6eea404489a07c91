// Sign-in by Cloudflare Access: verifies the assertion that Access adds to each request it lets through. See
// https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/
import { emailOf } from "../funnel/email.ts";
import { KeysUnavailable, verifyBySet } from "../funnel/key-set.ts";
import type { AppContext, Operator } from "../http/request.ts";

const HEADER = "Cf-Access-Jwt-Assertion";
/** The only algorithm that Access signs with. */
const ALGORITHMS = ["RS256"];
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_ASSERTION = 8_192;

type Assertion =
  | { state: "valid"; operator: Operator; expiresAt: number }
  | { state: "absent" | "invalid" | "unavailable" };

/** The person that Access names. `absent` if Access is not configured, or did not see the request. */
export async function readAssertion(c: AppContext): Promise<Assertion> {
  const { ACCESS_TEAM_DOMAIN, ACCESS_AUD, ACCESS_OPERATORS } = c.get("config");
  const token = c.req.header(HEADER);
  if (!ACCESS_TEAM_DOMAIN || !ACCESS_AUD || token === undefined) return { state: "absent" };
  if (token.length > MAX_ASSERTION) return { state: "invalid" };
  try {
    const keys = `${ACCESS_TEAM_DOMAIN}/cdn-cgi/access/certs`;
    const { payload } = await verifyBySet(c.get("scope"), keys, token, {
      issuer: ACCESS_TEAM_DOMAIN,
      audience: ACCESS_AUD,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ["exp", "email"],
    });
    const name = emailOf(payload.email)?.toLowerCase();
    if (name === undefined) return { state: "invalid" };
    const role = ACCESS_OPERATORS.includes(name) ? "operator" : "viewer";
    const expiresAt = (payload.exp as number) * 1_000;
    return { state: "valid", operator: { name, role }, expiresAt };
  } catch (error) {
    return { state: error instanceof KeysUnavailable ? "unavailable" : "invalid" };
  }
}
