// Stands in for @types/node, which Stripe's types ask for: Worker code must not see Node's globals and modules.
export {};
