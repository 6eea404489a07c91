// Runs the services of one workerd in a separate process, because the test runner resolves packages for workerd, and
// ioredis has no sockets there. Sends their bindings to the parent, and stops when the parent exits.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFakeDrand } from "../../src/local/fakes/drand.ts";
import { startFakeStripe } from "../../src/local/fakes/stripe/server.ts";
import { startFakeTurnstile } from "../../src/local/fakes/turnstile.ts";
import { LOCAL_BRIDGE_TOKEN } from "../../src/local/settings.ts";
import { startRedisWithBridge } from "../../src/local/stack.ts";
import type { ServiceBindings } from "./services.ts";

const STRIPE = { apiKey: "sk_test_fake", webhookSecret: "whsec_fake" };

const directory = await mkdtemp(join(tmpdir(), "doorbuster-worker-tests-"));
const [redis, stripe, turnstile, drand] = await Promise.all([
  startRedisWithBridge(directory),
  startFakeStripe(STRIPE),
  startFakeTurnstile(),
  startFakeDrand({ period: 1 }),
]);

process.once("disconnect", async () => {
  await Promise.all([redis.stop(), stripe.stop(), turnstile.stop(), drand.stop()]);
  await rm(directory, { recursive: true });
});

const bindings: ServiceBindings = {
  UPSTASH_REDIS_REST_URL: redis.bridge.url,
  UPSTASH_REDIS_REST_TOKEN: LOCAL_BRIDGE_TOKEN,
  FAKE_STRIPE: {
    STRIPE_SECRET_KEY: STRIPE.apiKey,
    STRIPE_WEBHOOK_SECRET: STRIPE.webhookSecret,
    STRIPE_API_URL: stripe.url,
  },
  ...turnstile.vars,
  ...drand.vars,
};
process.send?.(bindings);
