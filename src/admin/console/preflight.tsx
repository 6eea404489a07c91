// The page of a sale's preflight: a button that runs it, and what it found, for the screen and on paper.
import type { Sale } from "../../catalog/schema.ts";
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import type { Check } from "../preflight/check.ts";
import type { Preflight } from "../preflight/preflight.ts";
import { Faults, Field } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { LocalTime, Table } from "./parts.tsx";

interface PreflightProps {
  operator: Operator;
  sale: Sale;
  /** The crowd as it was typed. */
  expected: string;
  /** Absent until it has run. */
  found?: Preflight;
  issues?: readonly Issue[];
}

export const renderPreflight = (props: PreflightProps): Promise<string> =>
  renderConsole({
    title: `Preflight of ${props.sale.title}`,
    operator: props.operator,
    children: (
      <>
        <h1>
          Preflight of <bdi>{props.sale.title}</bdi>
        </h1>
        <p class="links">
          <a href={`/admin/sales/${props.sale.id}`}>Figures</a>
        </p>
        {props.found ? <Found {...props.found} expected={props.expected} /> : null}
        {props.operator.role === "operator" ? (
          <Run {...props} />
        ) : (
          <p>An operator can run it: it writes to Redis and to the queues.</p>
        )}
      </>
    ),
  });

const Run = ({ sale, expected, issues }: PreflightProps) => (
  <form class="change" method="post" action={`/admin/sales/${sale.id}/preflight`}>
    <Faults issues={issues} />
    <Field
      {...{ name: "expected", label: "Expected people", value: expected, type: "number" }}
      hint="Empty: the capacity is not checked, and the cost is not estimated."
    />
    <p>
      <button type="submit">Run the checks</button>
    </p>
  </form>
);

const STATES: Record<Check["state"], string> = { ok: "fine", warn: "look", fail: "not ready" };

const Found = ({ ready, checkedAt, checks, expected }: Preflight & { expected: string }) => (
  <section aria-label="Result">
    <p role="status" class={ready ? "done" : "fault"}>
      <strong>{ready ? "Ready" : "Not ready"}</strong>
      {expected === "" ? "" : ` for ${expected} people`}, as of <LocalTime at={checkedAt} />
    </p>
    <Table
      caption="Checks"
      head={["Check", "State", "What was found", "What to do"]}
      rows={checks.map(({ name, state, detail, todo }) => [
        name,
        state === "ok" ? STATES.ok : <strong class="fault">{STATES[state]}</strong>,
        <span class="words">{detail}</span>,
        <span class="words">{todo ?? ""}</span>,
      ])}
    />
  </section>
);
