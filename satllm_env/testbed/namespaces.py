"""Links shaped by the kernel: each visit in a network namespace of its own, `tc` at its way out.

All namespaces hang on a bridge in one more, and a link of its own goes from each visit to the next one: what
is sent over it is shaped, `tbf` gives the rate, `netem` the latency. TCP's acknowledgements go back over the
bridge, so that they do not wait behind payloads. Where the kernel has no netem, the receiver holds what has
arrived for the latency instead. Needs root (or CAP_NET_ADMIN and CAP_SYS_ADMIN) and iproute2.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Self

from satllm_env.errors import InputError
from satllm_env.testbed.job import Hop, Job, Links

PREFIX = "satllm"
DEVICE = "out0"
"""Every visit's device on the bridge."""
OUTGOING, INCOMING = "next", "before"
"""Both ends of a link."""
KERNEL_SETTINGS = {
    "tcp_slow_start_after_idle": 0,  # a pause between two micro-batches is no reason to begin slowly again
    "conf/all/rp_filter": 0,  # answers come another way than they are sent
    "conf/default/rp_filter": 0,
    f"conf/{DEVICE}/rp_filter": 0,
}
HEADERS_BYTES = 66
"""[bytes] Ethernet, IPv4 and TCP with time stamps: not counted, as a plan's rates are for payloads."""
BURST_BYTES = 2 * 1514
"""[bytes] that a link may send at once after a pause: the least that tbf can serve packets with."""
QUEUE_BYTES = 1 << 28
"""[bytes] that may wait for a link; none may be dropped, TCP would slow down."""
NETEM_PACKETS = 1_000_000
MAX_VISITS = 250


class NoNamespaces:
    """All visits in this process's own network."""

    def __enter__(self) -> Self:
        """Nothing to build."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to take down."""

    def command(self, number: int) -> list[str]:
        """What goes before the command of a visit."""
        return []

    def environment(self) -> Mapping[str, str]:
        """What is added to a visit's environment."""
        return {}


class Namespaces(NoNamespaces):
    """The namespaces of a job, there for as long as the context is open.

    Args:
        job: whose links are shaped.

    Raises:
        InputError: on entering: there are too many visits, or the kernel or the user's rights do not do.
    """

    def __init__(self, job: Job) -> None:
        if len(job.visits) > MAX_VISITS:
            raise InputError("--links", "", f"tc is for {MAX_VISITS} visits at most (got {len(job.visits)})")
        self._job, self._hub = job, _name("hub")

    def __enter__(self) -> Self:
        """Build all of it, or nothing."""
        remove_stale()
        try:
            self._build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Take it down."""
        self._remove()

    def command(self, number: int) -> list[str]:
        """What goes before the command of a visit."""
        return ["ip", "netns", "exec", _name(number)]

    def environment(self) -> Mapping[str, str]:
        """What is added to a visit's environment."""
        return {"GLOO_SOCKET_IFNAME": DEVICE}

    def _build(self) -> None:
        _run("ip", "netns", "add", self._hub)
        _run("ip", "-n", self._hub, "link", "add", "bridge", "type", "bridge")
        _run("ip", "-n", self._hub, "link", "set", "bridge", "up")
        for number in range(len(self._job.visits)):
            self._add(number)
        for number, visit in enumerate(self._job.visits):
            if visit.hop is not None:
                self._join(number, visit.hop)

    def _add(self, number: int) -> None:
        """A visit's namespace, on the bridge."""
        name, port = _name(number), f"port{number}"
        _run("ip", "netns", "add", name)
        ends = ["type", "veth", "peer", "name", port, "netns", self._hub]
        _run("ip", "-n", name, "link", "add", DEVICE, *ends)
        _run("ip", "-n", self._hub, "link", "set", port, "master", "bridge", "up")
        _run("ip", "-n", name, "address", "add", f"{address(number)}/24", "dev", DEVICE)
        for device in (DEVICE, "lo"):
            _run("ip", "-n", name, "link", "set", device, "up")
        for setting, value in KERNEL_SETTINGS.items():
            _run("ip", "netns", "exec", name, "sh", "-c", f"echo {value} > /proc/sys/net/ipv4/{setting}")

    def _join(self, number: int, hop: Hop) -> None:
        """The link to the next visit; what that one answers goes over the bridge."""
        name, target = _name(number), _name(number + 1)
        # packets as they are on a wire: tbf would take several joined ones for one
        ends = ["gso_max_segs", "1", "type", "veth", "peer", "name", INCOMING, "netns", target]
        _run("ip", "-n", name, "link", "add", OUTGOING, *ends)
        _run("ip", "-n", target, "link", "set", INCOMING, "up")
        _run("ip", "-n", name, "link", "set", OUTGOING, "up")
        way = ["dev", OUTGOING, "src", address(number)]
        _run("ip", "-n", name, "route", "add", f"{address(number + 1)}/32", *way)
        add = ["tc", "-n", name, "qdisc", "add", "dev", OUTGOING]
        _run(*add, "root", "handle", "1:", *rate_words(hop))
        if self._job.links == "tc":
            _run(*add, "parent", "1:1", "handle", "2:", *latency_words(hop))

    def _remove(self) -> None:
        for name in (*(_name(number) for number in range(len(self._job.visits))), self._hub):
            _delete(name)


