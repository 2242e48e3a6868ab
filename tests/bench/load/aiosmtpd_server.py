"""aiosmtpd as one would write a mail server with it: each message is a file of its own in a Maildir,
synced, before it is acknowledged."""

import asyncio
import json
import os
import ssl
import sys
import time
import uuid

from aiosmtpd.smtp import SMTP

plan = json.loads(sys.argv[1])


def sync_folder(path):
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def store(address, text):
    local, domain = address.split("@")
    path = os.path.join(plan["mail"], domain, local)
    for name in ("tmp", "new", "cur"):
        os.makedirs(os.path.join(path, name), exist_ok=True)
    name = f"{int(time.time())}.{uuid.uuid4()}.localhost"
    temporary = os.path.join(path, "tmp", name)
    with open(temporary, "xb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, os.path.join(path, "new", name))
    sync_folder(os.path.join(path, "new"))


class Handler:
    async def handle_DATA(self, server, session, envelope):
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(
                loop.run_in_executor(None, store, address, envelope.original_content)
                for address in envelope.rcpt_tos
            )
        )
        return "250 OK"


def tls_context():
    certificate = plan.get("certificate")
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate["cert"], certificate["key"])
    return context


async def main():
    context = tls_context()

    def session():
        return SMTP(
            Handler(),
            data_size_limit=26_214_400,
            enable_SMTPUTF8=True,
            hostname="localhost",
            tls_context=context,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", plan["port"], backlog=1000)
    await server.serve_forever()


asyncio.run(main())
