// Three test projects. `unit` runs pure code (`*.unit.test.ts`) on plain Node, without workerd and Redis.
// `worker` runs inside workerd with the real bindings. `node` runs the local stack, whole-process journeys
// and the browser.
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const UNIT = "test/**/*.unit.test.{ts,tsx}";
const NODE = "test/{local,journeys,browser,bench}/**/*.test.ts";

export default defineConfig({
  test: {
    projects: [
      {
        test: { name: "unit", include: [UNIT], isolate: false },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // The test runner delivers batches itself where order matters; the short timeout is
              // for tests that go through the real local queue.
              queueConsumers: {
                "doorbuster-orders": {
                  maxBatchSize: 100,
                  maxBatchTimeout: 0.05,
                  maxRetries: 12,
                  deadLetterQueue: "doorbuster-orders-dlq",
                },
              },
              bindings: {
                UPSTASH_REDIS_REST_URL: inject("redisUrl"),
                UPSTASH_REDIS_REST_TOKEN: inject("redisToken"),
                ADMIN_TOKEN: "test-admin-token",
                SIGNING_SECRET: "test-signing-secret-of-32-characters",
                AUTH_SECRET: "test-auth-secret-of-at-least-32-characters",
                DEMO_LOGIN: "true",
                PAYMENTS: "sandbox",
                ...inject("turnstileVars"),
              },
            },
          })),
        ],
        test: {
          name: "worker",
          globalSetup: [
            "./test/global-setup.ts",
            "./test/payments/fake-stripe-setup.ts",
            "./test/funnel/fake-turnstile-setup.ts",
            "./src/pages/build.ts",
          ],
          include: ["test/**/*.test.{ts,tsx}"],
          exclude: [UNIT, NODE],
          // One Redis serves every file; files flush it, so they take turns.
          fileParallelism: false,
          // One workerd serves them all, emptied before each: a fresh one each would double the time.
          isolate: false,
          setupFiles: ["./test/support/fresh.ts"],
          // Only so that a hang ends; no test depends on how fast the machine is.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "node",
          globalSetup: ["./test/browser/find-chromium.ts"],
          include: [NODE],
          exclude: [UNIT],
          // Only so that a wait ends: the default of a second is missed by a browser on a busy machine.
          expect: { poll: { timeout: 20_000 } },
        },
      },
    ],
  },
});
