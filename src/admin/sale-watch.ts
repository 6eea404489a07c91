// Pushes the figures of one sale to the consoles that watch it: one object for each watched sale, so the figures are read
// once however many people watch. It stores nothing but its alarm, and sleeps while nobody watches.
import { DurableObject } from "cloudflare:workers";
import { requireConfig } from "../config/config.ts";
import type { Operator } from "../http/request.ts";
import { causeOf, log } from "../observability/log.ts";
import { renderFigures } from "./console/overview.tsx";
import { readFigures } from "./figures.ts";

const EVERY_MS = 2_000;
/** An alarm this long overdue will not ring any more. */
const OVERDUE_MS = 10_000;
/** The close code of a socket whose sign-in is over. */
export const SIGNED_OUT = 4401;
/** The close code of a socket that has to be opened again. */
export const OPEN_AGAIN = 4408;
/**
 * A socket lasts so long: milliseconds. Opening it again proves that the browser is still signed in, so after a sign-out in
 * another tab, or with another token, nobody watches for longer.
 */
export const SOCKET_MS = 30_000;
/** The close code once the sale is gone. */
const SALE_GONE = 4404;

/** The attachment of a socket, which survives hibernation. Times are milliseconds. */
export interface Watcher {
  saleId: string;
  role: Operator["role"];
  /** When the sign-in is over. */
  expiresAt: number;
  openUntil: number;
}

const WATCHER_HEADER = "Watcher";

/** The request for a socket. A WebSocket passes from an object to the Worker by `fetch` only. */
export const watchRequest = (watcher: Watcher): Request =>
  new Request("https://sale-watch/", {
    headers: { Upgrade: "websocket", [WATCHER_HEADER]: JSON.stringify(watcher) },
  });

export class SaleWatch extends DurableObject<Env> {
  /** Accepts the socket of a `watchRequest`, and pushes the figures to it at once. */
  override async fetch(request: Request): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(JSON.parse(request.headers.get(WATCHER_HEADER) as string));
    const due = await this.ctx.storage.getAlarm();
    if (due === null || due < Date.now() - OVERDUE_MS) {
      await this.ctx.storage.setAlarm(Date.now());
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  override async alarm(): Promise<void> {
    const watching = this.#watching();
    const [first] = watching;
    if (!first) return;
    // Set first, so that a failed push does not end the pushes.
    await this.ctx.storage.setAlarm(Date.now() + EVERY_MS);
    try {
      await this.#push(first.watcher.saleId);
    } catch (error) {
      log("console.push_failed", { saleId: first.watcher.saleId, cause: causeOf(error) });
    }
  }

  /** The sockets that may get figures now. Closes the others. */
  #watching(): { socket: WebSocket; watcher: Watcher }[] {
    const now = Date.now();
    return this.ctx.getWebSockets().flatMap((socket) => {
      const watcher = socket.deserializeAttachment() as Watcher;
      if (now >= watcher.expiresAt) socket.close(SIGNED_OUT, "The sign-in is over");
      else if (now >= watcher.openUntil) socket.close(OPEN_AGAIN, "Open it again");
      else return [{ socket, watcher }];
      return [];
    });
  }

  async #push(saleId: string): Promise<void> {
    const waitUntil = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    const scope = { config: requireConfig(this.env), env: this.env, waitUntil };
    const figures = await readFigures(scope, saleId);
    const html = figures && (await renderFigures(figures));
    // Read again: sockets may have come or gone meanwhile.
    for (const { socket } of this.#watching()) {
      if (html === undefined) socket.close(SALE_GONE, "The sale does not exist");
      else socket.send(html);
    }
  }

  /** Consoles have nothing to say. */
  override webSocketMessage(): void {}

  override webSocketClose(socket: WebSocket): void {
    socket.close();
  }
}
