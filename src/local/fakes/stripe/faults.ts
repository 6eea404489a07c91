// Fault injection for the fake Stripe. With the payment method `pm_fake_{step}_{fault}`, an order's first attempt at
// that step fails. With the suffix `_done`, the step takes effect although the response fails. With `pm_fake_asks_`, the bank asks the buyer first.
import { StripeFault } from "./errors.ts";

const FAULTY =
  /^pm_fake_(?:asks_)?(?<step>create|confirm|cancel|refund)_(?<fault>500|503|429|reset|silent|held)(?<done>_done)?$/;

/** How the response reaches the caller: completely, as a connection reset, or never. */
export type Delivery = "whole" | "reset" | "silent";

/** The request was lost before Stripe processed it. */
export class RequestLost extends Error {}

export class Faults {
  readonly #failed = new Set<string>();
  readonly #held = new Map<string, () => void>();

  /** Runs a step of an order with the fault that its payment method selects. @throws StripeFault, RequestLost */
  async run(
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
      throw new RequestLost(fault);
    }
    if (done) work();
    const type = fault === "429" ? "invalid_request_error" : "api_error";
    const code = fault === "429" ? { code: "rate_limit" } : {};
    throw new StripeFault(Number(fault), { type, ...code, message: "Something went wrong" });
  }

  /** Whether a request of the order is waiting for `release`. */
  isHeld(order: string): boolean {
    return this.#held.has(order);
  }

  /** Continues the held request of the order. */
  release(order: string): void {
    this.#held.get(order)?.();
    this.#held.delete(order);
  }
}
