// The template of the challenge panel, filled by browser code when a challenge is required.
import { challengeUrl } from "../assets.ts";
import { useWords } from "./page-context.tsx";

export const ChallengeTemplate = () => (
  <template id="challenge" data-src={challengeUrl()}>
    <section class="challenge" aria-label={useWords().page.verification}>
      <h3 tabindex={-1} data-challenge-title>
        {useWords().page.oneCheck}
      </h3>
      <p>{useWords().page.checkText}</p>
      <p class="message" data-tone="bad" role="alert" data-challenge-fault></p>
      <div class="widget" data-challenge-widget></div>
      <button class="quiet wide" type="button" data-challenge-again hidden>
        {useWords().page.checkAgain}
      </button>
      <button class="quiet wide" type="button" data-challenge-cancel>
        {useWords().page.cancel}
      </button>
    </section>
  </template>
);
