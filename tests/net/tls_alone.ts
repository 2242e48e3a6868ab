/** Meets the server at the port given, with no permission but the network, and prints how it went. */
import { dial } from "../../src/net/dial.ts";
import { secureClient } from "../../src/net/tls_client.ts";
import { succeeded } from "./succeeded.ts";

const encoder = new TextEncoder();
const [port, caCert = ""] = Deno.args;
for (const options of [{}, { caCerts: [caCert] }]) {
  const conn = await dial({ address: "127.0.0.1", port: Number(port) }, 60_000);
  const { transport, ...facts } = succeeded(
    await secureClient(succeeded(conn), {
      host: "mx.test.ru",
      verify: "opportunistic",
      ...options,
    }),
  );
  Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(facts)}\n`));
  transport[Symbol.dispose]();
}
