// What can go wrong with the queues. The Worker under test and the game day both know it.

/** `throws`: the consumer fails. The others befall messages. */
export type QueueFault = "none" | "throws" | "drops" | "repeats" | "delays";
