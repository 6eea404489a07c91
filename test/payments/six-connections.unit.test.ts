// The local limit of connections: never more than six at once, and every request is sent.
import { expect, test } from "vitest";
import { sixConnections } from "../../src/payments/six-connections.ts";

test("sends at most six requests at once, and all of them in the end", async () => {
  let open = 0;
  let most = 0;
  const limited = sixConnections(async (input) => {
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, 1));
    open -= 1;
    if (String(input) === "3") throw new Error("cut");
    return new Response(String(input));
  });

  const sent = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => limited(`${i}`)));

  expect(most).toBe(6);
  expect(sent.filter(({ status }) => status === "fulfilled")).toHaveLength(39);
});
