/**
 * The SMTP protocol and nothing else: no I/O, no clock, no randomness. Everything under this folder
 * imports only from it.
 */
export * from "./address.ts";
export * from "./client.ts";
export * from "./client_effect.ts";
export * from "./client_envelope.ts";
export * from "./client_extensions.ts";
export type { ClientConfig, ClientTerms } from "./client_opening.ts";
export type { Outcome, Verdict } from "./client_outcome.ts";
export * from "./client_step.ts";
export * from "./command.ts";
export * from "./dsn_parameters.ts";
export * from "./extensions.ts";
export * from "./framer.ts";
export * from "./guards.ts";
export * from "./replies.ts";
export * from "./reply.ts";
export * from "./reply_parser.ts";
export * from "./server.ts";
export * from "./state.ts";
export * from "./stuffing.ts";
export * from "./transition.ts";
export * from "./xtext.ts";
