// The error page, for refusals and unknown paths.
import { type Page, toShared } from "../page.ts";
import { renderDocument } from "./layout.tsx";

/** The error page: what went wrong, and a link to the sales. */
export function renderError(page: Page, title: string, text: string): Promise<string> {
  return renderDocument(page, {
    title,
    personal: true,
    children: (
      <div class="page narrow">
        <h1>{title}</h1>
        <p>{text}</p>
        <p>
          <a class="action" href={toShared(page, "/")}>
            {page.wording.words.page.allSales}
          </a>
        </p>
      </div>
    ),
  });
}
