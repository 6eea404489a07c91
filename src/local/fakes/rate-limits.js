// Stands in for the rate-limit bindings of wrangler.toml: counts in memory, as Cloudflare's machines
// do. Miniflare's own keeps every key in SQLite and scans them all for each new one: a crowd of
// addresses then measures that table and not the Worker.
import { WorkerEntrypoint } from "cloudflare:workers";

/** Namespace → the window it counts in, and calls by key. */
const windows = new Map();

/** `ctx.props`: `{ namespace, limit, period }`, the period in seconds. */
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
