// The template of the challenge panel, filled by browser code when a challenge is required.
import { challengeUrl } from "../assets.ts";

export const ChallengeTemplate = () => (
  <template id="challenge" data-src={challengeUrl()}>
    <section class="challenge" aria-label="Verification">
      <h3 tabindex={-1} data-challenge-title>
        One quick check, then your order
      </h3>
      <p>
        This sale checks that buyers are human. Nothing is reserved yet. Your order continues
        automatically after the check.
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
