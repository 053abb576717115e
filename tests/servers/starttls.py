"""Servers that begin in clear and go over to TLS: SMTP, IMAP, POP3, FTP, LDAP and PostgreSQL, each by its own words."""

import ssl
from collections.abc import Sequence

from tests.servers.raw import Script, Talk

LDAP_YES = bytes.fromhex("300c02010178070a010004000400")
LDAP_NO = bytes.fromhex("300c02010178070a013404000400")

# What is said first, and then: the line that is read, and what is answered to it.
WORDS: dict[str, tuple[bytes, Sequence[tuple[bytes, bytes]]]] = {
    "smtp": (
        b"220-mail.example.com\r\n220 ready\r\n",
        [
            (b"EHLO [127.0.0.1]\r\n", b"250-mail.example.com\r\n250-SIZE 1000\r\n250-starttls\r\n250 HELP\r\n"),
            (b"STARTTLS\r\n", b"220 go on\r\n"),
        ],
    ),
    "imap": (b"* OK [CAPABILITY STARTTLS] hello\r\n", [(b"A1 STARTTLS\r\n", b"* CAPABILITY x\r\na1 ok begin\r\n")]),
    "pop3": (b"+OK hello\r\n", [(b"STLS\r\n", b"+OK begin\r\n")]),
    "ftp": (b"220-hello\r\n you there\r\n220 ready\r\n", [(b"AUTH TLS\r\n", b"234 begin\r\n")]),
    "ldap": (b"", [(bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037", LDAP_YES)]),
    "postgres": (b"", [(bytes.fromhex("0000000804d2162f"), b"S")]),
}


def speaking(protocol: str, context: ssl.SSLContext, then: bytes = b"") -> Script:
    """Do as the protocol says; inside TLS say something, then listen."""

    async def script(talk: Talk) -> None:
        greeting, turns = WORDS[protocol]
        await talk.say(greeting)
        for asked, answer in turns:
            assert await talk.reader.readexactly(len(asked)) == asked
            await talk.say(answer)
        await talk.writer.start_tls(context)
        await talk.say(then)
        await talk.hang()

    return script


def answering(protocol: str, turn: int, answer: bytes, *, ends: str = "hang") -> Script:
    """Do as the protocol says up to a turn (0 is the greeting), say something else there, and hang, close or reset."""

    async def script(talk: Talk) -> None:
        greeting, turns = WORDS[protocol]
        await talk.say(greeting if turn else answer)
        for number, (asked, proper) in enumerate(turns[:turn], 1):
            await talk.reader.readexactly(len(asked))
            await talk.say(answer if number == turn else proper)
        if ends == "reset":
            talk.reset()
        elif ends == "hang":
            await talk.hang()

    return script
