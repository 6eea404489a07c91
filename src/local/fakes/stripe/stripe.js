// A fake Stripe.js for the browser. It has the functions that the card form calls, and renders plain labelled controls
// in the page instead of frames. Its tokens are those of the fake bank, which knows the method and the return URL of each.
(() => {
  const SERVER = new URL(document.currentScript.src).origin;
  const CARDS = [
    ["card_visa", "Approved"],
    ["card_chargeDeclined", "Declined"],
    ["card_authenticationRequired", "Bank asks"],
    ["fake_redirect", "Bank asks on its own page"],
    ["fake_asks_cancel_held", "Bank asks, slow void"],
    ["fake_refund_held", "Slow refund"],
    ["", "Incomplete number"],
  ];

  const element = (name, text = "", properties = {}) =>
    Object.assign(document.createElement(name), { textContent: text, ...properties });

  /** A part of the form, with Stripe's methods. `render` returns its content. */
  function createElement(render) {
    const listeners = {};
    const root = element("div");
    const emit = (event, detail) => listeners[event]?.(detail);
    return {
      on(event, listener) {
        listeners[event] = listener;
      },
      mount(container) {
        root.replaceChildren(render(emit));
        container.append(root);
        setTimeout(() => emit("ready", {}));
      },
      destroy: () => root.remove(),
    };
  }

  function renderCards(elements) {
    const select = element("select");
    for (const [value, name] of CARDS) select.append(element("option", name, { value }));
    elements.card = () => select.value;
    const label = element("label", "Test card ");
    label.append(select);
    return label;
  }

  function renderWallet(elements, emit) {
    const button = element("button", "Pay with test wallet", { type: "button" });
    button.onclick = () => {
      elements.isWallet = true;
      emit("confirm", {
        paymentFailed() {
          elements.isWallet = false;
        },
      });
    };
    return button;
  }

  /** @throws TypeError for options that Stripe refuses */
  function createElements({ mode, amount, currency, paymentMethodTypes }) {
    const isValid =
      mode === "payment" && Number.isInteger(amount) && /^[a-z]{3}$/.test(currency ?? "");
    if (!isValid || !paymentMethodTypes?.length)
      throw new TypeError("invalid options of elements()");
    const elements = { isWallet: false, isSubmitted: false, card: () => "" };
    return Object.assign(elements, {
      create: (type) =>
        type === "payment"
          ? createElement(() => renderCards(elements))
          : createElement((emit) => renderWallet(elements, emit)),
      async submit() {
        elements.isSubmitted = elements.isWallet || elements.card() !== "";
        if (elements.isSubmitted) return {};
        const message = "Your card number is incomplete.";
        return { error: { type: "validation_error", code: "incomplete_number", message } };
      },
    });
  }

  async function createConfirmationToken({ elements, params }) {
    if (!elements.isSubmitted) throw new Error("elements.submit() must be called first");
    const method = elements.isWallet ? "card_visa" : elements.card();
    Object.assign(elements, { isSubmitted: false, isWallet: false });
    const response = await fetch(`${SERVER}/_fake/confirmation-tokens`, {
      method: "POST",
      body: JSON.stringify({ method, return_url: params?.return_url }),
    });
    return response.json();
  }

  /** The bank's question: a dialog with both answers. Resolves with the answer. */
  function ask() {
    const dialog = element("dialog", "", { ariaLabel: "Test bank" });
    const [yes, no] = ["Complete authentication", "Fail authentication"].map((name) =>
      element("button", name, { type: "button" }),
    );
    dialog.append(element("p", "Your bank asks you to confirm this payment."), yes, no);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
      const close = (answer) => {
        dialog.remove();
        resolve(answer);
      };
      yes.onclick = () => close("yes");
      no.onclick = () => close("no");
      dialog.oncancel = () => close("no");
    });
  }

  async function handleNextAction({ clientSecret }) {
    const found = await fetch(`${SERVER}/_fake/payment-intents/${clientSecret}`);
    const { next_action: action } = await found.json();
    if (action?.type === "redirect_to_url") {
      location.assign(new URL(action.redirect_to_url.url, SERVER));
      return new Promise(() => {});
    }
    const answer = await ask();
    const response = await fetch(`${SERVER}/_fake/next-action/${answer}`, {
      method: "POST",
      body: clientSecret,
    });
    return response.json();
  }

  window.Stripe = (publishableKey) => {
    if (!publishableKey.startsWith("pk_")) throw new TypeError("not a publishable key");
    return { elements: createElements, createConfirmationToken, handleNextAction };
  };
})();
