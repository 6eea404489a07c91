// The page of the switches: those that are set, a form to change one, and the preview of a change before it is applied.
import type { LogEntry } from "../../catalog/log-entry.ts";
import type { RegisteredSwitches } from "../../catalog/registry-types.ts";
import type { RegisteredSwitch } from "../../catalog/switches.ts";
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import type { AutomaticSwitch } from "../automatic-switches.ts";
import { ANSWER, Faults, Field, Select } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { Changes } from "./log.tsx";
import { Count, LocalTime, Table } from "./parts.tsx";
import { CHOICES, type SwitchForm } from "./switch-form.ts";

/** The effect that a change would have. See `applySwitches`. */
export interface Preview {
  edits: unknown[];
  warnings?: string[];
  affected: {
    sales: { id: string; title: string; state: string; heldUnits: number }[];
    moreSales: number;
    paymentsInLine: number | null;
  };
}

interface SwitchesProps {
  operator: Operator;
  registered: RegisteredSwitches;
  etag: string;
  automatic: readonly AutomaticSwitch[];
  /** The form as it was filled in. Absent at first. */
  form?: Partial<SwitchForm>;
  issues?: readonly Issue[];
  preview?: Preview;
  /** The changes of others since this operator saw the switches, for which this one was refused. */
  conflict?: readonly LogEntry[];
}

export const renderSwitches = (props: SwitchesProps): Promise<string> =>
  renderConsole({
    title: "Switches",
    operator: props.operator,
    children: (
      <>
        <h1>Switches</h1>
        <InForce {...props} />
        <Automatic {...props} />
        {props.operator.role === "operator" ? <Change {...props} /> : null}
      </>
    ),
  });

const LABELS: Record<RegisteredSwitch["name"], string> = {
  paused: "Sale paused",
  closed: "Item closed",
  challenge: "Challenge",
  limits: "Rate limits",
  paymentsPaused: "Payments paused",
  readOnly: "No orders (read-only)",
  orderHistoryOff: "Lists of orders hidden",
  liveStockOff: "Live stock hidden",
};

/** A switch in words, such as `Rate limits × 0.5`. */
export function describeSwitch({ name, value, sale, sku }: RegisteredSwitch): string {
  const target = sku ?? sale;
  const setting = name === "limits" ? ` × ${value}` : name === "challenge" ? `: ${value}` : "";
  return `${LABELS[name]}${setting}${target === undefined ? "" : ` (${target})`}`;
}

const InForce = ({ registered: { switches } }: SwitchesProps) =>
  switches.length === 0 ? (
    <p>Everything is as the sales say: no switch is set.</p>
  ) : (
    <Table
      caption="Switches that are set"
      head={["Switch", "Since", "Until", "By", "Reason"]}
      rows={switches.map((each) => [
        describeSwitch(each),
        <LocalTime at={new Date(each.since).toISOString()} />,
        each.until === undefined ? (
          "changed again"
        ) : (
          <LocalTime at={new Date(each.until).toISOString()} />
        ),
        <bdi>{each.by}</bdi>,
        <bdi class="words">{each.reason}</bdi>,
      ])}
    />
  );

const Automatic = ({ automatic }: SwitchesProps) =>
  automatic.map(({ name, scope, reason, effect }) => (
    <p class="fault">
      {LABELS[name]} by itself in {scope}: {reason}. Meanwhile {effect}.
    </p>
  ));

const Change = (props: SwitchesProps) => (
  <form class="change" method="post" action="/admin/switches">
    <h2>Change a switch</h2>
    <Faults issues={props.issues} />
    <Conflict {...props} />
    <input type="hidden" name="etag" value={props.etag} />
    {props.form && props.preview ? (
      <Confirmation form={props.form} preview={props.preview} />
    ) : (
      <Fields {...props} />
    )}
  </form>
);

const Conflict = ({ conflict }: SwitchesProps) =>
  conflict === undefined ? null : (
    <section class="fault" role="alert" {...ANSWER}>
      <p>
        <strong>Not changed.</strong> Somebody else changed the switches after you saw them. Your
        input is below: preview it again.
      </p>
      {conflict.length === 0 ? (
        <p>
          <a href="/admin/log">The log</a> says what was changed.
        </p>
      ) : (
        <Table
          caption="Changes of others"
          head={["What", "By", "Reason", "When"]}
          rows={conflict.map(({ actor, at, changes, reason = "" }) => [
            <Changes changes={changes} isOpen />,
            <bdi>{actor.name}</bdi>,
            <bdi class="words">{reason}</bdi>,
            <LocalTime at={at} />,
          ])}
        />
      )}
    </section>
  );

/** The form again, with its fields hidden: exactly the change that was previewed is applied. */
const Confirmation = ({ form, preview }: { form: Partial<SwitchForm>; preview: Preview }) => (
  <>
    {FIELD_NAMES.map((name) => (
      <input type="hidden" name={name} value={form[name] ?? ""} />
    ))}
    <p>
      <strong>{form.choice && CHOICES[form.choice].label}</strong> {form.target} {form.factor}
    </p>
    <PreviewOf {...preview} />
    <p class="links">
      <button type="submit" name="step" value="apply">
        Apply
      </button>
      <button type="submit" name="step" value="edit" class="quiet">
        Edit
      </button>
    </p>
  </>
);

const FIELD_NAMES = ["choice", "target", "factor", "minutes", "notice", "reason"] as const;

const Fields = ({ form = {} }: SwitchesProps) => (
  <>
    <Select
      {...{ name: "choice", label: "Change", chosen: form.choice }}
      options={Object.entries(CHOICES).map(([id, { label }]) => [id, label])}
    />
    <Field
      {...{ name: "target", label: "Sale or item", value: form.target }}
      hint="Its id. Empty: the whole shop."
    />
    <Field
      {...{ name: "factor", label: "Factor", value: form.factor, type: "number" }}
      hint="For rate limits: 0.1 to 10. 1 is as the sale says."
    />
    <Field
      {...{ name: "minutes", label: "Minutes", value: form.minutes, type: "number" }}
      hint="Ends by itself after them. Empty: until it is changed again."
    />
    <Field
      {...{ name: "notice", label: "Notice to buyers", value: form.notice }}
      hint="Shown on the pages, for example “Back at nine”."
    />
    <Field
      {...{ name: "reason", label: "Reason", value: form.reason, required: true }}
      hint="For the log. Buyers do not see it."
    />
    <p>
      <button type="submit" name="step" value="preview">
        Preview
      </button>
    </p>
  </>
);

const PreviewOf = ({ edits, warnings = [], affected }: Preview) => (
  <section class="preview" role="status" aria-label="Preview" {...ANSWER}>
    <p>
      {edits.length === 0
        ? "This changes nothing: it is so already."
        : "Nothing has changed yet. Apply it to reach every page within five seconds."}
    </p>
    {warnings.map((warning) => (
      <p class="fault">{warning}</p>
    ))}
    {affected.sales.length > 0 ? (
      <Table
        caption="Affected sales"
        head={["Affected sale", "State", "Held units"]}
        rows={affected.sales.map(({ title, state, heldUnits }) => [
          <bdi>{title}</bdi>,
          state,
          <Count value={heldUnits} />,
        ])}
      />
    ) : null}
    {affected.moreSales > 0 ? <p>And {affected.moreSales} more sales.</p> : null}
    <p>
      Payments in line: <Count value={affected.paymentsInLine} />
    </p>
  </section>
);
