// The fields of a sale's editor. Each has its label, a hint, and what is wrong with it.
import type { Child } from "hono/jsx";
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import { Options } from "./form.tsx";
import type { Texts } from "./form-texts.ts";
import type { FIELDS } from "./sale-document.ts";
import type { RowField } from "./sale-rows.ts";

/** The contents of the fields. */
export interface Shown {
  texts: Texts;
  issues?: readonly Issue[];
  /** The id of the sale that is edited. Absent for a new one. */
  saleId?: string | undefined;
  operator: Operator;
}

/** The faults of a field, beside it. The script replaces the text. */
export const Fault = ({ name, of: { issues = [] } }: { name: string; of: Shown }) => (
  <small class="fault" id={`${name}-fault`} data-fault={name} aria-live="polite">
    {issues
      .filter(({ path }) => path === name)
      .map(({ message }) => message)
      .join("; ")}
  </small>
);

interface InputProps {
  name: keyof typeof FIELDS | RowField;
  label: string;
  hint?: string;
  of: Shown;
  readonly?: boolean;
  inputmode?: "numeric" | "decimal";
  type?: string;
}

const described = (name: string, of: Shown) => ({
  ...{ id: name, name, "aria-describedby": `${name}-hint ${name}-fault` },
  ...(of.issues?.some(({ path }) => path === name) ? { "aria-invalid": "true" as const } : {}),
});

const Labeled = ({ name, label, hint = "", of, children }: InputProps & { children?: Child }) => (
  <div class="field">
    <label for={name}>{label}</label>
    <small id={`${name}-hint`}>{hint}</small>
    {children}
    <Fault {...{ name, of }} />
  </div>
);

export const Text = (props: InputProps) => {
  const { name, of, type = "text", readonly, inputmode } = props;
  const value = of.texts[name] ?? "";
  return (
    <Labeled {...props}>
      <input {...{ ...described(name, of), type, value, readonly, inputmode }} autocomplete="off" />
    </Labeled>
  );
};

/** A text of several lines. */
export const LongText = ({ rows, ...props }: InputProps & { rows: number }) => (
  <Labeled {...props}>
    {/* A browser drops the first line break of a text area. */}
    <textarea {...described(props.name, props.of)} rows={rows}>
      {`\n${props.of.texts[props.name] ?? ""}`}
    </textarea>
  </Labeled>
);

/** A time in UTC. The script shows it in the operator's time zone instead, with UTC beside it. */
const Time = (props: InputProps) => {
  const { name, of } = props;
  return (
    <Labeled {...{ ...props, hint: `UTC. ${props.hint ?? ""}` }}>
      <input
        {...{ ...described(name, of), value: of.texts[name] ?? "" }}
        type="datetime-local"
        step="any"
        data-utc
      />
    </Labeled>
  );
};

const Choice = (props: InputProps & { choices: Record<string, string> }) => {
  const { name, of, choices } = props;
  return (
    <Labeled {...props}>
      <select {...described(name, of)}>
        <Options {...{ options: Object.entries(choices), chosen: of.texts[name] }} />
      </select>
    </Labeled>
  );
};

export const About = (of: Shown) => (
  <>
    <Text
      {...{ of, name: "id", label: "Id", readonly: of.saleId !== undefined }}
      hint="Part of the address: a-z, 0-9 and -. It stays."
    />
    <Text {...{ of, name: "title", label: "Title" }} />
    <LongText {...{ of, name: "description", label: "Description" }} hint="Markdown." rows={6} />
    <Text {...{ of, name: "imageUrl", label: "Picture" }} hint="Its https address." />
    <Text
      {...{ of, name: "theme.imageAlt", label: "Picture in words" }}
      hint="For people who do not see it."
    />
  </>
);

const LISTED = { true: "In the list of sales", false: "Nowhere: only who has its address" };

export const Schedule = (of: Shown) => (
  <>
    <h2>Schedule and limit</h2>
    <Choice {...{ of, name: "listed", label: "Where people find it", choices: LISTED }} />
    <Time {...{ of, name: "opensAt", label: "Opens" }} />
    <Time {...{ of, name: "closesAt", label: "Closes" }} />
    <Text
      {...{ of, name: "perUserLimit", label: "Units a person in total", inputmode: "numeric" }}
      hint="Of all items together. Empty: only the limits of the items."
    />
  </>
);

const MODES = {
  open: "Everybody at once",
  queue: "A line: early comers shuffled, later ones in order",
  draw: "A draw among those who register",
};
const CHALLENGES = { off: "Nobody", "by-score": "Suspicious buyers", always: "Everybody" };

export const Admission = (of: Shown) => (
  <>
    <h2>Admission</h2>
    <Choice {...{ of, name: "admission.mode", label: "Who may buy when", choices: MODES }} />
    <Text
      {...{ of, name: "admission.ratePerSecond", label: "People a second", inputmode: "decimal" }}
      hint="Of a line or draw. Empty: 50."
    />
    <Time
      {...{ of, name: "admission.registrationOpensAt", label: "Registration opens" }}
      hint="Empty: 15 minutes before the sale."
    />
    <Time
      {...{ of, name: "admission.registrationClosesAt", label: "Registration closes" }}
      hint="Empty: when the sale opens."
    />
    <Choice
      {...{ of, name: "protection.challenge.mode", label: "Who solves a challenge" }}
      choices={CHALLENGES}
    />
  </>
);
