// Redis and its REST bridge in a thread of their own, so that the bench's client shares no event loop
// with what it measures. Ends when it is told to, by any message.
import { parentPort, workerData } from "node:worker_threads";
import { startRedisWithBridge } from "../stack.ts";

const { bridge, vars, stop } = await startRedisWithBridge(workerData as string);
parentPort?.postMessage({ url: bridge.url, vars });
parentPort?.once("message", async () => {
  await stop();
  parentPort?.close();
});
