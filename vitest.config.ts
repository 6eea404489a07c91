// Four test projects. `unit` runs pure code (`*.unit.test.ts`) on plain Node, without workerd and Redis.
// `worker` runs inside workerd with the real bindings. `node` runs the local stack and its tools. `browser`
// runs whole instances: purchases in a real browser, and journeys under load and kills.
import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { PATIENT_BREAKERS } from "./test/setup/patient-breakers.ts";
import { startServices } from "./test/setup/services.ts";

const UNIT = "test/**/*.unit.test.{ts,tsx}";
const NODE = "test/{local,bench}/**/*.test.ts";
const BROWSER = "test/{browser,journeys}/**/*.test.ts";

/** Only so that a hang ends; no test depends on how fast the machine is. */
const testTimeout = 900_000;
const limits = { testTimeout, hookTimeout: testTimeout };

const QUEUE = {
  maxBatchTimeout: 0.05,
  maxRetries: 12,
  deadLetterQueue: "doorbuster-orders-dlq",
};

/** Only so that a wait ends: the default of a second is missed on a busy machine. */
const patient = { poll: { timeout: 60_000 } };

/** Files at a time, of all projects together: vitest wants the same number in each. */
const maxWorkers = Math.min(4, Math.max(2, availableParallelism()));

export default defineConfig({
  test: {
    // Keeps the output short: a dot per test, and logs of failing tests only.
    reporters: ["dot"],
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "unit",
          include: [UNIT],
          isolate: false,
          maxWorkers,
          ...limits,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // Tests deliver batches themselves if the order matters. The short timeouts are for tests
              // that use the real local queues.
              queueConsumers: {
                "doorbuster-orders": { ...QUEUE, maxBatchSize: 100 },
                "doorbuster-payments": { ...QUEUE, maxBatchSize: 100 },
                "doorbuster-webhooks": { ...QUEUE, maxBatchSize: 20 },
                "doorbuster-orders-dlq": {
                  maxBatchSize: 100,
                  maxBatchTimeout: 0.05,
                  maxRetries: 100,
                },
              },
              bindings: {
                ADMIN_TOKEN: "test-admin-token",
                VIEWER_TOKEN: "test-viewer-token",
                SIGNING_SECRET: "test-signing-secret-of-32-characters",
                AUTH_SECRET: "test-auth-secret-of-at-least-32-characters",
                DEMO_LOGIN: "true",
                PAYMENTS: "sandbox",
                ...PATIENT_BREAKERS,
                ...(await startServices()),
              },
            },
          })),
        ],
        test: {
          name: "worker",
          globalSetup: ["./test/setup/workerd-log.ts", "./src/pages/build.ts"],
          include: ["test/**/*.test.{ts,tsx}"],
          exclude: [UNIT, NODE, BROWSER],
          // A few workerd processes, each with its own services, run the files one after the other and are emptied
          // before each. A new process per file would double the time.
          isolate: false,
          maxWorkers,
          setupFiles: ["./test/support/reset-state.ts", "./test/support/check-answers.ts"],
          ...limits,
        },
      },
      {
        test: {
          name: "node",
          include: [NODE],
          exclude: [UNIT],
          maxWorkers,
          ...limits,
          expect: patient,
        },
      },
      {
        test: {
          name: "browser",
          globalSetup: ["./test/browser/find-chromium.ts", "./test/setup/built-worker.ts"],
          include: [BROWSER],
          // Files in one process share its browser, and load the tools that run an instance only once.
          isolate: false,
          maxWorkers,
          ...limits,
          expect: patient,
        },
      },
    ],
  },
});
