import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { readCertificate } from "../../src/net/certificate.ts";
import { makeSelfSigned } from "../../src/net/self_signed.ts";
import { readServerCertificate } from "../../src/net/server_certificate.ts";

const NOW = Date.UTC(2026, 10, 23, 9, 5, 0, 250);
const DOMAINS = ["mx.test.ru", "test.ru", "localhost"];
const LOCALHOST = "127.0.0.1";

const utf8 = new TextEncoder();

Deno.test("makeSelfSigned() makes what a server can use, for 397 days", () => {
  const made = makeSelfSigned(DOMAINS, NOW);
  const { names, notAfter, key } = readServerCertificate({
    cert: { path: "cert.pem", contents: utf8.encode(made.cert) },
    key: { path: "key.pem", contents: utf8.encode(made.key) },
  }, NOW);
  assertEquals(names, DOMAINS);
  assertEquals(key, made.key);
  assertEquals(notAfter, Date.UTC(2027, 11, 25, 8, 5));
  assertEquals(made.notAfter, notAfter);
  const der = Uint8Array.fromBase64(made.cert.replace(/-----.*-----/g, ""));
  const { notBefore, addresses } = readCertificate(der);
  assertEquals(notBefore, Date.UTC(2026, 10, 23, 8, 5));
  assertEquals(addresses, ["127.0.0.1", "::1"]);
});

Deno.test("makeSelfSigned() makes another each time", () => {
  const [one, other] = [
    makeSelfSigned(DOMAINS, NOW),
    makeSelfSigned(DOMAINS, NOW),
  ];
  assertNotEquals(one.key, other.key);
  assertNotEquals(one.cert, other.cert);
});

Deno.test("makeSelfSigned() makes what a client trusts that is told to", async () => {
  const { cert, key } = makeSelfSigned(DOMAINS, Date.now());
  using listener = Deno.listenTls({ hostname: LOCALHOST, port: 0, cert, key });
  const { port } = listener.addr;
  for (const hostname of ["localhost", LOCALHOST]) {
    const accepted = listener.accept();
    using client = await Deno.connectTls({ hostname, port, caCerts: [cert] });
    using server = await accepted;
    await Promise.all([client.handshake(), server.handshake()]);
  }
});

const HAS_OPENSSL = await hasOpenssl();

async function hasOpenssl(): Promise<boolean> {
  try {
    return (await openssl(["version"])).success;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
}

async function openssl(
  args: readonly string[],
): Promise<{ readonly success: boolean; readonly text: string }> {
  const { success, stdout, stderr } = await new Deno.Command("openssl", {
    args: [...args],
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { success, text: text.decode(stdout) + text.decode(stderr) };
}

Deno.test({
  name: "makeSelfSigned() makes what OpenSSL reads and verifies",
  ignore: !HAS_OPENSSL,
  async fn() {
    const path = await Deno.makeTempFile();
    try {
      const { cert } = makeSelfSigned(DOMAINS, Date.now());
      await Deno.writeTextFile(path, cert);
      const { text } = await openssl(
        ["x509", "-in", path, "-noout", "-text"],
      );
      const lines = text.split("\n").map((line) => line.trim());
      for (
        const line of [
          "Version: 3 (0x2)",
          "NIST CURVE: P-256",
          "CA:FALSE",
          "Digital Signature",
          "TLS Web Server Authentication",
          "DNS:mx.test.ru, DNS:test.ru, DNS:localhost, IP Address:127.0.0.1, " +
          "IP Address:0:0:0:0:0:0:0:1",
        ]
      ) {
        assert(lines.includes(line), `${line} is not in ${text}`);
      }
      const how = ["-x509_strict", "-purpose", "sslserver"];
      for (const name of ["mx.test.ru", "localhost"]) {
        const verified = await openssl(
          ["verify", ...how, "-verify_hostname", name, "-CAfile", path, path],
        );
        assert(verified.success, verified.text);
      }
    } finally {
      await Deno.remove(path);
    }
  },
});
