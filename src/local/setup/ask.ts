// The questions that setup asks in a terminal. Without one, what they would ask must come from options or the environment.
import { isCancel, password, text } from "@clack/prompts";
import { Cancelled } from "./error.ts";
import { SAMPLE_TITLE, type SampleChoice } from "./first-sale.ts";
import { domainIn, timeIn, titleIn, WORKERS_DEV } from "./options.ts";
import { UPSTASH } from "./secrets.ts";

/** Asks the operator. Absent without a terminal. */
export interface Ask {
  /** A domain of the shop, or `workers.dev`. */
  domain(): Promise<string>;
  /** What the first sale is called and when it opens. Empty answers leave that as it is. */
  firstSale(): Promise<SampleChoice>;
  /** The credentials of Upstash, by the names of their secrets. */
  upstash(): Promise<Record<string, string>>;
}

function answered(answer: string | symbol | undefined): string {
  if (isCancel(answer)) throw new Cancelled();
  return typeof answer === "string" ? answer.trim() : "";
}

/** What is wrong with an answer, if it is not empty. */
const problemWith = (parse: (text: string) => unknown) => (value: string | undefined) => {
  if (!value) return undefined;
  try {
    parse(value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

export const terminal: Ask = {
  async domain() {
    const message =
      "Domain for your drops, such as drops.shop.example (empty: a free workers.dev address)";
    return domainOr(answered(await text({ message, validate: problemWith(domainIn) })));
  },
  async firstSale() {
    const titled = `Title of the first sale, a free sample that you can edit (empty: ${SAMPLE_TITLE})`;
    const title = answered(await text({ message: titled, validate: problemWith(titleIn) }));
    const timed =
      "When does it open? Such as 2026-12-01 09:00, in your time zone (empty: in a week)";
    const time = (typed: string) => timeIn(typed, Date.now());
    const opens = answered(await text({ message: timed, validate: problemWith(time) }));
    return { ...(title && { title: titleIn(title) }), ...(opens && { opensAt: time(opens) }) };
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
