// The operator's view of messages that were given up: look, replay, discard.
import { Hono } from "hono";
import { problem, refuse } from "../errors.ts";
import type { AppEnv } from "../http.ts";
import { discardDeadLetter, findDeadLetter, listDeadLetters } from "../orders/dead-letters.ts";
import type { DeadLetter } from "../orders/delivery.ts";
import { BACKGROUND_LIMIT_MS, withRedis } from "../redis/client.ts";

type Bindings = Pick<Env, "ORDERS" | "WEBHOOKS">;

/**
 * In place of an id: every letter. A path beside `:id` would cost every request of the app: Hono's fast
 * router knows no such ambiguity.
 */
const ALL = "all";

/** A replayed letter is only removed once the queue has it: replaying twice does no harm, losing does. */
async function replay(env: Bindings, { queue, message }: DeadLetter): Promise<void> {
  const target: Queue = queue.endsWith("-webhooks") ? env.WEBHOOKS : env.ORDERS;
  await target.send(message);
}

export const deadLetterRoutes = new Hono<AppEnv>()
  .get("/", async (c) => {
    const letters = await withRedis(c.get("config"), BACKGROUND_LIMIT_MS, listDeadLetters);
    return c.json({ deadLetters: letters });
  })
  .get("/:id", async (c) => {
    const letter = await withRedis(c.get("config"), BACKGROUND_LIMIT_MS, (redis, keys) =>
      findDeadLetter(redis, keys, c.req.param("id")),
    );
    return letter ? c.json(letter) : problem(c, refuse("not_found"));
  })
  .post("/:id/replay", async (c) => {
    const id = c.req.param("id");
    const replayed = await withRedis(c.get("config"), BACKGROUND_LIMIT_MS, async (redis, keys) => {
      const letters =
        id === ALL ? await listDeadLetters(redis, keys) : [await findDeadLetter(redis, keys, id)];
      for (const letter of letters) {
        if (!letter) return 0;
        await replay(c.env, letter);
        await discardDeadLetter(redis, keys, letter.id);
      }
      return letters.length;
    });
    return replayed > 0 || id === ALL ? c.json({ replayed }) : problem(c, refuse("not_found"));
  })
  .delete("/:id", async (c) => {
    const gone = await withRedis(c.get("config"), BACKGROUND_LIMIT_MS, (redis, keys) =>
      discardDeadLetter(redis, keys, c.req.param("id")),
    );
    return gone ? c.body(null, 204) : problem(c, refuse("not_found"));
  });
