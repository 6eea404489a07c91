// Whether a port is free, asked before anything starts so that the answer can be a helpful one.
import { once } from "node:events";
import { createServer } from "node:net";
import { DevError } from "./error.ts";

/** Both of what `localhost` may mean: a program on the other one would get the browser's requests. */
const LOOPBACKS = ["127.0.0.1", "::1"];
/** A machine without IPv6 has nobody on `::1` either. */
const NO_SUCH_ADDRESS = ["EADDRNOTAVAIL", "EAFNOSUPPORT"];

/** @throws DevError that says what to do when somebody listens on the port */
export async function assertPortFree(port: number): Promise<void> {
  if (port === 0) return;
  for (const host of LOOPBACKS) {
    const code = await tryListening(port, host);
    if (code === undefined || NO_SUCH_ADDRESS.includes(code)) continue;
    throw new DevError(
      code === "EADDRINUSE"
        ? `Port ${port} is taken by another program. Stop that one, or choose another port: ` +
            `PORT=${port + 1} npm run dev (PORT=0 takes any free one).`
        : `Port ${port} cannot be used: ${code}. Choose another one: PORT=8787 npm run dev`,
    );
  }
}

/** The code of the error, or undefined when the port could be had. */
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
