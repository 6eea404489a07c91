// A fake of Turnstile's siteverify API over HTTP, for tests and local instances, with the same path, bodies and error
// codes. It has no widget. A token encodes its own result: `<outcome>.<action>.<cdata>.<unique>`.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";

export interface FakeTurnstile {
  /** Vars that make a Worker use this fake. */
  vars: Record<"TURNSTILE_SITE_KEY" | "TURNSTILE_SECRET" | "TURNSTILE_VERIFY_URL", string>;
  stop(): Promise<void>;
}

const SECRET = "fake-turnstile-secret";
const PATH = "/turnstile/v0/siteverify";
const HOSTNAME = "localhost";
/** Longer than the Worker's timeout for siteverify. */
const SLOW_MS = 2_500;
const MAX_TOKEN = 2_048;

/**
 * The outcome of a token. `pass` is valid once. `fail` is invalid. `slow` is valid, but the response comes too late.
 * `down` closes the connection. `internal-error` is Turnstile's error code for a failure on its side.
 */
const OUTCOMES = ["pass", "fail", "slow", "down", "internal-error"] as const;
type Outcome = (typeof OUTCOMES)[number];
type Fields = Partial<Record<string, unknown>>;

/** Starts the fake on loopback. Port 0 picks a free port. */
export async function startFakeTurnstile(port = 0): Promise<FakeTurnstile> {
  const server = createServer(getRequestListener(fakeTurnstile().fetch));
  await once(server.listen(port, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    vars: {
      TURNSTILE_SITE_KEY: "fake-turnstile-site-key",
      TURNSTILE_SECRET: SECRET,
      TURNSTILE_VERIFY_URL: origin + PATH,
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function fakeTurnstile() {
  /** Used tokens, with the idempotency key and the response of their first verification. */
  const used = new Map<string, { key: unknown; response: object }>();
  let verifications = 0;
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.post(PATH, async (c) => {
    verifications += 1;
    const fields = await readFields(c);
    if (!fields) return c.json(refused("bad-request"));
    const { secret, response: token, idempotency_key: key } = fields;
    if (!secret) return c.json(refused("missing-input-secret"));
    if (secret !== SECRET) return c.json(refused("invalid-input-secret"));
    if (!token) return c.json(refused("missing-input-response"));
    const [outcome, action, cdata] = typeof token === "string" ? token.split(".") : [];
    const isValid = OUTCOMES.includes(outcome as Outcome) && (token as string).length <= MAX_TOKEN;
    if (!isValid || outcome === "fail") return c.json(refused("invalid-input-response"));
    if (outcome === "internal-error") return c.json(refused("internal-error"));
    if (outcome === "down") {
      c.env.incoming.socket.destroy();
      return c.body(null);
    }
    if (outcome === "slow") await setTimeout(SLOW_MS, undefined, { ref: false });
    const first = used.get(token as string);
    if (first && (key === undefined || first.key !== key)) {
      return c.json(refused("timeout-or-duplicate"));
    }
    const response = first?.response ?? passed(action, cdata);
    used.set(token as string, { key, response });
    return c.json(response);
  });

  // For tests only.
  app.get("/_fake/verifications", (c) => c.json(verifications));
  return app;
}

/** Parses a JSON or form body. Turnstile accepts both. Returns undefined if it is neither. */
async function readFields(c: Context): Promise<Fields | undefined> {
  try {
    const isJson = c.req.header("content-type")?.startsWith("application/json");
    return isJson ? ((await c.req.json()) as Fields) : await c.req.parseBody();
  } catch {
    return undefined;
  }
}

const refused = (code: string) => ({ success: false, "error-codes": [code], messages: [] });

const passed = (action = "", cdata = "") => ({
  success: true,
  "error-codes": [],
  challenge_ts: new Date().toISOString(),
  hostname: HOSTNAME,
  action,
  cdata,
});
