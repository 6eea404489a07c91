// A process of its own for Redis and its bridge: the test runner resolves packages as workerd would,
// where ioredis has no sockets. Says where the bridge is, and ends with the process that started it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCAL_BRIDGE_TOKEN } from "../../src/local/settings.ts";
import { startRedisWithBridge } from "../../src/local/stack.ts";

const folder = await mkdtemp(join(tmpdir(), "doorbuster-worker-tests-"));
const redis = await startRedisWithBridge(folder);

process.once("disconnect", async () => {
  await redis.stop();
  await rm(folder, { recursive: true });
});
process.send?.({ url: redis.bridge.url, token: LOCAL_BRIDGE_TOKEN });
