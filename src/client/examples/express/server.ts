// Starts the Express shop: `node src/client/examples/express/server.ts`, with the variables that `settings.ts` reads.
import { readSettings } from "../server/settings.ts";
import { createShop } from "./app.ts";

const settings = readSettings(process.env);
const { port } = new URL(settings.origin);
createShop(settings).listen(Number(process.env.PORT ?? (port || 3_000)), () => {
  console.log(`The shop is on ${settings.origin}`);
});
