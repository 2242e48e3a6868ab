// A plugin for Haraka that keeps mail as one would: each message is a file of its own in a Maildir,
// synced, before it is acknowledged.
"use strict";
const { randomUUID } = require("node:crypto");
const { mkdir, open, rename } = require("node:fs/promises");
const { join } = require("node:path");

exports.register = function () {
  const { mail } = this.config.get("maildir.json");
  const folders = new Map();

  this.maildir_rcpt = (next) => next(OK);

  this.maildir_queue = (next, { transaction }) => {
    transaction.message_stream.get_data((text) => {
      const stored = transaction.rcpt_to.map((address) =>
        store(address, Buffer.from(text))
      );
      Promise.all(stored)
        .then(() => next(OK))
        .catch((cause) => next(DENYSOFT, String(cause)));
    });
  };

  this.register_hook("rcpt", "maildir_rcpt");
  this.register_hook("queue", "maildir_queue");

  function maildir({ user, host }) {
    const path = join(mail, host, user);
    if (!folders.has(path)) folders.set(path, make(path));
    return folders.get(path);
  }

  async function store(address, text) {
    const path = await maildir(address);
    const name = `${Math.floor(Date.now() / 1000)}.${randomUUID()}.localhost`;
    const file = await open(join(path, "tmp", name), "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(join(path, "tmp", name), join(path, "new", name));
    const names = await open(join(path, "new"));
    try {
      await names.sync();
    } finally {
      await names.close();
    }
  }
};

async function make(path) {
  for (const name of ["tmp", "new", "cur"]) {
    await mkdir(join(path, name), { recursive: true });
  }
  return path;
}
