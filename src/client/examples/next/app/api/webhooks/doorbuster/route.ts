// POST /api/webhooks/doorbuster: events of Doorbuster. `ORDER_WEBHOOK_URL` of the deployment names this address.
import { MAX_BODY_BYTES, receive } from "../../../../../server/webhooks.ts";
import { shop } from "../../../../shop.ts";

export async function POST(request: Request): Promise<Response> {
  const { settings, book } = shop();
  if (!(Number(request.headers.get("content-length")) <= MAX_BODY_BYTES)) return status(413);
  const headers = Object.fromEntries(request.headers);
  // `request.json()` would lose the bytes that were signed.
  return status(receive(await request.text(), headers, { ...settings, book }));
}

const status = (code: number) => new Response(null, { status: code });
