// What browser code fills when a sale asks a buyer for a challenge.
import { challengeUrl } from "../assets.ts";

export const ChallengeTemplate = () => (
  <template id="challenge" data-src={challengeUrl()}>
    <section class="challenge" aria-label="Check before your order">
      <h3 tabindex={-1} data-challenge-title>
        One check, then your order
      </h3>
      <p>
        This sale checks that buyers are people. Nothing is reserved yet; your order goes on by
        itself after the check.
      </p>
      <p class="message" data-tone="bad" role="alert" data-challenge-fault></p>
      <div class="widget" data-challenge-widget></div>
      <button class="quiet wide" type="button" data-challenge-again hidden>
        Try the check again
      </button>
      <button class="quiet wide" type="button" data-challenge-cancel>
        Cancel
      </button>
    </section>
  </template>
);
