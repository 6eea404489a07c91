// A worker thread that runs Redis and its REST bridge, so that the load generator shares no event loop with the
// bridge. Any message ends the thread.
import { parentPort, workerData } from "node:worker_threads";
import { startRedisWithBridge } from "../stack.ts";

const { bridge, vars, stop } = await startRedisWithBridge(workerData as string);
parentPort?.postMessage({ url: bridge.url, vars });
parentPort?.once("message", async () => {
  await stop();
  parentPort?.close();
});