def rate_words(hop: Hop) -> list[str]:
    """What `tc` is told of a link's rate; the payload's bytes count, as the plan's problem says them."""
    rate_bps = round(hop.rate_bps / hop.byte_scale)
    sizes = ["stab", "overhead", str(-HEADERS_BYTES)]
    return [*sizes, "tbf", "rate", f"{rate_bps}bit", "burst", str(BURST_BYTES), "limit", str(QUEUE_BYTES)]


def latency_words(hop: Hop) -> list[str]:
    """What `tc` is told of a link's latency."""
    return ["netem", "delay", f"{round(1e6 * hop.latency_s)}us", "limit", str(NETEM_PACKETS)]


def address(number: int) -> str:
    """A visit's address among the namespaces."""
    return f"10.77.0.{number + 1}"


def links_by(who: Literal["sender", "tc"], note: Callable[[str], None]) -> Links:
    """How links are shaped, where somebody is asked to.

    Args:
        who: is asked.
        note: told where the kernel cannot do all of it.

    Raises:
        InputError: namespaces or `tc` cannot be used here.
    """
    if who == "sender":
        return "sender"
    if has_netem():
        return "tc"
    note("the kernel has no netem: receivers hold payloads for the links' latencies")
    return "tbf"


def has_netem() -> bool:
    """Whether the kernel can delay packets.

    Raises:
        InputError: namespaces or `tc` cannot be used here.
    """
    probe = _name("probe")
    _run("ip", "netns", "add", probe)
    try:
        add = ["tc", "-n", probe, "qdisc", "add", "dev", "lo", "root"]
        _run(*add, "tbf", "rate", "1mbit", "burst", str(BURST_BYTES), "limit", str(QUEUE_BYTES))
        _run("tc", "-n", probe, "qdisc", "del", "dev", "lo", "root")
        try:
            _run(*add, "netem", "delay", "1ms")
        except InputError:
            return False
        return True
    finally:
        _delete(probe)


def remove_stale() -> None:
    """Take down what processes that are no more have left."""
    with contextlib.suppress(InputError):
        for line in _run("ip", "netns", "list").splitlines():
            found = re.match(rf"{PREFIX}-(\d+)-\w+", line)
            if found and not Path(f"/proc/{found[1]}").exists():
                _delete(found[0])


def _name(what: int | str) -> str:
    return f"{PREFIX}-{os.getpid()}-{what}"


def _delete(name: str) -> None:
    with contextlib.suppress(InputError):  # it may not have been made
        _run("ip", "netns", "delete", name)


def _run(*command: str) -> str:
    """Output of a command.

    Raises:
        InputError: it is not installed, or fails.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise InputError("--links", "", f"tc needs the command {command[0]!r}: {error.strerror}") from None
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise InputError("--links", "", f"tc cannot be used here: {' '.join(command)}: {said}")
    return done.stdout
