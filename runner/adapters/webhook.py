"""Posting JSON to a webhook, whose URL is a secret: over TLS, to a public address, once round.

The URL may come from anybody who sets a variable, so it is treated as hostile: https alone, no user in it,
no redirect followed, no proxy, and the connection goes to the very address that was looked at (a name that
answers differently the second time reaches nothing).
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.adapters.output import SECRECY
from runner.errors import InfrastructureError, UsageError
from runner.text import one_line

URL = re.compile(
    r"https://([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?(/[!-~]*)?", re.ASCII
)
SECONDS, WHOLE = 10.0, 30.0  # of one step on the wire, of one attempt
TRIES = 3
# The instances' metadata and the tasks' credentials; reached by no webhook, whatever is allowed.
METADATA = tuple(ipaddress.ip_network(n) for n in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32"))
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class WebhookError(InfrastructureError):
    """The webhook was not reached, or did not take the message. Its text never holds the URL."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to post. `private`: an address of one's own network, or of this machine, is allowed too."""

    host: str
    port: int
    path: str = field(repr=False)
    private: bool = False
    pause: Callable[[float], None] = time.sleep

    def post(self, payload: Mapping[str, Any]) -> None:
        """Post JSON; tried again where the other side is at fault, so it may arrive twice.

        Raises WebhookError."""
        body = json.dumps(payload).encode()
        for attempt in range(1, TRIES + 1):
            why, again = self._attempt(body)
            if not why:
                return
            if not again or attempt == TRIES:
                raise WebhookError(why, where="webhook", hint="is its URL still the right one?")
            self.pause(2.0 ** (attempt - 1))

    def _attempt(self, body: bytes) -> tuple[str, bool]:
        """Why it failed, '' if it did not, and whether to try again."""
        try:
            status = self._status(self._address(), body)
        except (OSError, http.client.HTTPException) as error:
            return one_line(f"{type(error).__name__}: {error}", 200), not isinstance(error, ssl.SSLError)
        if 200 <= status < 300:
            return "", False
        told = "a redirect, which is not followed" if 300 <= status < 400 else "not taken"
        return f"HTTP {status}: {told}", status == 429 or status >= 500

    def _address(self) -> str:
        """The address to connect to. Raises WebhookError where one of the name's is not to be reached."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if any(is_refused(address, private=self.private) for address in addresses):
            hint = "LOCKGATE_NOTIFY_PRIVATE=1 allows those of one's own network"
            raise WebhookError("its address is not a public one", where="webhook", hint=hint)
        return addresses[0]

    def _status(self, address: str, body: bytes) -> int:
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=SECONDS)
        plain = socket.create_connection((address, self.port), timeout=SECONDS)
        twin = plain.dup()  # TLS takes the first one over
        # A server that answers byte by byte keeps each step short, and the whole for ever.
        timer = threading.Timer(WHOLE, _cut, (twin,))
        timer.daemon = True
        timer.start()
        try:
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
            connection.request("POST", self.path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        finally:
            timer.cancel()
            for opened in (connection, plain, twin):
                opened.close()


def _cut(connected: socket.socket) -> None:
    """End a connection under whoever waits for it: its duplicate is the same connection."""
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def open_webhook(url: str, *, private: bool = False) -> Webhook:
    """The webhook at a URL, which is a secret from now on. Raises UsageError for any URL but https."""
    match = URL.fullmatch(url)
    SECRECY.learn({"LOCKGATE_NOTIFY_WEBHOOK": url})
    port = int(match[2] or 443) if match else 0
    if match is None or not 0 < port < 65536:
        raise UsageError(
            "it is no https URL", where="webhook", hint="for example https://hooks.example.org/..."
        )
    SECRECY.learn({"LOCKGATE_NOTIFY_WEBHOOK_SECRET": match[3] or ""})
    return Webhook(match[1].strip("[]"), port, match[3] or "/", private)


def is_refused(address: str, *, private: bool) -> bool:
    """Whether an IP address is none that a webhook may have; IPv4 inside of IPv6 is looked at as well."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = _inner(ip)
    if any(one in network for one in (ip, *inner) for network in METADATA if one.version == network.version):
        return True
    if any(one.is_multicast or one.is_unspecified for one in (ip, *inner)):
        return True
    return not private and not all(one.is_global for one in inner or (ip,))


def _inner(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...]:
    if isinstance(ip, ipaddress.IPv4Address):
        return ()
    teredo = ip.teredo or ()
    nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None
    return tuple(one for one in (ip.ipv4_mapped, ip.sixtofour, nat64, *teredo) if one is not None)
