// What goes wrong at the fake Stripe. A payment method `pm_fake_{step}_{fault}` fails the first time an
// order takes that step; with `_done` behind it the step is done all the same.
import { StripeFault } from "./errors.ts";

const FAULTY =
  /^pm_fake_(?<step>create|confirm|cancel|refund)_(?<fault>500|503|429|reset|silent|held)(?<done>_done)?$/;

/** What the caller gets to see of an answer: all of it, a cut connection, or nothing ever. */
export type Delivery = "whole" | "reset" | "silent";

/** The request was cut off before Stripe looked at it. */
export class NeverArrived extends Error {}

export class Faults {
  readonly #failed = new Set<string>();
  readonly #held = new Map<string, () => void>();

  /** Takes a step of an order, as its payment method wants it to go. */
  async take(
    step: string,
    { method, order }: { method: string; order: string },
    work: () => object,
  ): Promise<{ result: object; delivery: Delivery }> {
    const { fault = "", done, ...faulty } = FAULTY.exec(method)?.groups ?? {};
    const occasion = `${order} ${step}`;
    if (faulty.step !== step || this.#failed.has(occasion)) {
      return { result: work(), delivery: "whole" };
    }
    this.#failed.add(occasion);
    if (fault === "held") {
      await new Promise<void>((resolve) => this.#held.set(order, resolve));
      return { result: work(), delivery: "whole" };
    }
    if (fault === "reset" || fault === "silent") {
      if (done) return { result: work(), delivery: fault };
      throw new NeverArrived(fault);
    }
    if (done) work();
    const type = fault === "429" ? "invalid_request_error" : "api_error";
    const code = fault === "429" ? { code: "rate_limit" } : {};
    throw new StripeFault(Number(fault), { type, ...code, message: "Something went wrong" });
  }

  isHeld(order: string): boolean {
    return this.#held.has(order);
  }

  release(order: string): void {
    this.#held.get(order)?.();
    this.#held.delete(order);
  }
}
