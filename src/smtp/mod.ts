/**
 * The SMTP protocol and nothing else: no I/O, no clock, no randomness. Everything under this folder
 * imports only from it.
 */
export * from "./address.ts";
export * from "./command.ts";
export * from "./extensions.ts";
export * from "./framer.ts";
export * from "./guards.ts";
export * from "./replies.ts";
export * from "./reply.ts";
export * from "./server.ts";
export * from "./state.ts";
export * from "./transition.ts";
