// Cloudflare lets one invocation wait for the headers of six responses; further requests queue. The local runtime does not
// enforce that, so requests to a stand-in for the provider are limited here, and tests see what a deployment would do.

const CONNECTIONS = 6;

export function sixConnections(send: typeof fetch): typeof fetch {
  let open = 0;
  const queue: (() => void)[] = [];
  return async (...request) => {
    if (open >= CONNECTIONS) await new Promise<void>((resolve) => queue.push(resolve));
    else open += 1;
    try {
      return await send(...request);
    } finally {
      // Hands the connection over, or closes it.
      const next = queue.shift();
      if (next) next();
      else open -= 1;
    }
  };
}
