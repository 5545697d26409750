"""A stand-in for a mail server: as much of SMTP as libcurl speaks, on loopback
and without TLS. What it took stands in `mails`."""

import asyncio
import base64
import email
import email.policy
import threading


class Mail:
    def __init__(self, sender, recipients, data, user):
        self.sender, self.recipients, self.data = sender, recipients, data
        self.user = user  # Who has logged in, with his password; or None.
        self.message = email.message_from_bytes(
            data, policy=email.policy.default)


class SmtpStub:
    """Runs until closed. `refuse` maps a command ("RCPT", "DATA", ...) to the
    line that answers it."""

    def __init__(self, users=None):
        self.users = users or {}
        self.mails = []
        self.refuse = {}
        self.silent = False  # Says nothing at all to who comes.
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self.run, args=(ready,), daemon=True).start()
        ready.wait(10)
        self.url = f"smtp://127.0.0.1:{self.port}"

    def run(self, ready):
        asyncio.set_event_loop(self.loop)

        async def open_it():
            self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            self.port = self.server.sockets[0].getsockname()[1]
            ready.set()
        self.loop.run_until_complete(open_it())
        self.loop.run_forever()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def serve(self, reader, writer):
        try:
            await self.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def talk(self, reader, writer):
        async def say(line):
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        if self.silent:
            await reader.read()
            return
        await say("220 stub")
        sender, recipients, user = None, [], None
        while True:
            line = (await reader.readline()).decode().rstrip("\r\n")
            if not line:
                return
            verb = line.split(" ")[0].upper()
            if verb in self.refuse:
                await say(self.refuse[verb])
            elif verb == "EHLO":
                if self.users:
                    await say("250-stub")
                    await say("250 AUTH PLAIN")
                else:
                    await say("250 stub")
            elif verb == "AUTH":
                user = await self.log_in(line, reader, say)
            elif verb == "MAIL":
                sender, recipients = line[line.index("<") + 1:-1], []
                sender = sender.split(">")[0]
                await say("250 ok")
            elif verb == "RCPT":
                recipients.append(line[line.index("<") + 1:].split(">")[0])
                await say("250 ok")
            elif verb == "DATA":
                await say("354 go on")
                self.mails.append(Mail(sender, recipients,
                                       await self.read_data(reader), user))
                await say("250 taken")
            elif verb == "QUIT":
                await say("221 bye")
                return
            else:
                await say("502 unknown")

    async def log_in(self, line, reader, say):
        words = line.split(" ")
        given = words[2] if len(words) > 2 else None
        if given is None:
            await say("334 ")
            given = (await reader.readline()).decode().strip()
        _, name, password = base64.b64decode(given).decode().split("\0")
        if self.users.get(name) == password:
            await say("235 welcome")
            return name
        await say("535 5.7.8 wrong credentials")
        return None

    @staticmethod
    async def read_data(reader):
        lines = []
        while True:
            line = await reader.readline()
            if line in (b".\r\n", b""):
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)
