// Replaces the rate-limit bindings of wrangler.toml. Counts in memory, as Cloudflare does. Miniflare's binding stores
// every key in SQLite and scans all of them for each new key, so a load test with many addresses would measure that
// table and not the Worker.
import { WorkerEntrypoint } from "cloudflare:workers";

/** Namespace → its current window, with the number of calls per key. */
const windows = new Map();

/** `ctx.props`: `{ namespace, limit, period }`, with the period in seconds. */
export default class RateLimit extends WorkerEntrypoint {
  limit({ key }) {
    const { namespace, limit, period } = this.ctx.props;
    const epoch = Math.floor(Date.now() / (period * 1000));
    let window = windows.get(namespace);
    if (window?.epoch !== epoch) {
      window = { epoch, calls: new Map() };
      windows.set(namespace, window);
    }
    const calls = (window.calls.get(key) ?? 0) + 1;
    window.calls.set(key, calls);
    return { success: calls <= limit };
  }
}
