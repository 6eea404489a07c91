// Checks that the port is free before anything starts, so that the error message can be helpful.
import { once } from "node:events";
import { createServer } from "node:net";
import { DevError } from "./error.ts";

/** Both addresses of `localhost`. A program on either one could receive the browser's requests. */
const LOOPBACKS = ["127.0.0.1", "::1"];
/** Errors for `::1` on a machine without IPv6. The port is free there. */
const NO_SUCH_ADDRESS = ["EADDRNOTAVAIL", "EAFNOSUPPORT"];

/** @throws DevError with instructions if the port is in use or not allowed */
export async function assertPortFree(port: number): Promise<void> {
  if (port === 0) return;
  for (const host of LOOPBACKS) {
    const code = await tryListening(port, host);
    if (code === undefined || NO_SUCH_ADDRESS.includes(code)) continue;
    throw new DevError(
      code === "EADDRINUSE"
        ? `Port ${port} is in use by another program. Stop that program or choose another port: ` +
            `PORT=${port + 1} npm run dev (PORT=0 picks a free port).`
        : `Port ${port} cannot be used: ${code}. Choose another port: PORT=8787 npm run dev`,
    );
  }
}

/** Returns the error code, or undefined if the port is free. */
async function tryListening(port: number, host: string): Promise<string | undefined> {
  const server = createServer();
  try {
    await once(server.listen({ port, host, exclusive: true }), "listening");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unknown";
  }
  server.close();
  await once(server, "close");
  return undefined;
}
