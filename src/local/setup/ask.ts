// The questions that setup asks in a terminal. Without one, what they would ask must come from options or the environment.
import { isCancel, password, text } from "@clack/prompts";
import { domainIn, WORKERS_DEV } from "./options.ts";
import { UPSTASH } from "./secrets.ts";

/** Asks the operator. Absent without a terminal. */
export interface Ask {
  /** A domain of the shop, or `workers.dev`. */
  domain(): Promise<string>;
  /** The credentials of Upstash, by the names of their secrets. */
  upstash(): Promise<Record<string, string>>;
}

/** The operator pressed Ctrl-C or Escape. */
export class Cancelled extends Error {}

function answered(answer: string | symbol | undefined): string {
  if (isCancel(answer)) throw new Cancelled();
  return typeof answer === "string" ? answer.trim() : "";
}

const problemOf = (value: string | undefined): string | undefined => {
  if (!value) return undefined;
  try {
    domainIn(value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

export const terminal: Ask = {
  async domain() {
    const message =
      "Domain for your drops, such as drops.shop.example (empty: a free workers.dev address)";
    return domainOr(answered(await text({ message, validate: problemOf })));
  },
  async upstash() {
    const hint = "console.upstash.com, your database, REST API";
    const url = answered(
      await text({
        message: `UPSTASH_REDIS_REST_URL (${hint})`,
        validate: (value) => (/^https:\/\/\S+$/.test(value ?? "") ? undefined : "https://…"),
      }),
    );
    const token = answered(
      await password({
        message: "UPSTASH_REDIS_REST_TOKEN",
        validate: (value) => (value ? undefined : "Paste the token."),
      }),
    );
    return { [UPSTASH[0]]: url, [UPSTASH[1]]: token };
  },
};

const domainOr = (answer: string): string => (answer === "" ? WORKERS_DEV : domainIn(answer));
