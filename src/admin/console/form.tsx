// Parts of the console's forms, which work without JavaScript.
import type { Issue } from "../../http/errors.ts";

/** Moves the focus to the answer of a form: it is read out, and a phone scrolls to it. */
export const ANSWER = { tabindex: -1, autofocus: true } as const;

/** Says what is wrong with a form that was sent. */
export const Faults = ({ issues = [] }: { issues: readonly Issue[] | undefined }) =>
  issues.length === 0 ? null : (
    <div class="fault" role="alert" {...ANSWER}>
      {issues.map(({ path, message }) => (
        <p>{path === "" ? message : `${path}: ${message}`}</p>
      ))}
    </div>
  );

/** Says what was done. */
export const Done = ({ text }: { text: string | undefined }) =>
  text === undefined ? null : (
    <p class="done" role="status" {...ANSWER}>
      {text}
    </p>
  );

interface FieldProps {
  name: string;
  label: string;
  hint: string;
  value?: string | undefined;
  type?: string;
  required?: boolean;
  maxlength?: number;
  /** Distinguishes the forms of a page: an id is unique. */
  form?: string;
}

export const Field = ({
  name,
  label,
  hint,
  value = "",
  type = "text",
  form = "",
  ...rest
}: FieldProps) => {
  const hintId = `${form}${name}-hint`;
  return (
    <label>
      <span>
        {label} <small id={hintId}>{hint}</small>
      </span>
      <input
        {...{ name, value, type, ...rest }}
        {...(type === "number" ? { step: "any", min: "0" } : {})}
        autocomplete="off"
        aria-describedby={hintId}
      />
    </label>
  );
};

interface SelectProps {
  name: string;
  label: string;
  options: readonly (readonly [value: string, words: string])[];
  /** Undefined: the first one. */
  chosen?: string | undefined;
}

export const Select = ({ name, label, options, chosen }: SelectProps) => (
  <label>
    <span>{label}</span>
    <select name={name}>
      <Options {...{ options, chosen }} />
    </select>
  </label>
);

export const Options = ({ options, chosen }: Pick<SelectProps, "options" | "chosen">) => (
  <>
    {options.map(([value, words]) => (
      <option value={value} selected={value === chosen}>
        {words}
      </option>
    ))}
  </>
);

/** The options of words that are their own values. */
export const sameWords = (values: readonly string[]) =>
  values.map((value) => [value, value] as const);

/** The reason for a change. `form`: see `Field`. */
export const Reason = ({ form, value }: { form: string; value?: string | undefined }) => (
  <Field
    {...{ name: "reason", label: "Reason", form, value, required: true, maxlength: 500 }}
    hint="For the log. Buyers do not see it."
  />
);
