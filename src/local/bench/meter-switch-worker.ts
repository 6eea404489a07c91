// Doorbuster whose counting can be switched off and on while it runs, to measure what counting costs: in one isolate, so that
// neither the compiler nor the memory of two processes differs.
import worker from "../../index.ts";
import { Meter } from "../../observability/metrics.ts";

export * from "../../index.ts";

let isCounting = true;

/** A method that does nothing while counting is off. */
const switched = <Args extends unknown[]>(method: (this: Meter, ...args: Args) => void) =>
  function (this: Meter, ...args: Args): void {
    if (isCounting) method.apply(this, args);
  };

const { add, observe, set } = Meter.prototype;
Object.assign(Meter.prototype, {
  add: switched(add),
  observe: switched(observe),
  set: switched(set),
});

export default {
  ...worker,
  fetch(request, env, ctx) {
    const [, state] = /^\/bench\/counting\/(on|off)$/.exec(new URL(request.url).pathname) ?? [];
    if (state === undefined) return worker.fetch(request, env, ctx);
    isCounting = state === "on";
    return new Response(null, { status: 204 });
  },
} satisfies ExportedHandler<Env>;
