/** Somebody guesses passwords, and the user logs in elsewhere all the same. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { scramClient } from "../sasl/scram_client.ts";
import { eventually } from "./patience.ts";
import { type Person, PETYA } from "./provider.ts";
import type { SmtpClient } from "./smtp_client.ts";
import {
  connectFrom,
  dialFrom,
  greetingFor,
  startBehindProxy,
  STRANGER,
} from "./strange_clients.ts";

const ELSEWHERE = "198.51.100.7";
const WELCOME = "235 2.7.0 Authentication successful";
const WRONG = "535 5.7.8 Authentication credentials invalid";
const SHUT_OUT = "421 4.7.0 test.ru too many failed logins, try again later";
const UNREADABLE = "501 5.5.2 Cannot decode the response";

